"""Whether a face was filmed from a screen or a print, after Minivision's Silent-Face-Anti-Spoofing (2020).

Two published nets (analysis/engine/nets/minifasnet.py) look at the face with what is around it, one at 2.7 and one
at 4 times its box, and their softmaxes are averaged. The score is the larger of the two presented classes over the
sum of itself and the live class, so that 0.5 is where the published rule (the largest class) turns. Ours differs:
boxes come from our finder instead of theirs, and faces too close to the picture's border are left out, where nothing
of the surroundings is left to see.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import compress
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from analysis.engine.catalogue import CATALOGUE
from analysis.engine.detectors.base import Attention, Card, Detector, Piece
from analysis.engine.detectors.evidence import contact_sheet
from analysis.engine.detectors.face_session import FaceSession, measured_batch
from analysis.engine.types import (
    Batch,
    Box,
    Consumes,
    EvidenceMade,
    FaceBatch,
    FaceCrop,
    MediaKind,
    Pixels,
    Reason,
    ScoresMeasured,
    Source,
)
from analysis.engine.weights import WeightStore

if TYPE_CHECKING:
    from torch import Tensor

    from analysis.engine.nets.minifasnet import Shape
    from analysis.engine.nets.rates.forward import Forward

NAME = "minifasnet"
SCALES = {"minifasnet-v2": 2.7, "minifasnet-v1se": 4.0}
MIN_REACH = 2.0  # the authors' own sample pictures leave 2.3 times the box, for both nets


def cards() -> list[Card]:
    """The card of the pair of nets."""
    narrow, wide = (CATALOGUE[key] for key in SCALES)
    return [
        Card(
            name=NAME,
            title="MiniFASNet (filmed from a screen or print)",
            version="1.0",
            family="minifasnet",
            subject="presentation",
            consumes=Consumes.FACES,
            kinds=frozenset({MediaKind.VIDEO, MediaKind.IMAGE}),
            unit="frames",
            looks_at="Each face with what is around it, for whether the camera saw a screen or a print instead of a "
            "person. A high score says that the face was recaptured, not that it is another's or was altered.",
            cannot_see="Whether what was shown is genuine; face swaps and generated faces that were never shown to a "
            "camera; masks; faces that fill more than half the picture's width or height.",
            paper=narrow.paper,
            licence=narrow.licence,
            accuracy="Published: nothing on a public set. Own first look: the one file filmed from a print or screen "
            "scored 0.64; of 10 genuine files of persons none scored above 0.04 (N = 11). No calibration yet.",
            preprocessing="The face's box enlarged 2.7 and 4 times where the picture allows, 80 x 80 bilinear, BGR in "
            "0..255.",
            weights=narrow.file,
            weights_sha256=narrow.sha256,
            links=("https://github.com/minivision-ai/Silent-Face-Anti-Spoofing",),
            by_default=False,
            further_weights=(wide.file,),
            explains=True,
        )
    ]


def make(name: str, weights: WeightStore, device: str) -> Detector:
    """The detector, loaded; raises UnverifiedWeights when one of its files is missing or another."""
    return MiniFas(cards()[0], *(weights.path(key) for key in SCALES), device=device)


class MiniFas:
    """The two loaded nets; shared by the runs of a worker."""

    def __init__(self, card: Card, narrow: Path, wide: Path, *, device: str) -> None:
        from analysis.engine.nets import minifasnet

        self.card = card
        narrow_net = _forward("minifasnet-v2", minifasnet.V2, narrow, device)
        wide_net = _forward("minifasnet-v1se", minifasnet.V1SE, wide, device)
        self.nets = dict(zip(SCALES.values(), (narrow_net, wide_net), strict=True))
        self.forwards = (narrow_net, wide_net)

    def open(self, source: Source) -> "MiniFasSession":
        return MiniFasSession(self.card, source.sample_fps, batch=measured_batch(self), detector=self)

    def score(self, faces: Sequence[FaceCrop]) -> list[float]:
        """How much rather presented than live each face with its surroundings is; 1 means presented."""
        classes = sum(
            self._classes(scale, [face.surroundings[scale] for face in faces]) for scale in self.nets
        )
        return [_presented(each / len(self.nets)) for each in np.asarray(classes)]

    def explain(self, piece: Piece) -> Attention:
        """Of one face: what both nets saw, side by side, each with its own map."""
        from analysis.engine.nets import attention

        if not isinstance(piece, FaceCrop) or not piece.surroundings:
            raise TypeError("this detector looks at faces with their surroundings")
        pictures = [piece.surroundings[scale] for scale in self.nets]
        maps = [
            attention.over_picture(net.eager, self._input([picture]).to(net.device), _more_presented)
            for net, picture in zip(self.nets.values(), pictures, strict=True)
        ]
        values = np.concatenate([values for values, _ in maps], axis=1)
        return Attention(values, np.concatenate(pictures, axis=1), maps[0][1])

    def _input(self, pictures: Sequence[Pixels]) -> "Tensor":
        import torch

        bgr = np.stack([picture[..., ::-1] for picture in pictures]).astype(np.float32)
        return torch.from_numpy(bgr).permute(0, 3, 1, 2)

    def _classes(self, scale: float, pictures: Sequence[Pixels]) -> np.ndarray:
        import torch

        logits = self.nets[scale](self._input(pictures))
        classes: np.ndarray = torch.softmax(logits, dim=1).cpu().numpy()
        return classes


def _forward(key: str, shape: "Shape", path: Path, device: str) -> "Forward":
    import torch

    from analysis.engine.media.surroundings import SURROUNDING_SIDE
    from analysis.engine.nets import minifasnet
    from analysis.engine.nets.rates.forward import Forward

    return Forward(
        key,
        minifasnet.load(shape, path),
        weights_sha256=CATALOGUE[key].sha256,
        shape=(3, SURROUNDING_SIDE, SURROUNDING_SIDE),
        span=(0.0, 255.0),
        read=lambda logits: torch.softmax(logits, dim=1),
        device=device,
    )


def _more_presented(logits: "Tensor") -> "Tensor":
    """The log odds of the score."""
    one, live, other = logits[0]
    return one.maximum(other) - live


def _presented(classes: np.ndarray) -> float:
    one, live, other = (float(value) for value in classes)
    return max(one, other) / (max(one, other) + live)


def reach(box: Box) -> float:
    """How many times the box the picture can show around it."""
    return min(1 / (box[2] - box[0]), 1 / (box[3] - box[1]))


@dataclass
class MiniFasSession(FaceSession):
    """The faces of one run that have surroundings."""

    words: ClassVar[dict[Reason, str]] = FaceSession.words | {
        Reason.OUTSIDE_DOMAIN: "the faces leave too little of their surroundings to see"
    }
    detector: MiniFas = field(kw_only=True)

    def feed(self, batch: Batch) -> Iterator[ScoresMeasured]:
        if isinstance(batch, FaceBatch):
            yield from super().feed(_with_surroundings(batch))

    def scores_of(self, faces: Sequence[FaceCrop]) -> list[float]:
        return self.detector.score(faces)

    def facts(self, best_track: int) -> dict[str, Any]:
        _, wide = (CATALOGUE[key] for key in SCALES)
        return super().facts(best_track) | {"further_weights": {wide.file: wide.sha256}}

    def evidence(self) -> Iterable[EvidenceMade]:
        if not self.shown:
            return []
        tiles = [
            (
                shown.crop.surroundings[scale].repeat(2, 0).repeat(2, 1),
                f"{shown.crop.pts_seconds:.2f} s   {said}",
            )
            for shown in self.shown
            for scale, said in zip(SCALES.values(), (f"{shown.score:.3f}", "wider"), strict=True)
        ]
        caption = (
            "The faces with the highest detector scores (1 = filmed from a screen or print), with what is around "
            "them, as the two nets saw them, each with its media time and score."
        )
        sheet = contact_sheet(tiles, tile_side=160, columns=4)
        return [EvidenceMade(self.card.name, "faces", "Highest scoring faces", caption, "image/png", sheet)]


def _with_surroundings(batch: FaceBatch) -> FaceBatch:
    """The batch without the faces that nearly fill the picture, or came without surroundings; they are refused."""
    fit = [bool(face.surroundings) and reach(face.box) >= MIN_REACH for face in batch.faces]
    kept = tuple(compress(batch.faces, fit))
    close = tuple(compress(batch.faces, (not one for one in fit)))
    left_out = tuple((face.index, Reason.OUTSIDE_DOMAIN) for face in close)
    return replace(
        batch,
        faces=kept,
        refused={**batch.refused, **dict(left_out)},
        left_out=batch.left_out + left_out,
    )
