"""What is said of a stressed verdict, in the words of the desk, and what becomes of the outcome."""

from collections.abc import Sequence
from dataclasses import replace

from analysis.engine.sentences import OUTCOMES, listed
from analysis.engine.types import Compared, Outcome, OutcomeName, Stress, VariantEnded, Verdict

NOT_ASSESSABLE = "the outcome is not assessable, so there is no score that could flip"
NO_SCORE = "no detector that can be stressed gave a score"
BUDGET = "budget"
# Why a copy did not put the outcome to the test.
UNSCORED = "what decided this outcome gave no score of the copy"
UNASKED = "what decided this outcome is not asked about copies"
_FLIPPED = "A score or the outcome flipped when the file was altered, so the outcome is inconclusive."
_DISAGREE_STILL = (
    "A score or the outcome flipped when the file was altered; detectors disagree as they did before."
)
_NOTHING_FLIPPED = "Nothing flipped when the file was altered; that makes no outcome surer."


def not_stressed(budget_seconds: float, why: str, left_out: Sequence[tuple[str, str]] = ()) -> Stress:
    """Where no copy was made at all."""
    return Stress(f"Not stressed: {why}.", budget_seconds, left_out=tuple(left_out), not_run=why)


def alone(portion_seconds: float, said: OutcomeName) -> str:
    """Why copies of a portion do not put the outcome of the whole to the test."""
    return f"the first {portion_seconds:g} s alone say {_name(said)}, so the outcome of the whole file was not tested"


def stalled(detector: str, seconds: float) -> str:
    """Why a copy and those after it were given up."""
    return f"{detector} made no progress on a copy for {seconds:g} s"


def weigh(outcome: Outcome, stress: Stress) -> Outcome:
    """The outcome, the stress test taken into account: a flip makes it inconclusive, nothing makes it surer.

    Where detectors disagree it stays at that: it concludes nothing either, and "some signs" would hide who said what.
    """
    flipped = any(variant.flipped for variant in stress.variants)
    if stress.not_run or not flipped:
        rule = f"{outcome.rule} {_NOTHING_FLIPPED}" if _looked(stress) else outcome.rule
        limit = "; ".join(filter(None, (outcome.limit.rstrip("."), _clause(stress.sentence))))
        return replace(outcome, limit=f"{limit}.", rule=rule)
    rule = _DISAGREE_STILL if outcome.name is OutcomeName.DISAGREE else _FLIPPED
    said = replace(outcome, why=f"{outcome.why} {stress.sentence}", rule=f"{outcome.rule} {rule}")
    if outcome.name is OutcomeName.DISAGREE:
        return said
    return replace(said, name=OutcomeName.SOME_SIGNS, sentence=OUTCOMES[OutcomeName.SOME_SIGNS])


def sentence(outcome: OutcomeName, variants: Sequence[VariantEnded], portion_seconds: float | None) -> str:
    """What came of all copies, the flips first; else under how many of them the outcome of the run held."""
    of = f" (the first {portion_seconds:g} s of it)" if portion_seconds is not None else ""
    flips = [_flip(variant) for variant in variants if variant.flipped]
    if flips:
        ending = "detectors disagree as before" if outcome is OutcomeName.DISAGREE else "inconclusive"
        return f"Stressed{of}: {'; '.join(flips)}: {ending}.{_rest(variants)}"
    held = sum(variant.state == "held" for variant in variants)
    return f"Stressed{of}: held under {held} of {len(variants)} variants.{_rest(variants)}"


def _looked(stress: Stress) -> bool:
    return any(variant.outcome for variant in stress.variants)


def _clause(text: str) -> str:
    return (text[:1].lower() + text[1:]).rstrip(".").replace(". ", "; ")


def _flip(variant: VariantEnded) -> str:
    moved = [_moved(one) for one in variant.compared if one.crossed]
    if moved:
        return f"{listed(moved)} after {variant.after}"
    before, after = variant.outcome or (None, None)
    return f"the outcome moved from {_name(before)} to {_name(after)} after {variant.after}"


def _moved(one: Compared) -> str:
    if not isinstance(one.after, Verdict):
        return ""
    before, after = _told_apart(one.before, one.after.score)
    return f"{one.title} score moved from {before} to {after}"


def _told_apart(before: float, after: float) -> tuple[str, str]:
    """Both with as many digits as it takes to see that they differ, at least two."""
    digits = next((n for n in range(2, 7) if f"{before:.{n}f}" != f"{after:.{n}f}"), 7)
    return f"{before:.{digits}f}", f"{after:.{digits}f}"


def _name(outcome: OutcomeName | None) -> str:
    return outcome.value.replace("_", " ") if outcome else "nothing"


_UNHELD = {"not_tested": "not tested", "no_score": "no detector gave a score", "not_run": "not run"}


def _rest(variants: Sequence[VariantEnded]) -> str:
    """Copies of which nothing can be said, and why."""
    said = []
    for state, words in _UNHELD.items():
        for why in dict.fromkeys(_why(one) for one in variants if one.state == state):
            titles = [one.title for one in variants if one.state == state and _why(one) == why]
            said.append(f"{listed(titles)}: {words}{f': {why}' if why else ''}.")
    return f" {' '.join(said)}" if said else ""


def _why(variant: VariantEnded) -> str:
    return variant.detail.rstrip(".") or variant.not_run
