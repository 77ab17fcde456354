"""The engine with this installation's settings: which detectors, which limits, and results as programs read them."""

from typing import Any

from django.conf import settings

from analysis.engine.media.limits import Limits
from analysis.engine.nets.rates.folder import RatesFolder
from analysis.engine.nets.rates.rates import Rates
from analysis.engine.pipeline import Options
from analysis.engine.registry import Registry
from analysis.engine.schedule import threads_each
from analysis.engine.trust import TrustList
from analysis.engine.types import Assessment, DetectorEnded, MediaKind, Outcome, Verdict


def load_registry(*, device: str = "cpu", cores: int | None = None, measure: bool = False) -> Registry:
    """The detectors of this installation; its weights lie in ASSAY_WEIGHTS, the rates of its nets in ASSAY_HOME.

    cores: how many an examination will have. measure: whether nets whose rates are not known here are measured
    when they are loaded.
    """
    registry = Registry.load(settings.ASSAY_WEIGHTS, device=device)
    registry.rates = load_rates(registry, cores=cores, measure=measure)
    return registry


def load_rates(registry: Registry, *, cores: int | None = None, measure: bool = False) -> Rates:
    """How nets run on this machine, for the threads they have when a video is examined by default."""
    cards = [registry.card(name) for name in registry.defaults(MediaKind.VIDEO)]
    threads = threads_each(cards, cores or Options().cores)
    return Rates(RatesFolder(settings.ASSAY_HOME / "rates"), threads=threads, measure=measure)


def load_options() -> Options:
    """How files are examined here: limits and trust list of the settings, everything else as the engine has it."""
    limits = Limits(
        max_pixels=settings.MAX_PIXELS,
        max_duration_seconds=settings.MAX_DURATION_SECONDS,
        max_streams=settings.MAX_STREAMS,
    )
    return Options(limits=limits, trust=TrustList(settings.C2PA_TRUST, settings.C2PA_ALLOWED))


def assessment_fields(assessment: Assessment) -> dict[str, Any]:
    """An assessment as the API, the events and the command line write it; no score where there is none."""
    if isinstance(assessment, Verdict):
        coverage = assessment.coverage
        return {
            "kind": "verdict",
            "score": assessment.score,
            "band": assessment.band.value,
            "coverage": {"scored": coverage.scored, "sampled": coverage.sampled, "unit": coverage.unit},
        }
    return {"kind": "not_assessed", "reason": assessment.reason.value, "detail": assessment.detail}


def result_fields(ending: DetectorEnded) -> dict[str, Any]:
    """One entry of a run's `results`."""
    return {
        "detector": ending.detector,
        "title": ending.title,
        "version": ending.version,
        "family": ending.family,
        "weights_sha256": ending.weights_sha256,
        "assessment": assessment_fields(ending.assessment),
        "facts": dict(ending.assessment.facts),
        "seconds": round(ending.seconds, 3),
    }


def outcome_fields(outcome: Outcome) -> dict[str, Any]:
    """The fields of a run that say what it came to."""
    return {
        "outcome": outcome.name.value,
        "sentence": outcome.sentence,
        "why": outcome.why,
        "limit": outcome.limit,
        "rule": outcome.rule,
        "seen": outcome.seen,
    }
