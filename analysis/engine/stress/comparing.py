"""Compares what detectors said of a file with what they say of an altered copy of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from analysis.engine import marks
from analysis.engine.banding import banded
from analysis.engine.calibration import Calibration
from analysis.engine.detectors.base import Card
from analysis.engine.fusion import conclude
from analysis.engine.stress import wording
from analysis.engine.stress.variants import Variant
from analysis.engine.types import (
    Assessment,
    Compared,
    Condition,
    DetectorEnded,
    OutcomeName,
    VariantEnded,
    Verdict,
)


@dataclass(frozen=True)
class Baseline:
    """What copies are compared with: the endings of those who scored the unaltered file, or portion.

    outcome: of the run, which is what a copy puts to the test. short: why all of these endings together come to
    another one; empty where they do not.
    """

    endings: Mapping[str, DetectorEnded]
    cards: Mapping[str, Card]
    calibrations: Mapping[str, Calibration]
    outcome: OutcomeName
    short: str = ""

    def compare(
        self, variant: Variant, altered: Mapping[str, DetectorEnded], *, seconds: float
    ) -> VariantEnded:
        """What came of the copy.

        Scores of the copy are placed as if the unaltered file had got them: a calibration that does not carry the
        copy's condition would otherwise look like a score that moved.
        """
        pairs = [
            (before, self._placed(before, altered[name].assessment))
            for name, before in self.endings.items()
            if name in altered
        ]
        compared = tuple(_compared(before, after) for before, after in pairs)
        both = [(before, after) for before, after in pairs if isinstance(after, Verdict)]
        outcome = _outcomes(both) if both else None
        flipped = any(one.crossed for one in compared) or (
            outcome is not None and outcome[0] is not outcome[1]
        )
        untested = outcome is not None and not flipped and outcome[0] is not self.outcome
        return VariantEnded(
            variant.name,
            variant.title,
            variant.after,
            compared,
            outcome=outcome,
            flipped=flipped,
            tested=not untested,
            detail=(self.short or wording.UNSCORED) if untested else "",
            seconds=seconds,
        )

    def _placed(self, before: DetectorEnded, after: Assessment) -> Assessment:
        card = self.cards[before.detector]
        condition = before.condition or Condition()
        return banded(card, after, self.calibrations.get(card.name), condition)


def _compared(before: DetectorEnded, after: Assessment) -> Compared:
    verdict = _verdict(before)
    crossed = isinstance(after, Verdict) and side(verdict, verdict.score) != side(verdict, after.score)
    return Compared(before.detector, before.title or before.detector, verdict.score, after, crossed)


def side(verdict: Verdict, score: float) -> int:
    """On which side of the marks that count for this verdict a score lies: 0 is the lowest."""
    cuts = marks.cuts_of(verdict)
    if cuts is None:
        return int(score >= marks.UNCALIBRATED_MARK)
    if marks.limited(verdict):
        return int(score >= cuts["strong_signs"])
    return int(score >= cuts["no_signs"]) + int(score >= cuts["strong_signs"])


def _outcomes(both: Sequence[tuple[DetectorEnded, Assessment]]) -> tuple[OutcomeName, OutcomeName]:
    """What those who scored both would say together of the one and of the other."""
    before = conclude([ending for ending, _ in both])
    after = conclude([replace(ending, assessment=said) for ending, said in both])
    return before.name, after.name


def _verdict(ending: DetectorEnded) -> Verdict:
    if not isinstance(ending.assessment, Verdict):
        raise TypeError(f"{ending.detector} gave no score to compare with")
    return ending.assessment
