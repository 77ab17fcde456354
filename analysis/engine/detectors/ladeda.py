"""Tiny-LaDeDa over whole pictures, after Cavia et al. (2024): whether a picture was generated.

For local evaluation only: the weights are under a research licence. The score is the sigmoid of the net's logit,
on the picture squeezed to 256 x 256 as published; the verdict of a video is the mean of the highest third of its
frames. Our net was never compared with the original's output, as nobody has published one.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image

from analysis.engine.catalogue import CATALOGUE
from analysis.engine.detectors.base import Attention, Card, Detector, Piece
from analysis.engine.detectors.evidence import contact_sheet
from analysis.engine.detectors.explaining import rgb_of
from analysis.engine.types import (
    Assessment,
    Batch,
    Consumes,
    Coverage,
    EvidenceMade,
    Frame,
    FrameBatch,
    MediaKind,
    NotAssessed,
    Pixels,
    Reason,
    ScorePoint,
    ScoresMeasured,
    Source,
    Verdict,
)
from analysis.engine.weights import WeightStore

if TYPE_CHECKING:
    from torch import Tensor

MIN_SIDE = 128
SIDE = 256
HIGHEST_SHARE = 1 / 3
REDUCING_GAP = 3.0  # huge pictures are halved first, which moves no pixel by more than a level or two
WEIGHTS = {"tiny-ladeda": "tiny-ladeda-wildrf", "tiny-ladeda-forensynth": "tiny-ladeda-forensynth"}
TRAINED_ON = {
    "tiny-ladeda": "WildRF, pictures from social networks",
    "tiny-ladeda-forensynth": "ForenSynth, ProGAN pictures",
}

MEASURED = {
    "tiny-ladeda": "Own first look, 11 manipulated and 24 genuine files (N = 35): AUC 0.41, 95 % interval 0.21 to "
    "0.62; 8 genuine ones scored 0.5 or more.",
    "tiny-ladeda-forensynth": "Own first look, 7 manipulated and 15 genuine stills (N = 22): AUC 0.68, 95 % interval "
    "0.39 to 0.93; 2 genuine ones scored 0.5 or more.",
}


def cards() -> list[Card]:
    """The two cards: one net, with the weights of two training sets."""
    return [_card(name) for name in WEIGHTS]


def _card(name: str) -> Card:
    published = CATALOGUE[WEIGHTS[name]]
    return Card(
        name=name,
        title=published.title,
        version="1.0",
        family="ladeda",
        subject="picture",
        consumes=Consumes.FRAMES,
        kinds=frozenset({MediaKind.VIDEO, MediaKind.IMAGE}),
        unit="frames",
        looks_at=f"Differences of neighbouring pixels in the picture squeezed to 256 x 256, as learnt from "
        f"{TRAINED_ON[name]}.",
        cannot_see="Small edits, face swaps, pictures under 128 px, generators newer than its training, and what "
        "scaling down to 256 px removes. Pictures of more than 256 px are judged on what is left of them.",
        paper=published.paper,
        licence=published.licence,
        accuracy=f"{MEASURED[name]} Never compared with the original's output. No calibration yet.",
        preprocessing="Whole picture squeezed to 256 x 256, RGB / 255, ImageNet mean and deviation.",
        weights=published.file,
        weights_sha256=published.sha256,
        links=("https://arxiv.org/abs/2406.09398",),
        by_default=False,
        explains=True,
    )


def make(name: str, weights: WeightStore, device: str) -> Detector:
    """One of the two detectors, loaded; raises UnverifiedWeights when its file is missing or another."""
    return LaDeDa(_card(name), weights.path(WEIGHTS[name]), device)


class LaDeDa:
    """The loaded net; shared by the runs of a worker."""

    def __init__(self, card: Card, path: Path, device: str) -> None:
        import torch

        from analysis.engine.nets import ladeda
        from analysis.engine.nets.rates.forward import Forward

        self.card = card
        residuals = card.name.endswith("forensynth")
        differences = ladeda.neighbour_residuals if residuals else ladeda.diagonal_gradients
        self.net = Forward(
            card.name,
            ladeda.load(differences, path),
            weights_sha256=card.weights_sha256 or "",
            shape=(3, SIDE, SIDE),
            span=(-2.1, 2.6),
            read=torch.sigmoid,
            device=device,
            batches=(1,),
        )
        self.forwards = (self.net,)

    def open(self, source: Source) -> "LaDeDaSession":
        return LaDeDaSession(self)

    def score(self, rgb: Pixels) -> float:
        """Sigmoid of the logit of a uint8 RGB picture of any size; 1 means generated."""
        import torch

        logit = self.net(self._input(rgb))
        return float(torch.sigmoid(logit)[0])

    def explain(self, piece: Piece) -> Attention:
        """Of one frame."""
        from analysis.engine.nets import attention

        rgb = rgb_of(piece)
        values, method = attention.over_picture(
            self.net.eager, self._input(rgb).to(self.net.device), lambda out: out
        )
        return Attention(values, _squeezed(rgb), method)

    def _input(self, rgb: Pixels) -> "Tensor":
        import torch

        from analysis.engine.nets.ladeda import MEAN, STD

        normal = (
            _squeezed(rgb).astype(np.float32) / np.float32(255) - np.array(MEAN, np.float32)
        ) / np.array(STD, np.float32)
        return torch.from_numpy(normal)[None].permute(0, 3, 1, 2)


def _squeezed(rgb: Pixels) -> Pixels:
    small = Image.fromarray(rgb).resize(
        (SIDE, SIDE), Image.Resampling.BILINEAR, reducing_gap=REDUCING_GAP if max(rgb.shape) > 8192 else None
    )
    return np.asarray(small)


@dataclass
class LaDeDaSession:
    """The pictures of one run; keeps the scores and a small copy of the highest picture only."""

    detector: LaDeDa
    sampled: int = 0
    scores: list[float] = field(default_factory=list)
    refusals: Counter[Reason] = field(default_factory=Counter)
    highest: tuple[float, float, Pixels] | None = None

    def feed(self, batch: Batch) -> Iterator[ScoresMeasured]:
        if isinstance(batch, FrameBatch):
            for frame in batch.frames:
                yield ScoresMeasured(self.detector.card.name, (self._point(frame),))

    def _point(self, frame: Frame) -> ScorePoint:
        self.sampled += 1
        if min(frame.rgb.shape[:2]) < MIN_SIDE:
            self.refusals[Reason.OUTSIDE_DOMAIN] += 1
            return ScorePoint(frame.pts_seconds, None, reason=Reason.OUTSIDE_DOMAIN)
        score = self.detector.score(frame.rgb)
        self.scores.append(score)
        if self.highest is None or score > self.highest[0]:
            self.highest = (score, frame.pts_seconds, _squeezed(frame.rgb))
        return ScorePoint(frame.pts_seconds, score)

    def drain(self) -> tuple[ScoresMeasured, ...]:
        return ()

    def finish(self) -> Assessment:
        if not self.scores:
            return NotAssessed(Reason.OUTSIDE_DOMAIN, f"the picture is smaller than {MIN_SIDE} px")
        highest = sorted(self.scores, reverse=True)
        kept = highest[: max(1, round(len(highest) * HIGHEST_SHARE))]
        coverage = Coverage(len(self.scores), self.sampled, "frames")
        return Verdict(sum(kept) / len(kept), coverage, facts=self._facts())

    def _facts(self) -> dict[str, Any]:
        return {"mean_of_all_frames": round(sum(self.scores) / len(self.scores), 6)}

    def evidence(self) -> Iterable[EvidenceMade]:
        if self.highest is None:
            return []
        score, pts_seconds, picture = self.highest
        caption = "The picture with the highest detector score (1 = generated), as the net saw it."
        sheet = contact_sheet([(picture, f"{pts_seconds:.2f} s   {score:.3f}")], tile_side=SIDE)
        name = self.detector.card.name
        return [EvidenceMade(name, "picture", "Highest scoring picture", caption, "image/png", sheet)]
