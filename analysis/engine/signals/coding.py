"""The residue of an earlier coding in the sizes of coded pictures.

After Wang and Farid, Exposing digital forgeries in video by detecting double MPEG compression (ACM MM&Sec 2006), whose
motion error of P pictures rises where the earlier coding had a key picture, and Vázquez-Padín et al., Detection
of video double encoding with GOP size estimation (WIFS 2012), who look for a period in such a footprint; Stamm, Lin
and Liu, Temporal forensics and anti-forensics for motion compensated video (TIFS 2012), for what taking pictures out
does to it. Ours differs: what is measured is how many bytes a picture took, which is what is left of
the prediction error without decoding, also of pictures predicted both ways; compared with pictures of the same place in
the pattern of P and B near by; a period is told by how far the mean of its pictures stands above chance.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Reals = NDArray[np.float64]
HALF_WINDOW = 12  # pictures of the same place on either side
AFTER_KEY = 2  # the first pictures after a key picture have sizes of their own
LEAST_PERIOD, MOST_PERIOD = 9, 160
LEAST_PICTURES = 6 * LEAST_PERIOD
LEAST_MEMBERS = 6
_LONGEST_RUN = 17
_CLOCK_PICTURES = 0.6
_CLIP = (-1.0, 4.0)  # deviations: one spike must not make a period


@dataclass(frozen=True)
class Period:
    """Every `every` pictures, from number `first` on, one is larger than those around it.

    `errors`: how many standard errors the mean of `members` stands above that of all. `raised`: the share of them
    that is a deviation above the mean.
    """

    every: int
    first: int
    errors: float
    members: int
    raised: float


@dataclass(frozen=True)
class Break:
    """Where a period goes on out of step: from picture number `at` on it is `shift` pictures late.

    `errors`: of the weaker side."""

    every: int
    at: int
    shift: int
    errors: float


def residue(sizes: Reals, sorts: str) -> Reals:
    """How far each picture's size lies above the median of its like near by, in deviations and clipped; NaN for key
    pictures, those right after and those with too few like them."""
    roles = _roles(sorts)
    left = np.full(len(sizes), np.nan)
    for role in np.unique(roles):
        at = np.flatnonzero(roles == role)
        if role >= 0 and len(at) >= 2 * HALF_WINDOW:
            left[at] = _above(np.log2(sizes[at] + 1.0))
    for after in range(AFTER_KEY + 1):
        left[[at + after for at in keys(sorts) if at + after < len(left)]] = np.nan
    if np.isnan(left).all():
        return left
    spread = 1.4826 * float(np.nanmedian(np.abs(left))) + 0.02
    return np.clip(left / spread, *_CLIP)


def keys(sorts: str) -> list[int]:
    return [at for at, sort in enumerate(sorts) if sort == "I"]


def _roles(sorts: str) -> NDArray[np.int64]:
    """A number for each place in the pattern: of a B its place in a run and the run's length, for encoders spend by it
    (the middle of three is larger than its neighbours). All P are alike: where an encoder that chooses the runs itself
    breaks one off, it does so at what is looked for here. -1: key pictures."""
    roles = np.full(len(sorts), -1, np.int64)
    at = 0
    while at < len(sorts):
        run = len(sorts[at : at + _LONGEST_RUN]) - len(sorts[at : at + _LONGEST_RUN].lstrip("B"))
        roles[at : at + run] = 1 + _LONGEST_RUN * run + np.arange(run)
        at += run
        if at < len(sorts) and sorts[at] == "P":
            roles[at] = 0
        at += 1
    return roles


def _above(values: Reals) -> Reals:
    padded = np.pad(values, HALF_WINDOW, mode="reflect")
    near = np.lib.stride_tricks.sliding_window_view(padded, 2 * HALF_WINDOW + 1)
    above: Reals = values - np.median(near, axis=1)
    return above


def period(left: Reals, sorts: str, fps: float | None = None) -> Period | None:
    """The period that stands out most; None when there is nothing to look at. fps: of the pictures, where steady."""
    sound = _centred(left)
    if sound is None:
        return None
    values, known, deviation = sound
    best: Period | None = None
    for every in _periods(sorts, fps):
        sums, counts = (_folded(part, every).sum(axis=0) for part in (values, known))
        errors = np.where(counts >= LEAST_MEMBERS, sums / np.sqrt(np.maximum(counts, 1)) / deviation, 0.0)
        first = int(np.argmax(errors))
        if best is None or errors[first] > best.errors:
            best = _period(values, known, deviation, every, first, float(errors[first]))
    return best


def _period(values: Reals, known: Reals, deviation: float, every: int, first: int, errors: float) -> Period:
    members = values[first::every][known[first::every] > 0]
    return Period(
        every, first, errors, len(members), float((members > deviation).mean()) if len(members) else 0.0
    )


def broken(left: Reals, sorts: str, fps: float | None = None) -> tuple[Period, Break] | None:
    """The period that stands out most when it may go on out of step once; None when none does on both sides."""
    sound = _centred(left)
    if sound is None:
        return None
    values, known, deviation = sound
    best: tuple[float, int, int, int, int, float] | None = None
    for every in _periods(sorts, fps):
        found = _best_break(_folded(values, every), _folded(known, every), deviation)
        if found and (best is None or found[0] > best[0]):
            best = (found[0], every, *found[1:])
    if best is None:
        return None
    both, every, row, before, after, weaker = best
    at = row * every
    members = [*range(before, at, every), *range(at + after, len(values), every)]
    picked = values[[member for member in members if known[member] > 0]]
    period = Period(every, before, both, len(picked), float((picked > deviation).mean()))
    return period, Break(every, at, (after - before) % every, weaker)


def _best_break(values: Reals, known: Reals, deviation: float) -> tuple[float, int, int, int, float] | None:
    """(errors of both sides together, row, phase before, phase after, errors of the weaker side)."""
    sums, counts = np.cumsum(values, axis=0), np.cumsum(known, axis=0)
    before, after = _errors(sums, counts, deviation), _errors(sums[-1] - sums, counts[-1] - counts, deviation)
    left, right = before.max(axis=1), after.max(axis=1)
    weaker = np.minimum(left, right)
    both = np.where(before.argmax(axis=1) == after.argmax(axis=1), 0.0, np.hypot(left, right))
    row = int(np.argmax(both * (weaker > 0)))
    if weaker[row] <= 0 or both[row] == 0:
        return None
    phases = int(before[row].argmax()), int(after[row].argmax())
    return float(both[row]), row + 1, *phases, float(weaker[row])


def _errors(sums: Reals, counts: Reals, deviation: float) -> Reals:
    errors: Reals = np.where(counts >= LEAST_MEMBERS, sums / np.sqrt(np.maximum(counts, 1)) / deviation, 0.0)
    return errors


def _centred(left: Reals) -> tuple[Reals, Reals, float] | None:
    """The residue about its mean with 0 where there is none, 1 where there is one, and its deviation."""
    known = ~np.isnan(left)
    if known.sum() < LEAST_PICTURES:
        return None
    values = np.where(known, left - left[known].mean(), 0.0)
    deviation = float(values[known].std())
    return (values, known.astype(np.float64), deviation) if deviation > 0 else None


def _folded(values: Reals, every: int) -> Reals:
    rows = -(-len(values) // every)
    return np.pad(values, (0, rows * every - len(values))).reshape(rows, every)


def _periods(sorts: str, fps: float | None) -> list[int]:
    """Those tried: not the ones that always meet the same places of the present GOP, whose own rhythm they would be,
    nor whole and half seconds, which are those of clocks and lights."""
    present = interval(sorts)
    return [
        every
        for every in range(LEAST_PERIOD, min(MOST_PERIOD, len(sorts) // LEAST_MEMBERS) + 1)
        if (present is None or present // int(np.gcd(every, present)) >= 3) and not _of_clocks(every, fps)
    ]


def _of_clocks(every: int, fps: float | None) -> bool:
    """Whether it is the picture nearest to a number of half seconds, or as near as the next."""
    return fps is not None and abs(every - round(2 * every / fps) * fps / 2) < _CLOCK_PICTURES


def interval(sorts: str) -> int | None:
    """From one key picture to the next where at least 70 % of these intervals, of three or more, are the same."""
    gaps = np.diff(keys(sorts))
    if len(gaps) < 3:
        return int(gaps[0]) if len(gaps) == 1 else None
    values, counts = np.unique(gaps, return_counts=True)
    most = int(np.argmax(counts))
    return int(values[most]) if counts[most] >= 0.7 * len(gaps) else None
