"""What detectors and their fusion did on labelled files: the table, and every mistake by name."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from analysis.engine import marks
from analysis.engine.calibrating import measures
from analysis.engine.calibrating.scoring import Examined
from analysis.engine.calibration import Estimate, Numbers, Rate
from analysis.engine.types import Band, DetectorEnded, OutcomeName, Verdict

FUSION = "fusion"
# how far an outcome speaks for manipulation, where files are put in order by it
_ORDER = {
    OutcomeName.NO_SIGNS: 0.0,
    OutcomeName.SOME_SIGNS: 0.5,
    OutcomeName.DISAGREE: 0.5,
    OutcomeName.STRONG_SIGNS: 1.0,
}


@dataclass(frozen=True)
class Mistake:
    """A file that was told wrongly, with its score or outcome."""

    file: str
    manipulated: bool
    said: str


@dataclass(frozen=True)
class Line:
    """One detector, or the fusion. `calibrated`: for how many scores a calibration draws the line.

    false_alarms and misses are told at the calibrated cuts where every score has one, and at the product's mark where
    none has; None where it is neither, since these are different things. auc and eer are None without files of both
    labels.
    """

    name: str
    files: Numbers
    sources: int
    abstained: tuple[tuple[str, int], ...]
    calibrated: int
    auc: Estimate | None
    eer: float | None
    false_alarms: Rate | None
    misses: Rate | None
    mistakes: tuple[Mistake, ...]


@dataclass(frozen=True)
class _Told:
    """One answer, with what counts as an alarm and as a miss."""

    file: str
    source: str
    manipulated: bool
    value: float
    alarm: bool
    miss: bool
    said: str


def evaluated(seen: Sequence[Examined]) -> list[Line]:
    """A line per detector by name, then the fusion."""
    names = sorted({name for one in seen for name in one.endings})
    lines = [_detector(name, seen) for name in names]
    # who reports facts only has nothing that could be right or wrong
    return [*(line for line in lines if line is not None), _fusion(seen)]


def _detector(name: str, seen: Sequence[Examined]) -> Line | None:
    asked = [(one, one.endings[name]) for one in seen if name in one.endings]
    if all(reason == "reports_facts" for reason in map(_reason, (ending for _, ending in asked))):
        return None
    verdicts = [ending.assessment for _, ending in asked if isinstance(ending.assessment, Verdict)]
    calibrated = sum(one.band is not Band.UNCALIBRATED or marks.limited(one) for one in verdicts)
    told = [_told(one, ending.assessment) for one, ending in asked if isinstance(ending.assessment, Verdict)]
    silent = Counter(reason for _, ending in asked if (reason := _reason(ending)))
    return _line(name, told, silent, calibrated, comparable=calibrated in (0, len(verdicts)))


def _reason(ending: DetectorEnded) -> str:
    return "" if isinstance(ending.assessment, Verdict) else ending.assessment.reason.value


def _told(one: Examined, verdict: Verdict) -> _Told:
    alarm, miss = alarm_and_miss(verdict)
    file = one.file
    said = f"{verdict.score:.3f}"
    return _Told(file.name, file.source, file.manipulated, verdict.score, alarm, miss, said)


def alarm_and_miss(verdict: Verdict) -> tuple[bool, bool]:
    """Whether a run takes this score for a finding, and whether it takes it for none. Both may be false: some signs,
    and a low score outside its calibration, which says nothing."""
    if verdict.band is Band.UNCALIBRATED:
        raised = marks.raised(verdict)
        return raised, not raised and not marks.limited(verdict)
    return verdict.band is Band.STRONG, verdict.band is Band.NONE


def _fusion(seen: Sequence[Examined]) -> Line:
    told = [
        _Told(
            one.file.name,
            one.file.source,
            one.file.manipulated,
            _ORDER[one.outcome.name],
            one.outcome.name is OutcomeName.STRONG_SIGNS,
            one.outcome.name is OutcomeName.NO_SIGNS,
            one.outcome.name.value,
        )
        for one in seen
        if one.outcome.name in _ORDER
    ]
    silent = Counter({"not_assessable": len(seen) - len(told)}) if len(seen) > len(told) else Counter()
    return _line(FUSION, told, silent, 0, comparable=True)


def _line(
    name: str, told: Sequence[_Told], silent: Counter[str], calibrated: int, *, comparable: bool
) -> Line:
    scores = np.array([one.value for one in told], np.float64)
    manipulated = np.array([one.manipulated for one in told], bool)
    sources = [one.source for one in told]
    both = bool(manipulated.any() and not manipulated.all())
    real = [one for one in told if not one.manipulated]
    fake = [one for one in told if one.manipulated]
    return Line(
        name=name,
        files=Numbers(len(fake), len(real)),
        sources=len(set(sources)),
        abstained=tuple(sorted(silent.items())),
        calibrated=calibrated,
        auc=measures.auc_estimate(scores, manipulated, sources) if both else None,
        eer=measures.eer(scores[manipulated], scores[~manipulated]) if both else None,
        false_alarms=_rate([one.alarm for one in real], real) if comparable else None,
        misses=_rate([one.miss for one in fake], fake) if comparable else None,
        mistakes=tuple(_mistakes(told)),
    )


def _rate(counted: Sequence[bool], of: Sequence[_Told]) -> Rate:
    return measures.rate(np.array(counted, bool), [one.source for one in of])


def _mistakes(told: Iterable[_Told]) -> Iterable[Mistake]:
    """False alarms first, the surest first; then misses, likewise."""
    wrong = [one for one in told if (one.miss if one.manipulated else one.alarm)]
    for one in sorted(wrong, key=lambda one: (one.manipulated, one.value if one.manipulated else -one.value)):
        yield Mistake(one.file, one.manipulated, one.said)
