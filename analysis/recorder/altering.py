"""A stressed verdict in the words of the log and of REST."""

from collections.abc import Sequence
from typing import Any

from analysis.engine.types import (
    Assessment,
    Compared,
    Observation,
    Stress,
    StressStarted,
    VariantEnded,
    VariantStarted,
    Verdict,
)
from analysis.recorder.plain import finite, text
from realtime.log import Draft

_STATES = {
    "held": "held",
    "flipped": "a score or the outcome flipped",
    "not_tested": "it did not put the outcome to the test",
    "no_score": "no detector gave a score",
    "not_run": "not run",
}


def stressing(observation: Observation) -> Draft | None:
    """The event for what happens to altered copies; None for everything else."""
    if isinstance(observation, StressStarted):
        data = {
            "variants": _named(observation.variants, "variant", "title"),
            "detectors": _named(observation.detectors, "detector", "title"),
            "left_out": _named(observation.left_out, "detector", "why"),
            "budget_seconds": observation.budget_seconds,
            "portion_seconds": observation.portion_seconds,
        }
        return Draft("stress.started", "Looking at altered copies.", data)
    if isinstance(observation, VariantStarted):
        data = {"variant": observation.variant, "title": observation.title}
        return Draft("variant.started", f"{observation.title}: begun.", data)
    if isinstance(observation, VariantEnded):
        return _ended(observation)
    return None


def stress_fields(stress: Stress) -> dict[str, Any]:
    """How a verdict bore being stressed, as the ending and REST write it."""
    return {
        "sentence": text(stress.sentence),
        "budget_seconds": stress.budget_seconds,
        "portion_seconds": stress.portion_seconds,
        "flipped": any(variant.flipped for variant in stress.variants),
        "held": sum(variant.state == "held" for variant in stress.variants),
        "variants": [_variant(variant) for variant in stress.variants],
        "left_out": _named(stress.left_out, "detector", "why"),
        "not_run": text(stress.not_run) or None,
    }


def _ended(variant: VariantEnded) -> Draft:
    words = f"{variant.title}: {_STATES[variant.state]}"
    kind = "variant.skipped" if variant.not_run else "variant.scored"
    why = ": ".join(
        filter(None, (variant.not_run, text(variant.detail).rstrip(".") if variant.not_run else ""))
    )
    return Draft(kind, f"{words}{f': {why}' if why else ''}.", _variant(variant))


def _variant(variant: VariantEnded) -> dict[str, Any]:
    before, after = variant.outcome or (None, None)
    return {
        "variant": variant.variant,
        "title": variant.title,
        "state": variant.state,
        "not_run": variant.not_run or None,
        "detail": text(variant.detail) or None,
        "outcome_before": before.value if before else None,
        "outcome_after": after.value if after else None,
        "scores": [_compared(one) for one in variant.compared],
        "seconds": round(finite(variant.seconds) or 0.0, 3),
    }


def _compared(one: Compared) -> dict[str, Any]:
    return {
        "detector": one.detector,
        "title": one.title,
        "before": finite(one.before),
        "after": _after(one.after),
        "crossed": one.crossed,
    }


def _after(assessment: Assessment) -> dict[str, Any]:
    """The score, or why there is none: never both."""
    if isinstance(assessment, Verdict):
        return {"kind": "verdict", "score": finite(assessment.score), "band": assessment.band.value}
    return {
        "kind": "not_assessed",
        "reason": assessment.reason.value,
        "detail": text(assessment.detail, limit=300),
    }


def _named(pairs: Sequence[tuple[str, str]], first: str, second: str) -> list[dict[str, str]]:
    return [{first: text(one), second: text(other)} for one, other in pairs]
