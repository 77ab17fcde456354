"""Orders a recording relative to one that is known to be genuine.

Absolute scores of the sound nets differ more between microphones and rooms than between a voice and its copy;
beside a reference of the same voice or source much of that cancels. For each detector we take the mean over its
windows of the score's log-odds and subtract the reference's. Detectors of one family are one voice, so they are
averaged first; the total is the sum over families.
"""

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path

from analysis.engine.pipeline import Options, examine
from analysis.engine.registry import Registry
from analysis.engine.types import Consumes, DetectorEnded, NotAssessed, ScoresMeasured, Verdict

# They look for edits inside a recording, where every recording is its own reference.
WITHIN = frozenset({"splice", "silence", "hum"})
FARTHEST = 16.0  # log-odds that single precision can still tell from a certain score


@dataclass(frozen=True)
class Difference:
    """What one detector says of both. The scores and the difference are None where either abstained, with why.

    log_odds: how far the file's windows lie above the reference's, on average; None where none has a score of its own.
    """

    detector: str
    title: str
    family: str
    file_score: float | None = None
    reference_score: float | None = None
    log_odds: float | None = None
    counted: bool = False
    why: str = ""


@dataclass(frozen=True)
class Comparison:
    """The differences, and their total; None when no detector scored both. Positive: the file leans further
    towards manipulation than its reference. It says nothing of the reference, and is no outcome."""

    differences: tuple[Difference, ...]
    total: float | None
    sentence: str


@dataclass
class _Heard:
    """What the detectors said of one file."""

    log_odds: dict[str, list[float]] = field(default_factory=dict)
    endings: dict[str, DetectorEnded] = field(default_factory=dict)

    def mean(self, detector: str) -> float | None:
        windows = self.log_odds.get(detector, [])
        return sum(windows) / len(windows) if windows else None


def sound_detectors(registry: Registry) -> list[str]:
    """The detectors of sound that can run here and have a score to compare, by default or not."""
    return [
        state.card.name
        for state in registry.states()
        if state.available and state.card.forensic and state.card.consumes is Consumes.SOUND
    ]


def compare(
    path: Path,
    genuine: Path,
    *,
    registry: Registry,
    options: Options | None = None,
    cancelled: Callable[[], bool] = lambda: False,
) -> Comparison:
    """The file relative to the reference, both examined in full with `sound_detectors`.

    Raises Cancelled. A file that cannot be read does not raise: nothing is compared, and every difference says why.
    """
    names = sound_detectors(registry)
    file, reference = (_hear(one, names, registry, options, cancelled) for one in (path, genuine))
    found = tuple(_difference(name, file, reference) for name in names)
    total = _total(found)
    return Comparison(found, total, _sentence(total, found))


def _hear(
    path: Path, names: list[str], registry: Registry, options: Options | None, cancelled: Callable[[], bool]
) -> _Heard:
    heard = _Heard()
    with examine(path, registry=registry, detectors=names, options=options, cancelled=cancelled) as going:
        for seen in going:
            if isinstance(seen, ScoresMeasured):
                windows = heard.log_odds.setdefault(seen.detector, [])
                windows += [_log_odds(point.score) for point in seen.points if point.score is not None]
            elif isinstance(seen, DetectorEnded):
                heard.endings[seen.detector] = seen
    return heard


def _log_odds(score: float) -> float:
    if score <= 0 or score >= 1:
        return math.copysign(FARTHEST, score - 0.5)
    return max(-FARTHEST, min(FARTHEST, math.log(score / (1 - score))))


def _difference(name: str, file: _Heard, reference: _Heard) -> Difference:
    ending = file.endings[name]
    said = (ending.assessment, reference.endings[name].assessment)
    silent = [
        f"{which}: {one.detail}"
        for which, one in zip(("file", "reference"), said, strict=True)
        if isinstance(one, NotAssessed)
    ]
    if silent:
        return Difference(name, ending.title, ending.family, why="; ".join(silent))
    scores = [one.score if isinstance(one, Verdict) else None for one in said]
    here, there = file.mean(name), reference.mean(name)
    if here is None or there is None:
        why = "scores a file as a whole, not its windows; shown, not counted"
        return Difference(name, ending.title, ending.family, scores[0], scores[1], why=why)
    counted = ending.family not in WITHIN
    why = "" if counted else "looks for edits inside a recording; shown, not counted"
    return Difference(name, ending.title, ending.family, scores[0], scores[1], here - there, counted, why)


def _total(found: Iterable[Difference]) -> float | None:
    families: dict[str, list[float]] = {}
    for one in found:
        if one.counted and one.log_odds is not None:
            families.setdefault(one.family, []).append(one.log_odds)
    return sum(sum(each) / len(each) for each in families.values()) if families else None


def _sentence(total: float | None, found: Iterable[Difference]) -> str:
    if total is None:
        return "Nothing was compared: no detector of sound scored both files."
    counted = sum(one.counted for one in found)
    where = "above" if total > 0 else "below" if total < 0 else "level with"
    return (
        f"The file lies {where} its reference ({total:+.2f}, from {counted} of the detectors). This is relative: it "
        "orders the two and is no outcome, and it holds only if both come from the same voice and recording chain."
    )
