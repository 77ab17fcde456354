"""Chooses cuts from labelled scores, and refuses where the files do not carry them.

Split by source, never at random: files of one source share camera, codec, faces and rooms, so a random split tests
on what it has seen. Each source in turn is left out, cuts are chosen on the others, and what they do on the one left
out is what is told. Only originals count as files; copies made by the ladder have rows of their own.
"""

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from analysis.engine.calibrating import measures, ratios
from analysis.engine.calibration import Abstained, Calibration, Numbers, Rate, Row
from analysis.engine.condition import AXES, within
from analysis.engine.detectors.base import Card
from analysis.engine.types import Condition

Values = NDArray[np.float64]
Labels = NDArray[np.bool_]
LADDER = "ladder"


@dataclass(frozen=True)
class Scored:
    """One detector's answer to one labelled file: a score, or the reason why there is none. `rung` names a copy."""

    file: str
    source: str
    manipulated: bool
    score: float | None
    condition: Condition
    reason: str = ""
    rung: str = ""


@dataclass(frozen=True)
class Minimum:
    """Files and sources of each label below which nothing is calibrated."""

    files: int = 30
    sources: int = 3


@dataclass(frozen=True)
class Promise:
    """The rates that cuts are chosen for."""

    false_positive_rate: float = 0.05
    miss_rate: float = 0.1


@dataclass(frozen=True)
class Uncalibrated:
    """Why there is no calibration: what is missing, or what did not hold; a sentence each."""

    detector: str
    missing: tuple[str, ...]


@dataclass(frozen=True)
class Cuts:
    """Scores from `strong` on are strong signs, those below `none` are none."""

    strong: float
    none: float


def calibrate(
    card: Card,
    answers: Sequence[Scored],
    *,
    created: str,
    promise: Promise | None = None,
    minimum: Minimum | None = None,
) -> Calibration | Uncalibrated:
    """The calibration of that detector, or why there is none. created: ISO 8601, aware."""
    promise, minimum = promise or Promise(), minimum or Minimum()
    originals = [answer for answer in answers if not answer.rung]
    scored = [answer for answer in originals if answer.score is not None]
    missing = _missing(scored, promise, minimum)
    if missing:
        return Uncalibrated(card.name, tuple(missing))
    found = _told(card, answers, _held_out(scored, promise), promise, created)
    broken = _broken(found)
    return Uncalibrated(card.name, tuple(broken)) if broken else found


def _missing(scored: Sequence[Scored], promise: Promise, minimum: Minimum) -> list[str]:
    """What would have to be there and is not, a sentence each."""
    said = []
    for label, manipulated, share in (
        ("unmanipulated", False, promise.false_positive_rate),
        ("manipulated", True, promise.miss_rate),
    ):
        files = [answer for answer in scored if answer.manipulated is manipulated]
        sources = {answer.source for answer in files}
        needed = max(minimum.files, _least(share))
        if len(files) < needed:
            said.append(f"{len(files)} {label} files have a score, {needed} are needed")
        if len(sources) < minimum.sources:
            said.append(f"{len(sources)} sources of {label} files have one, {minimum.sources} are needed")
        if len(files) >= needed and len(sources) >= minimum.sources:
            said += _outside(files, label, share)
    return said


def _outside(files: Sequence[Scored], label: str, share: float) -> list[str]:
    """Which source, left out, leaves too few to choose a cut from: what is told of it would then mean nothing."""
    source, inside = Counter(answer.source for answer in files).most_common(1)[0]
    left = len(files) - inside
    if _rank(share, left):
        return []
    return [f"too few {label} files outside source {source}: {left}, where a rate of {share:g} needs more"]


def _least(share: float) -> int:
    """Files below which that rate cannot be told."""
    return math.ceil(1 / share) if share else 10**9


def choose(scores: Values, manipulated: Labels, promise: Promise) -> Cuts:
    """Cuts that a further file of the same sources exceeds at most so often.

    By rank: of n files and one more, exchangeable with them, the one more lies beyond the k-th in at most k of n + 1
    cases (Vovk, Gammerman & Shafer, 2005). Where the two cross, since the detector is better than asked for, they are
    swapped: both promises then hold, and only what lies between is inconclusive.
    """
    real, fake = np.sort(scores[~manipulated])[::-1], np.sort(scores[manipulated])
    strong = _beyond(real, promise.false_positive_rate, np.inf)
    none = _beyond(fake, promise.miss_rate, -np.inf)
    # a score that equals a cut is beyond neither
    return Cuts(max(strong, none), min(strong, none)) if strong < none else Cuts(strong, none)


def _beyond(ranked: Values, share: float, towards: float) -> float:
    rank = _rank(share, len(ranked))
    if not rank:
        return 1.001 if towards > 0 else 0.0
    extreme = float(ranked[rank - 1])
    # at or above the cut is strong, so it lies just above the k-th; below the other is none, so it is the k-th itself
    return float(np.nextafter(extreme, towards)) if towards > 0 else extreme


def _rank(share: float, files: int) -> int:
    """Of so many files, how many may lie beyond the cut; 0 where they do not carry that share."""
    return math.floor(share * (files + 1) + 1e-9)


@dataclass(frozen=True)
class Held:
    """Every file with the cuts and the ratio that were made without its source."""

    scored: Sequence[Scored]
    scores: Values
    manipulated: Labels
    sources: tuple[str, ...]
    cuts: dict[str, Cuts]
    log10: Values

    def strong(self) -> Labels:
        return self.scores >= np.array([self.cuts[source].strong for source in self.sources])

    def none(self) -> Labels:
        return self.scores < np.array([self.cuts[source].none for source in self.sources])

    def rate(self, counted: Labels, of: Labels) -> Rate:
        return measures.rate(counted[of], [self.sources[at] for at in np.flatnonzero(of)])


def _held_out(scored: Sequence[Scored], promise: Promise) -> Held:
    scores = np.array([answer.score for answer in scored], np.float64)
    manipulated = np.array([answer.manipulated for answer in scored])
    sources = tuple(answer.source for answer in scored)
    cuts: dict[str, Cuts] = {}
    log10 = np.zeros(len(scores))
    for source in dict.fromkeys(sources):
        inside = np.array([name == source for name in sources])
        cuts[source] = choose(scores[~inside], manipulated[~inside], promise)
        steps = ratios.fitted(scores[~inside], manipulated[~inside])
        log10[inside] = ratios.applied(scores[inside], steps)
    return Held(scored, scores, manipulated, sources, cuts, log10)


def _broken(found: Calibration) -> list[str]:
    """What unseen sources do not bear out: rates surely more than twice what was chosen, or any worth at all."""
    said = []
    for rate, share, words in (
        (found.false_alarms, found.false_positive_rate, "unmanipulated files raise an alarm"),
        (found.misses, found.miss_rate, "manipulated files are missed"),
    ):
        if measures.surely_above(rate, min(2 * share, 1.0)):
            said.append(
                f"on sources that had no part in choosing the cuts {rate.count} of {rate.of} {words}, "
                f"where {share:g} of them was asked for"
            )
    # inverted, or no better than a coin: cuts can be chosen all the same, and what they sort means nothing
    auc = found.auc
    if auc.low <= 0.5:
        why = f"AUC {auc.value:.2f}, 95 % interval {auc.low:.2f} to {auc.high:.2f}"
        said.append(f"on unseen sources it does not tell the labels apart ({why})")
    elif not found.ratios.high:
        said.append(
            "on unseen sources it does not tell the labels apart (no score there speaks for manipulation)"
        )
    return said


def _told(card: Card, answers: Sequence[Scored], held: Held, promise: Promise, created: str) -> Calibration:
    fake, real = held.scores[held.manipulated], held.scores[~held.manipulated]
    cuts = choose(held.scores, held.manipulated, promise)
    return Calibration(
        detector=card.name,
        version=card.version,
        weights_sha256=card.weights_sha256,
        preprocessing=card.preprocessing,
        created=created,
        false_positive_rate=promise.false_positive_rate,
        miss_rate=promise.miss_rate,
        strong_cut=cuts.strong,
        none_cut=cuts.none,
        files=Numbers(len(fake), len(real)),
        sources=_sources(held.scored),
        abstained=abstentions(answer for answer in answers if not answer.rung),
        auc=measures.auc_estimate(held.scores, held.manipulated, held.sources),
        eer=measures.eer(fake, real),
        false_alarms=held.rate(held.strong(), ~held.manipulated),
        misses=held.rate(held.none(), held.manipulated),
        found=held.rate(held.strong(), held.manipulated),
        roc=measures.thinned_roc(fake, real),
        ratios=ratios.ratios(held.scores, held.manipulated, held.log10),
        rows=tuple(_rows([answer for answer in answers if answer.score is not None], held, cuts)),
    )


def _sources(scored: Iterable[Scored]) -> Numbers:
    named = {(answer.manipulated, answer.source) for answer in scored}
    fake = sum(manipulated for manipulated, _ in named)
    return Numbers(fake, len(named) - fake)


def abstentions(answers: Iterable[Scored]) -> tuple[Abstained, ...]:
    """How many files of either label had no score, by reason."""
    counts = Counter((answer.manipulated, answer.reason) for answer in answers if answer.score is None)
    return tuple(Abstained(*which, files) for which, files in sorted(counts.items()))


def _rows(answers: Sequence[Scored], held: Held, cuts: Cuts) -> Iterable[Row]:
    """A row for each class of each axis, empty ones too: they say what was not measured; then the ladder's rungs."""
    for axis in AXES:
        for low, high in axis.classes():
            inside = _once_each(_holding(answers, axis.name, low, high))
            yield _row(axis.name, "", low, high, inside, held, cuts)
    for rung in dict.fromkeys(answer.rung for answer in answers if answer.rung):
        copies = [answer for answer in answers if answer.rung == rung]
        yield _row(LADDER, rung, None, None, copies, held, cuts)


def _holding(answers: Sequence[Scored], axis: str, low: float | None, high: float | None) -> list[Scored]:
    values = [getattr(answer.condition, axis) for answer in answers]
    return [
        answer
        for answer, value in zip(answers, values, strict=True)
        if value is not None and within(value, low, high)
    ]


def _once_each(answers: Sequence[Scored]) -> list[Scored]:
    """One answer per file, its original before copies: a file that counts twice would narrow the interval."""
    originals_last = sorted(answers, key=lambda a: a.rung, reverse=True)
    return list({(answer.manipulated, answer.file): answer for answer in originals_last}.values())


def _row(
    axis: str,
    rung: str,
    low: float | None,
    high: float | None,
    inside: Sequence[Scored],
    held: Held,
    cuts: Cuts,
) -> Row:
    real = [answer for answer in inside if not answer.manipulated]
    fake = [answer for answer in inside if answer.manipulated]
    alarms = [(a.score or 0.0) >= held.cuts.get(a.source, cuts).strong for a in real]
    misses = [(a.score or 0.0) < held.cuts.get(a.source, cuts).none for a in fake]
    return Row(
        axis=axis,
        rung=rung,
        low=low,
        high=high,
        files=Numbers(len(fake), len(real)),
        false_alarms=measures.rate(np.array(alarms, bool), [answer.source for answer in real]),
        misses=measures.rate(np.array(misses, bool), [answer.source for answer in fake]),
    )
