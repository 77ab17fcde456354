"""Feeds sound to a detector as the lane does, in seconds."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from analysis.engine.detectors.base import DetectorModule
from analysis.engine.types import (
    Assessment,
    EvidenceMade,
    MediaKind,
    Probe,
    ScorePoint,
    SoundBatch,
    Source,
)
from analysis.engine.weights import WeightStore
from tests.analysis.engine.plugins import NO_WEIGHTS

SOURCE = Source(Probe(MediaKind.AUDIO, "wav"), sample_fps=0.0, expected_samples=None)
RATE_HZ = 16_000


@dataclass(frozen=True)
class Heard:
    """What came of it."""

    points: list[ScorePoint]
    assessment: Assessment
    evidence: list[EvidenceMade]

    @property
    def facts(self) -> dict[str, Any]:
        return dict(self.assessment.facts)


def listen(
    module: DetectorModule, samples: np.ndarray, *, block: int = RATE_HZ, weights: WeightStore = NO_WEIGHTS
) -> Heard:
    """The whole sound, in blocks of that many samples."""
    (card,) = module.cards()
    session = module.make(card.name, weights, "cpu").open(SOURCE)
    points = []
    for start in range(0, len(samples), block):
        batch = SoundBatch(start / RATE_HZ, samples[start : start + block].astype(np.float32))
        points += [point for measured in session.feed(batch) for point in measured.points]
    points += [point for measured in session.drain() for point in measured.points]
    return Heard(points, session.finish(), list(session.evidence()))
