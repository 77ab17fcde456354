"""What a detector concludes: a score with what it rests on, or why there is none."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from analysis.engine.types.reasons import Reason


class Band(StrEnum):
    """Where a score lies in the calibration of its detector version."""

    STRONG = "strong_signs"
    SOME = "some_signs"
    NONE = "no_signs"
    UNCALIBRATED = "uncalibrated"


@dataclass(frozen=True)
class Coverage:
    """How much was scored of what was looked at; `unit` is "frames", "windows", "images" or "blocks".

    decisive: how many of the scored the score itself rests on, when not on all. left_out: in how many of the
    sampled something was refused, by reason, although something else in them may have been scored.
    """

    scored: int
    sampled: int
    unit: str = "frames"
    decisive: int | None = None
    left_out: tuple[tuple[Reason, int], ...] = ()


@dataclass(frozen=True)
class Verdict:
    """A detector's score with where it lies and what it rests on."""

    score: float
    coverage: Coverage
    band: Band = Band.UNCALIBRATED
    facts: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class NotAssessed:
    """Why there is no score. `facts` may hold what was found all the same, never a score."""

    reason: Reason
    detail: str
    facts: Mapping[str, Any] = field(default_factory=dict)


Assessment = Verdict | NotAssessed
