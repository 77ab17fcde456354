"""The mark from which a score without a band counts as raised: its calibration's own where it has one, else 0.5."""

from collections.abc import Mapping
from typing import Any

from analysis.engine.types import Band, Verdict

UNCALIBRATED_MARK = 0.5


def limited(verdict: Verdict) -> bool:
    """Whether it has a calibration that does not carry this file: a low score then says nothing."""
    return (
        verdict.band is Band.UNCALIBRATED and "cuts" in _told(verdict) and bool(_told(verdict).get("limited"))
    )


def raised(verdict: Verdict) -> bool:
    """Whether a score without a band lies at its mark or above."""
    mark = _told(verdict)["cuts"]["strong_signs"] if limited(verdict) else UNCALIBRATED_MARK
    return verdict.band is Band.UNCALIBRATED and verdict.score >= mark


def cuts_of(verdict: Verdict) -> Mapping[str, float] | None:
    """The cuts of the calibration that was looked at for it; None without one that may be used."""
    cuts = _told(verdict).get("cuts")
    return cuts if isinstance(cuts, Mapping) else None


def _told(verdict: Verdict) -> Mapping[str, Any]:
    told = verdict.facts.get("calibration")
    return told if isinstance(told, Mapping) else {}
