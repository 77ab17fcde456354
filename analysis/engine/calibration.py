"""A stored calibration: what the scores of one detector version are worth, and which band a score lies in.

Told from labelled files by `analysis.engine.calibrating`; kept as JSON, which may come from another machine and is
checked like any file. Nothing here needs NumPy: the web shows calibrations too.
"""

import hashlib
import json
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from itertools import pairwise
from typing import Annotated, Protocol

from pydantic import ConfigDict, Field, StringConstraints, TypeAdapter, ValidationError

from analysis.engine.condition import BY_NAME, class_name, within
from analysis.engine.errors import EngineError
from analysis.engine.types import Condition

LARGEST_BYTES = 1 << 20
_STRICT = ConfigDict(extra="forbid", strict=True, allow_inf_nan=False)

Share = Annotated[float, Field(ge=0, le=1)]
# a score at or above the cut is strong; one no score reaches says that none is
Cut = Annotated[float, Field(ge=0, le=1.001)]
Count = Annotated[int, Field(ge=0, le=10**9)]
Text = Annotated[str, StringConstraints(max_length=4000, pattern=r"^[^\x00]*$")]
Name = Annotated[str, StringConstraints(min_length=1, max_length=64, pattern=r"^[^\x00]*$")]


class UnsoundCalibration(EngineError):
    """A calibration that is none: damaged, tampered with or contradicting itself."""

    code = "unsound_calibration"


@dataclass(frozen=True)
class Estimate:
    """A measured value and its 95 % interval."""

    __pydantic_config__ = _STRICT
    value: Share
    low: Share
    high: Share


@dataclass(frozen=True)
class Rate:
    """`count` of `of` files, and the 95 % interval of that share; with none to count it is 0 to 1."""

    __pydantic_config__ = _STRICT
    count: Count
    of: Count
    low: Share
    high: Share

    @property
    def share(self) -> float:
        return self.count / self.of if self.of else 0.0


@dataclass(frozen=True)
class Numbers:
    """How many there were of either label."""

    __pydantic_config__ = _STRICT
    manipulated: Count
    unmanipulated: Count


@dataclass(frozen=True)
class Row:
    """How the cuts did in one condition, on sources that had no part in choosing them.

    `axis` is one of `condition.AXES`, or "ladder" with the name of a rung.
    """

    __pydantic_config__ = _STRICT
    axis: Name
    rung: Annotated[str, StringConstraints(max_length=64)]
    low: float | None
    high: float | None
    files: Numbers
    false_alarms: Rate
    misses: Rate

    @property
    def title(self) -> str:
        return self.rung or class_name(self.axis, self.low, self.high)

    def holds(self, condition: Condition) -> bool:
        value = getattr(condition, self.axis, None) if self.axis in BY_NAME else None
        return value is not None and within(value, self.low, self.high)


@dataclass(frozen=True)
class Ratios:
    """log10 likelihood ratios by score: that of a score is the one of the last step at or below it.

    Never beyond `low` and `high`, which the number of files bounds. cllr: their cost on unseen sources, in bits;
    1 says nothing.
    """

    __pydantic_config__ = _STRICT
    scores: Annotated[tuple[Share, ...], Field(min_length=1, max_length=2000)]
    log10: Annotated[tuple[Annotated[float, Field(ge=-9, le=9)], ...], Field(min_length=1, max_length=2000)]
    low: Annotated[float, Field(ge=-9, le=0)]
    high: Annotated[float, Field(ge=0, le=9)]
    cllr: Annotated[float, Field(ge=0, le=1000)]

    def of(self, score: float) -> float:
        step = max(bisect_right(self.scores, score) - 1, 0)
        return min(max(self.log10[step], self.low), self.high)


@dataclass(frozen=True)
class Abstained:
    """How many files of a label gave no score, and why."""

    __pydantic_config__ = _STRICT
    manipulated: bool
    reason: Name
    files: Count


@dataclass(frozen=True)
class Calibration:
    """One detector version, measured. Scores from `strong_cut` on are strong signs, those below `none_cut` none.

    The chosen rates are what the cuts were chosen for; `false_alarms` (unmanipulated and strong), `misses`
    (manipulated and below `none_cut`) and `found` (manipulated and strong) are what they did on sources that had no
    part in choosing them. roc: (false positives, true positives) as shares.
    """

    __pydantic_config__ = _STRICT
    detector: Name
    version: Annotated[str, StringConstraints(min_length=1, max_length=32)]
    weights_sha256: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")] | None
    preprocessing: Text
    created: Annotated[str, StringConstraints(max_length=40)]
    false_positive_rate: Share
    miss_rate: Share
    strong_cut: Cut
    none_cut: Cut
    files: Numbers
    sources: Numbers
    abstained: Annotated[tuple[Abstained, ...], Field(max_length=200)]
    auc: Estimate
    eer: Share
    false_alarms: Rate
    misses: Rate
    found: Rate
    roc: Annotated[tuple[tuple[Share, Share], ...], Field(max_length=500)]
    ratios: Ratios
    rows: Annotated[tuple[Row, ...], Field(max_length=200)]

    def to_json(self) -> str:
        return json.dumps(asdict(self), allow_nan=False, sort_keys=True, separators=(",", ":"))

    @property
    def digest(self) -> str:
        """SHA-256 of its JSON: what results name it by."""
        return hashlib.sha256(self.to_json().encode()).hexdigest()


class Versioned(Protocol):
    """A detector as its card, or the stored copy of it, describes it."""

    @property
    def version(self) -> str: ...
    @property
    def weights_sha256(self) -> str | None: ...
    @property
    def preprocessing(self) -> str: ...


_ADAPTER = TypeAdapter(Calibration)


def from_json(text: str | bytes) -> Calibration:
    """The calibration written there. Raises UnsoundCalibration, with the first thing that is wrong."""
    if len(text) > LARGEST_BYTES:
        raise UnsoundCalibration(f"A calibration has at most {LARGEST_BYTES} bytes; this has {len(text)}.")
    try:
        found = _ADAPTER.validate_json(text)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(map(str, first["loc"])) or "the whole"
        raise UnsoundCalibration(f"This is no calibration: {where}: {first['msg']}.") from error
    for wrong in _contradictions(found):
        raise UnsoundCalibration(f"This calibration contradicts itself: {wrong}.")
    return found


def _contradictions(found: Calibration) -> Iterable[str]:
    ratios = found.ratios
    if found.none_cut > found.strong_cut:
        yield "its cut for no signs lies above that for strong signs"
    if len(ratios.scores) != len(ratios.log10):
        yield "scores and likelihood ratios are not as many"
    if not (_rising(ratios.scores) and _rising(ratios.log10)):
        yield "likelihood ratios do not rise with the score"
    rates = [found.false_alarms, found.misses, found.found]
    rates += [rate for row in found.rows for rate in (row.false_alarms, row.misses)]
    if any(rate.count > rate.of or rate.low > rate.high for rate in rates) or found.auc.low > found.auc.high:
        yield "a rate counts more than there is, or its interval is upside down"
    if not found.files.manipulated or not found.files.unmanipulated:
        yield "it rests on files of one label only"
    if not _is_time(found.created):
        yield "its date is none"


def _rising(values: Sequence[float]) -> bool:
    return all(one <= other for one, other in pairwise(values))


def _is_time(text: str) -> bool:
    try:
        return datetime.fromisoformat(text).tzinfo is not None
    except ValueError:
        return False


def stale_for(found: Calibration, card: Versioned) -> str:
    """What of the detector has changed since it was calibrated, in words; empty when nothing has."""
    changed = [
        words
        for words, then, now in (
            ("version", found.version, card.version),
            ("weights", found.weights_sha256, card.weights_sha256),
            ("preprocessing", found.preprocessing, card.preprocessing),
        )
        if then != now
    ]
    return f"made for another {' and '.join(changed)}" if changed else ""


def sentence(found: Calibration) -> str:
    """What was measured, on how much, in one sentence for cards."""
    auc, alarms, misses = found.auc, found.false_alarms, found.misses
    return (
        f"Measured here on {found.files.manipulated} manipulated and {found.files.unmanipulated} unmanipulated files "
        f"of {found.sources.manipulated} and {found.sources.unmanipulated} sources: AUC {auc.value:.2f}, 95 % interval "
        f"{auc.low:.2f} to {auc.high:.2f}. On sources that had no part in choosing the cuts, {alarms.count} of "
        f"{alarms.of} unmanipulated files gave strong signs (95 % interval {alarms.low:.2f} to {alarms.high:.2f}) and "
        f"{misses.count} of {misses.of} manipulated ones none ({misses.low:.2f} to {misses.high:.2f})."
    )
