"""What was seen in footage, in one line of counts: "2 people, 1 car · 3 plates · motion 14 s".

Only numbers and the names of classes: a plate is counted and never spelt, so that the line may stand wherever an
outcome is told. Detectors of others have facts that nobody here knows; theirs are left out.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from analysis.engine.sentences import counted
from analysis.engine.types import DetectorEnded, NotAssessed, Reason

MOST_CLASSES = 4
_MINUTE_SECONDS = 60
# Said, because what was not seen may then have been there all the same. What could not be read or was not
# installed the outcome and its limit say.
_NOT_LOOKED = {Reason.TOO_SHORT: "too short", Reason.DETECTOR_FAILED: "failed"}


def seen(endings: Iterable[DetectorEnded]) -> str:
    """The line; empty where no footage detector was asked, or none has anything to say."""
    watchers = {ending.detector: ending for ending in endings if not ending.forensic}
    said = [_of(watchers[name], count) for name, count in _COUNTS.items() if name in watchers]
    return " · ".join(filter(None, said))


def _of(ending: DetectorEnded, count: Callable[[Mapping[str, Any]], str]) -> str:
    assessment = ending.assessment
    if not isinstance(assessment, NotAssessed):
        return ""
    if assessment.reason is Reason.REPORTS_FACTS:
        return count(assessment.facts)
    why = _NOT_LOOKED.get(assessment.reason)
    return f"{ending.title or ending.detector}: {why}" if why else ""


def _objects(facts: Mapping[str, Any]) -> str:
    classes = facts.get("classes")
    if not isinstance(classes, Mapping):
        return ""
    most = sorted(classes.items(), key=lambda of: -of[1])
    named = [counted(count, name) for name, count in most[:MOST_CLASSES]]
    if others := sum(count for _, count in most[MOST_CLASSES:]):
        named.append(counted(others, "other object"))
    return ", ".join(named) or "no objects"


def _plates(facts: Mapping[str, Any]) -> str:
    plates = facts.get("plates")
    if not isinstance(plates, int):
        return ""
    return counted(plates, "plate") if plates else "no plates"


def _motion(facts: Mapping[str, Any]) -> str:
    seconds, spells = facts.get("motion_seconds"), facts.get("motion_count")
    if not isinstance(seconds, int | float):
        return ""
    return f"motion {_duration(seconds)}" if spells else "no motion"


def _duration(seconds: float) -> str:
    """ "0.4 s", "14 s", "2 min 5 s"."""
    if seconds < 1:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), _MINUTE_SECONDS)
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"


_COUNTS: Mapping[str, Callable[[Mapping[str, Any]], str]] = {
    "tracking": _objects,
    "anpr": _plates,
    "motion": _motion,
}
