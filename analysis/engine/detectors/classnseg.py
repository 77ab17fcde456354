"""ClassNSeg over the faces of a picture or video, after Nguyen et al. (2019).

The published net (analysis/engine/nets/classnseg.py) decides by which half of its latent features is more active,
and draws a mask of what it takes for altered. The score is the published softmax of the two halves' mean activity
at the altered one, which rarely leaves 0.2 to 0.8; 0.5 is the net's own decision. Ours differs: faces come from
our finder with our margin, scores are averaged per face track instead of over the frames of a video, and the mask
is drawn only for the faces with the highest scores, where the net decided for altered.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from analysis.engine.catalogue import CATALOGUE
from analysis.engine.detectors.base import Card, Detector
from analysis.engine.detectors.evidence import contact_sheet
from analysis.engine.detectors.face_session import FaceSession, Shown, measured_batch
from analysis.engine.plots import Map
from analysis.engine.types import Consumes, EvidenceMade, FaceCrop, MediaKind, Pixels, Source
from analysis.engine.weights import WeightStore

if TYPE_CHECKING:
    from torch import Tensor

ALTERED = 0.5  # the authors' threshold, of the two halves and of the mask's pixels
MAP_SIDE = 32
RED = np.array([226, 60, 60], np.float32)
TITLES = {"classnseg": "ClassNSeg", "classnseg-finetune": "ClassNSeg (fine-tuned)"}
TRAINED_ON = {
    "classnseg": "the Face2Face reenactments of FaceForensics",
    "classnseg-finetune": "the Face2Face reenactments of FaceForensics, fine-tuned on a few others",
}
# bench/accuracy.py; docs/detectors.md says on what
MEASURED = {
    "classnseg": "Own first look, 7 manipulated and 19 genuine files (N = 26): AUC 0.55, 95 % interval 0.29 to 0.79; "
    "1 genuine one scored 0.5 or more.",
    "classnseg-finetune": "Own first look, 7 manipulated and 19 genuine files (N = 26): AUC 0.46, 95 % interval 0.19 "
    "to 0.73; 10 genuine ones scored 0.5 or more.",
}
Mask = NDArray[np.float32]


def cards() -> list[Card]:
    """The two cards: the net as trained, and as fine-tuned."""
    return [_card(name) for name in TITLES]


def _keys(name: str) -> tuple[str, str]:
    training = "finetune" if name.endswith("finetune") else "full"
    return f"classnseg-{training}-encoder", f"classnseg-{training}-decoder"


def _card(name: str) -> Card:
    encoder, decoder = (CATALOGUE[key] for key in _keys(name))
    return Card(
        name=name,
        title=TITLES[name],
        version="1.0",
        family="classnseg",
        subject="face",
        consumes=Consumes.FACES,
        kinds=frozenset({MediaKind.VIDEO, MediaKind.IMAGE}),
        unit="frames",
        looks_at=f"Each face at 256 x 256 pixels, as learnt from {TRAINED_ON[name]}; says where in the face.",
        cannot_see="Faces under the size and sharpness gate, wholly generated faces, newer face swaps, edits outside "
        "the face, manipulated sound. Its mask is a guess of the same net, no second witness.",
        paper=encoder.paper,
        licence=encoder.licence,
        accuracy=f"{MEASURED[name]} No calibration yet.",
        preprocessing="Square face crop, 256 x 256 bilinear, RGB / 255, ImageNet mean and deviation.",
        weights=encoder.file,
        weights_sha256=encoder.sha256,
        links=("https://arxiv.org/abs/1906.06876",),
        by_default=False,
        further_weights=(decoder.file,),
    )


def make(name: str, weights: WeightStore, device: str) -> Detector:
    """One of the two detectors, loaded; raises UnverifiedWeights when one of its files is missing or another."""
    encoder, decoder = (weights.path(key) for key in _keys(name))
    return ClassNSeg(_card(name), encoder, decoder, device)


class ClassNSeg:
    """The loaded net; shared by the runs of a worker."""

    def __init__(self, card: Card, encoder: Path, decoder: Path, device: str) -> None:
        import torch

        from analysis.engine.nets import classnseg
        from analysis.engine.nets.rates.forward import Forward
        from analysis.engine.nets.rates.ways import in_layout

        self.card = card
        net = in_layout(classnseg.load(encoder, decoder).to(device), torch.channels_last)
        self.decoder = net.decoder
        self.encoder = Forward(
            card.name,
            net.encoder,
            weights_sha256=card.weights_sha256 or "",
            shape=(3, classnseg.FACE_SIDE, classnseg.FACE_SIDE),
            span=(-2.1, 2.6),
            read=lambda latent: torch.softmax(classnseg.activity(latent), dim=1),
            device=device,
        )
        self.forwards = (self.encoder,)

    def open(self, source: Source) -> "ClassNSegSession":
        return ClassNSegSession(self.card, source.sample_fps, batch=measured_batch(self), detector=self)

    def score(self, crops: Sequence[Pixels]) -> list[float]:
        """The softmax at the altered half for each uint8 RGB crop of any size; 1 means manipulated."""
        import torch

        from analysis.engine.nets.classnseg import activity

        with torch.inference_mode():
            altered = torch.softmax(activity(self._latent(crops)), dim=1)[:, 0]
        return [float(value) for value in altered.cpu()]

    def masks(self, crops: Sequence[Pixels]) -> list[Mask]:
        """How altered the net takes each pixel of the crops for, float32 (256, 256) in 0..1."""
        import torch

        from analysis.engine.nets.classnseg import selected

        with torch.inference_mode():
            return [self.decoder.mask(selected(self._latent([crop])))[0].cpu().numpy() for crop in crops]

    def _latent(self, crops: Sequence[Pixels]) -> "Tensor":
        import torch

        from analysis.engine.nets.classnseg import MEAN, STD

        unit = np.stack([_resized(crop) for crop in crops]).astype(np.float32) / np.float32(255)
        normal = (unit - np.array(MEAN, np.float32)) / np.array(STD, np.float32)
        return self.encoder(torch.from_numpy(normal).permute(0, 3, 1, 2))


def _resized(crop: Pixels) -> Pixels:
    import cv2

    from analysis.engine.nets.classnseg import FACE_SIDE

    return np.asarray(cv2.resize(crop, (FACE_SIDE, FACE_SIDE), interpolation=cv2.INTER_LINEAR), np.uint8)


@dataclass
class ClassNSegSession(FaceSession):
    """The faces of one run; `masks` are of the shown faces that the net decided were altered."""

    detector: ClassNSeg = field(kw_only=True)
    masks: list[tuple[Shown, Mask]] = field(default_factory=list)

    def scores_of(self, faces: Sequence[FaceCrop]) -> list[float]:
        return self.detector.score([face.rgb for face in faces])

    def facts(self, best_track: int) -> dict[str, Any]:
        altered = [shown for shown in self.shown if shown.score > ALTERED]
        self.masks = list(zip(altered, self.detector.masks([s.crop.rgb for s in altered]), strict=True))
        _, decoder = (CATALOGUE[key] for key in _keys(self.card.name))
        return super().facts(best_track) | {
            "further_weights": {decoder.file: decoder.sha256},
            "mask": _mapped(*self.masks[0]) if self.masks else None,
        }

    def evidence(self) -> Iterable[EvidenceMade]:
        if not self.shown:
            return []
        caption = (
            "The face crops with the highest detector scores (1 = manipulated), as the net saw them, each with its "
            "media time and score."
        )
        if self.masks:
            caption += (
                " Red, beside those it decided were altered: the pixels the same net takes for altered. The mask is "
                "its guess and may be wrong, also where the score is right."
            )
        sheet = contact_sheet(self._tiles(), tile_side=160, columns=4 if self.masks else 3)
        title = "Highest scoring faces and masks"
        return [EvidenceMade(self.card.name, "mask", title, caption, "image/png", sheet, self._map())]

    def _map(self) -> Map | None:
        """The mask of the highest scoring face over its frame; None where there is none to lay over anything."""
        shown, mask = self.masks[0] if self.masks else (None, None)
        if shown is None or mask is None or shown.crop.region is None:
            return None
        rows = [[float(share) for share in row] for row in _percent(mask)]
        label = f"face {shown.crop.track}, detector score {shown.score:.2f}"
        return Map(
            "share of the cell the net takes for altered",
            rows,
            "%",
            region=shown.crop.region,
            pts_seconds=shown.crop.pts_seconds,
            marks=[(shown.crop.box, label)],
        )

    def _tiles(self) -> list[tuple[Pixels, str]]:
        tiles = []
        masks = {id(shown): mask for shown, mask in self.masks}
        for shown in self.shown:
            face = _resized(shown.crop.rgb)
            tiles.append((face, f"{shown.crop.pts_seconds:.2f} s   {shown.score:.3f}"))
            if (mask := masks.get(id(shown))) is not None:
                tiles.append((_reddened(face, mask), f"mask: {100 * _share(mask):.0f} % of the crop"))
        return tiles


def _share(mask: Mask) -> float:
    return float((mask >= ALTERED).mean())


def _reddened(face: Pixels, mask: Mask) -> Pixels:
    """The face with the mask's pixels tinted red."""
    tint = np.where(mask >= ALTERED, np.float32(0.55), np.float32(0))[..., None]
    return np.asarray(face * (1 - tint) + RED * tint, np.uint8)


def _percent(mask: Mask) -> list[list[int]]:
    """How much of each cell of a coarse map the net takes for altered."""
    step = len(mask) // MAP_SIDE
    coarse = mask.reshape(MAP_SIDE, step, MAP_SIDE, step).mean(axis=(1, 3))
    rows: list[list[int]] = np.rint(100 * coarse).astype(int).tolist()
    return rows


def _mapped(shown: Shown, mask: Mask) -> dict[str, Any]:
    """The mask of one face for the record, as a coarse map in percent."""
    return {
        "of": "the square crop of the face with the highest score",
        "pts_seconds": shown.crop.pts_seconds,
        "track": shown.crop.track,
        "face_box": list(shown.crop.box),
        "region": list(shown.crop.region) if shown.crop.region else None,
        "score": round(shown.score, 6),
        "share_altered": round(_share(mask), 6),
        "percent_altered": _percent(mask),
    }
