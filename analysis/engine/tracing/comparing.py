"""Whether a score that was computed once more is the one on record, and if not, what has changed since."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

# Largest difference of any net here between two CPUs' ways of adding, or CPU and GPU, is some 1e-5 (docs/weights.md).
TOLERANCE_ELSEWHERE = 1e-3
# What is left of a difference of two decimals after binary rounding.
EPSILON = 1e-12


class Comparison(StrEnum):
    """equal: no difference at all. within_tolerance: another machine, and no more than that explains.
    different: more. changed: something else was computed, so the scores need not agree. absent: no score now."""

    EQUAL = "equal"
    WITHIN = "within_tolerance"
    DIFFERENT = "different"
    CHANGED = "changed"
    ABSENT = "absent"


@dataclass(frozen=True)
class Compared:
    """difference: now minus then, at the precision on record; None without a score. tolerance: what was allowed."""

    name: Comparison
    sentence: str
    difference: float | None
    tolerance: float


def compare(
    recorded: float,
    score: float | None,
    *,
    digits: int | None = None,
    changed: Sequence[str] = (),
    elsewhere: Sequence[str] = (),
    abstained: str = "",
) -> Compared:
    """digits: to how many decimals the record was rounded, None where it was not.

    changed: what makes it another examination. elsewhere: what only makes numbers add up in another order.
    """
    tolerance = TOLERANCE_ELSEWHERE if elsewhere else 0.0
    if score is None:
        sentence = f"There is no score to compare now: {abstained}. On record stands {recorded:.6g}."
        return Compared(Comparison.ABSENT, _with(changed, sentence), None, tolerance)
    difference = _difference(recorded, score, digits)
    now = f"{recorded:.6f} on record, {score:.6f} now"
    if changed:
        return Compared(
            Comparison.CHANGED, _with(changed, f"No claim of equality: {now}."), difference, tolerance
        )
    if difference == 0:
        return Compared(Comparison.EQUAL, f"The same value: {now}, difference 0.", difference, tolerance)
    if abs(difference) <= tolerance:
        sentence = f"Within {tolerance:g}, as computed elsewhere: {now}, difference {difference:.2e}."
        return Compared(Comparison.WITHIN, sentence, difference, tolerance)
    sentence = f"NOT the same value: {now}, difference {difference:.2e}; {tolerance:g} is allowed."
    return Compared(Comparison.DIFFERENT, sentence, difference, tolerance)


def _difference(recorded: float, score: float, digits: int | None) -> float:
    now = score if digits is None else round(score, digits)
    difference = now - recorded
    return 0.0 if digits is not None and abs(difference) < EPSILON else difference


def _with(changed: Sequence[str], sentence: str) -> str:
    return " ".join([*changed, sentence])
