"""Meso-4 and MesoInception-4 over the faces of a picture or video, after Afchar et al. (2018).

The published nets (analysis/engine/nets/mesonet.py) score each face crop; like the paper's section IV.C we
average per video, but per face track, and the verdict is the highest of the tracks that were seen often
enough: one swapped face among several must not be averaged away. Ours differs: frames without a usable
face are left out instead of scored, and the score is 1 - sigmoid, so that 1 means manipulated.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from analysis.engine.catalogue import CATALOGUE
from analysis.engine.detectors.base import Attention, Card, Detector, Piece
from analysis.engine.detectors.evidence import contact_sheet
from analysis.engine.detectors.explaining import rgb_of
from analysis.engine.detectors.face_session import FaceSession, measured_batch
from analysis.engine.types import Consumes, EvidenceMade, FaceCrop, MediaKind, Source
from analysis.engine.weights import WeightStore

if TYPE_CHECKING:
    from torch import Tensor

TITLES = {
    "meso4": "Meso-4 (DeepFakes)",
    "meso4-f2f": "Meso-4 (Face2Face)",
    "mesoinception4": "MesoInception-4 (DeepFakes)",
    "mesoinception4-f2f": "MesoInception-4 (Face2Face)",
}
PUBLISHED = (
    "Published: more than 98 % of DeepFakes and 95 % of Face2Face videos told right, on the authors' own test sets, "
    "averaged per video."
)
# manage.py evaluate; docs/detectors.md says on what
MEASURED = {
    "meso4": "Own first look, 7 manipulated and 19 genuine files (N = 26): AUC 0.77, 95 % interval 0.50 to 0.97; "
    "4 genuine ones scored 0.5 or more.",
    "mesoinception4": "Own first look, 7 manipulated and 19 genuine files (N = 26): AUC 0.78, 95 % interval 0.53 to "
    "0.97; 3 genuine ones scored 0.5 or more.",
}
WEIGHTS = {
    "meso4": "meso4-df",
    "meso4-f2f": "meso4-f2f",
    "mesoinception4": "mesoinception4-df",
    "mesoinception4-f2f": "mesoinception4-f2f",
}


def cards() -> list[Card]:
    """The four cards: two architectures, each with the DeepFakes and the Face2Face weights."""
    return [_card(name) for name in TITLES]


def _card(name: str) -> Card:
    published = CATALOGUE[WEIGHTS[name]]
    trained_on = "Face2Face" if name.endswith("f2f") else "early DeepFakes (2018)"
    return Card(
        name=name,
        title=TITLES[name],
        version="1.0",
        family="mesonet",
        subject="face",
        consumes=Consumes.FACES,
        kinds=frozenset({MediaKind.VIDEO, MediaKind.IMAGE}),
        unit="frames",
        looks_at=f"Mesoscopic texture of each face, as learnt from {trained_on} at 256 x 256 pixels.",
        cannot_see="Faces under the size and sharpness gate, wholly generated pictures, newer face swaps, "
        "edits outside the face, manipulated sound.",
        paper=published.paper,
        licence=published.licence,
        accuracy=f"{PUBLISHED} {MEASURED.get(name, 'No own measurement.')} No calibration yet.",
        preprocessing="Square face crop, RGB / 255, 256 x 256 bilinear.",
        weights=published.file,
        weights_sha256=published.sha256,
        links=("https://arxiv.org/abs/1809.00888",),
        by_default=not name.endswith("f2f"),
        explains=True,
    )


def make(name: str, weights: WeightStore, device: str) -> Detector:
    """One of the four detectors, loaded; raises UnverifiedWeights when its file is missing or another."""
    return Meso(_card(name), weights.path(WEIGHTS[name]), device)


class Meso:
    """One of the four nets, loaded; shared by the runs of a worker."""

    def __init__(self, card: Card, path: Path, device: str) -> None:
        import torch

        from analysis.engine.nets import mesonet
        from analysis.engine.nets.rates.forward import Forward

        build = mesonet.mesoinception4 if card.name.startswith("mesoinception4") else mesonet.meso4
        self.card = card
        self.net = Forward(
            card.name,
            mesonet.load_keras(build(), path),
            weights_sha256=card.weights_sha256 or "",
            shape=(3, mesonet.FACE_SIDE, mesonet.FACE_SIDE),
            span=(0.0, 1.0),
            read=torch.sigmoid,
            device=device,
        )
        self.forwards = (self.net,)

    def open(self, source: Source) -> "MesoSession":
        return MesoSession(self.card, source.sample_fps, batch=measured_batch(self), score=self.score)

    def score(self, crops: list[np.ndarray]) -> list[float]:
        """1 - sigmoid of each uint8 RGB crop of any size; 1 means manipulated."""
        import torch

        genuine = torch.sigmoid(self.net(_to_tensor(crops)))
        return [float(value) for value in (1 - genuine).cpu()]

    def explain(self, piece: Piece) -> Attention:
        """Of one face."""
        from analysis.engine.nets import attention

        crop = rgb_of(piece)
        given = _to_tensor([crop]).to(self.net.device)
        values, method = attention.over_picture(self.net.eager, given, lambda out: -out)
        return Attention(values, crop, method)


def _to_tensor(crops: list[np.ndarray]) -> "Tensor":
    import cv2
    import torch

    from analysis.engine.nets.mesonet import FACE_SIDE

    # per-crop resizing, not a torch batch: crops differ in size, and the published chain resizes uint8
    faces = np.stack(
        [cv2.resize(crop, (FACE_SIDE, FACE_SIDE), interpolation=cv2.INTER_LINEAR) for crop in crops]
    )
    return torch.from_numpy(faces).permute(0, 3, 1, 2).float().div_(255)


@dataclass
class MesoSession(FaceSession):
    """The faces of one run."""

    score: Callable[[list[np.ndarray]], list[float]] = field(kw_only=True)

    def scores_of(self, faces: Sequence[FaceCrop]) -> list[float]:
        return self.score([face.rgb for face in faces])

    def evidence(self) -> Iterable[EvidenceMade]:
        if not self.shown:
            return []
        tiles = [(s.crop.rgb, f"{s.crop.pts_seconds:.2f} s   {s.score:.3f}") for s in self.shown]
        caption = (
            "The face crops with the highest detector scores (1 = manipulated), as the net saw them, "
            "each with its media time and score."
        )
        sheet = contact_sheet(tiles, tile_side=160)
        return [EvidenceMade(self.card.name, "faces", "Highest scoring faces", caption, "image/png", sheet)]
