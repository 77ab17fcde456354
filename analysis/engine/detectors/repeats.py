"""Stretches of a video that were put in twice.

After Wang and Farid, Exposing digital forgeries in video by detecting duplication (ACM MM&Sec 2007): pictures of a
camera are never the same again, so a stretch that comes again, picture by picture, was copied. Ours differs: instead
of correlating whole pictures, 12 x 12 means of luma are compared, which survive another coding; what stands still is
left out, for it is the same at any two moments.

Two moments are alike where their means differ by no more than a fifth of what the scene moves about them, and a
repeat is LEAST_SECONDS of such moments, each as far behind. Set on drawn footage of our own.

What moves periodically (a pendulum, a fan, light that flickers) resembles itself without a copy: a stretch that comes
EQUAL_GAPS + 1 times or more in equal distances is told as that. A loop that runs so often looks the same.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from analysis.engine.detectors.base import Card, Detector
from analysis.engine.detectors.curves import draw
from analysis.engine.detectors.weightless import Weightless
from analysis.engine.plots import Curves, Panel, thinned
from analysis.engine.types import (
    Assessment,
    Batch,
    Consumes,
    Coverage,
    EvidenceMade,
    FrameBatch,
    MediaKind,
    NotAssessed,
    Pixels,
    Reason,
    ScorePoint,
    ScoresMeasured,
    Verdict,
)
from analysis.engine.weights import WeightStore

NAME = "repeats"
Reals = NDArray[np.float32]
SIDE = 12
CELLS = SIDE * SIDE
LEAST_SECONDS, LEAST_PICTURES = 0.6, 12
LEAST_MOTION = 0.3  # levels of 255, mean over the cells, between moments APART_SECONDS from each other
APART_SECONDS = 0.2
LIKENESS = 0.2
HELD = 0.05  # of the least motion: the same picture, coded as a copy
MOST_PICTURES = 7500  # 12 passages of 10 s at 60 a second, and some
KEPT = 20
EQUAL_GAPS = 3
FOUND_AGAIN = 0.6  # the share of a stretch's middle that must be alike at another place
BORDER_STEPS = 1.5  # median steps of time: no stretch goes on across what was not looked at


def cards() -> list[Card]:
    """The card of the detector of repeated stretches."""
    return [
        Card(
            name=NAME,
            title="Repeated stretches",
            version="1.0",
            family="repeats",
            subject="picture",
            consumes=Consumes.FRAMES,
            dense=True,
            kinds=frozenset({MediaKind.VIDEO}),
            unit="frames",
            looks_at="Whether a stretch of moving pictures comes again later, picture by picture.",
            cannot_see="Stretches that stand still, are shorter than 0.6 s, are mirrored, cropped, slower or faster, "
            "or come again backwards; copies of what moves periodically (a pendulum, a fan, light that flickers) "
            "and loops of four turns or more, which look the same: told as a fact, without a score; periods of which a "
            "passage shows fewer than four turns can be taken for copies; stretches in which the step of time varies "
            "by half or more; single pictures, which a change of rate repeats (told as a fact); what lies "
            "outside the passages it reads: of recordings over two minutes twelve of 10 s, spread evenly, so two "
            "copies are met only where both fall into passages. Loops, replays, titles, animations and screen "
            "recordings repeat by design and look the same: a repeat says copied, not forged.",
            paper="After Wang and Farid, ACM MM&Sec 2007",
            licence="Apache-2.0 (our own code)",
            accuracy="Own first look: of drawn footage into which 0.7 to 2 s were put twice, coded before and after, "
            "10 of 10 were found at CRF 23 and 6 of 10 at CRF 32, in the same without it nothing (N = 20); the "
            "constants are from the same footage. None of 14 genuine videos scored more than 0. The paper's rates are "
            "of its own measure. No calibration yet.",
            preprocessing="Means of luma in 12 x 12 cells of every picture.",
            # reads passages at the full rate: whoever asks pays for it
            by_default=False,
            links=("https://doi.org/10.1145/1288869.1288876",),
        )
    ]


def make(_name: str, _weights: WeightStore, _device: str) -> Detector:
    """The detector; it needs no weights."""
    return Weightless(cards()[0], RepeatsSession)


@dataclass(frozen=True)
class Repeat:
    """A stretch, by the numbers of its pictures, and how many pictures later it comes again."""

    first: int
    length: int
    later: int


@dataclass
class RepeatsSession:
    """144 means a picture: 4 MB for all passages."""

    times: list[float] = field(default_factory=list)
    means: list[Reals] = field(default_factory=list)
    moving: NDArray[np.bool_] = field(default_factory=lambda: np.zeros(0, np.bool_))
    repeats: list[Repeat] = field(default_factory=list)
    periodic: NDArray[np.bool_] = field(default_factory=lambda: np.zeros(0, np.bool_))

    def feed(self, batch: Batch) -> Iterator[ScoresMeasured]:
        if isinstance(batch, FrameBatch):
            for frame in batch.frames:
                if len(self.times) < MOST_PICTURES:
                    self.times.append(frame.pts_seconds)
                    self.means.append(_means(frame.rgb))
                yield ScoresMeasured(NAME, ())

    def drain(self) -> Iterator[ScoresMeasured]:
        """The points: what comes again can be told only when all is known."""
        if len(self.times) < 2 * LEAST_PICTURES:
            return
        means = np.stack(self.means)
        passages = self._passages()
        motion = _motion_within(means, passages, self._pictures(APART_SECONDS))
        self.moving = motion >= LEAST_MOTION
        scene = Scene(means, motion, self.moving, passages)
        least = self._pictures(LEAST_SECONDS)
        found: list[Repeat] = []
        for alike in _alike(scene, least):
            found = _longest([*found, *alike])
            yield ScoresMeasured(NAME, ())
        yield from self._part(scene, found, least)
        if self.moving.sum() >= LEAST_PICTURES:
            yield ScoresMeasured(NAME, self._points())

    def _part(self, scene: "Scene", found: list[Repeat], least: int) -> Iterator[ScoresMeasured]:
        """Takes what moves periodically out of the repeats, and those that lie in it for the most part."""
        self.periodic = np.zeros(len(self.times), np.bool_)
        for one in found:
            if _is_periodic(again := _again(scene, one, least), scene.passages):
                for first, length in ((one.first, one.length), (one.first + one.later, one.length)):
                    self.periodic[first : first + length] = True
                for first in again:
                    self.periodic[first : first + least] = True
            yield ScoresMeasured(NAME, ())
        self.repeats = [one for one in found if not self._lies_in_periodic(one)]

    def _lies_in_periodic(self, one: Repeat) -> bool:
        starts = (one.first, one.first + one.later)
        return any(self.periodic[first : first + one.length].mean() >= 0.5 for first in starts)

    def _passages(self) -> NDArray[np.int64]:
        """The number of each picture's passage: a step of time longer than usual begins another."""
        steps = np.diff(self.times)
        borders = steps > BORDER_STEPS * float(np.median(steps))
        return np.concatenate(([0], np.cumsum(borders)))

    def _pictures(self, seconds: float) -> int:
        """How many pictures last so long, LEAST_PICTURES at least for the length of a repeat."""
        step = float(np.median(np.diff(self.times)))
        count = round(seconds / step) if step > 0 else 1
        return max(count, LEAST_PICTURES if seconds == LEAST_SECONDS else 1)

    def _repeated(self) -> NDArray[np.bool_]:
        repeated = np.zeros(len(self.times), np.bool_)
        for one in self.repeats:
            for first in (one.first, one.first + one.later):
                repeated[first : first + one.length] = True
        return repeated

    def _told(self) -> NDArray[np.bool_]:
        """The pictures of which can be said whether they come again: none where those that move periodically leave too
        few for a stretch and its copy."""
        if not self.periodic.any():
            return self.moving
        told: NDArray[np.bool_] = self.moving & ~self.periodic
        for first, length in _runs(~self.periodic, self._passages()):
            # where a pendulum turns, say: no stretch lies between those that are left out
            if length < self._pictures(LEAST_SECONDS):
                told[first : first + length] = False
        told |= self._repeated()
        return told if told.sum() >= 2 * LEAST_PICTURES else np.zeros_like(told)

    def _points(self) -> tuple[ScorePoint, ...]:
        return tuple(
            ScorePoint(at, float(again)) if told else ScorePoint(at, None, reason=Reason.OUTSIDE_DOMAIN)
            for at, again, told in zip(self.times, self._repeated(), self._told(), strict=True)
        )

    def finish(self) -> Assessment:
        if len(self.times) < 2 * LEAST_PICTURES:
            detail = f"{len(self.times)} pictures were read; at least {2 * LEAST_PICTURES} are needed"
            return NotAssessed(Reason.TOO_SHORT, detail)
        if self.moving.sum() < LEAST_PICTURES:
            return NotAssessed(
                Reason.OUTSIDE_DOMAIN, "the pictures stand still, so any two of them are alike"
            )
        facts = self._facts()
        if not self._told().any():
            detail = (
                "nearly all that moves here moves periodically (a pendulum, a fan, flickering light, or a loop), so "
                "stretches resemble each other without a copy"
            )
            return NotAssessed(Reason.OUTSIDE_DOMAIN, detail, facts)
        score = _score(max((self._seconds(one) for one in self.repeats), default=0.0))
        return Verdict(score, Coverage(int(self._told().sum()), len(self.times)), facts=facts)

    def _facts(self) -> dict[str, Any]:
        held = self._held()
        return {
            "repeats": [self._fact(one) for one in self.repeats],
            "moves_periodically": [
                {
                    "start_seconds": round(self.times[first], 3),
                    "end_seconds": round(self.times[first + length - 1], 3),
                }
                for first, length in _runs(self.periodic, self._passages())[:KEPT]
            ],
            "held_pictures": len(held),
            "held_at_seconds": held[:KEPT],
        }

    def _seconds(self, one: Repeat) -> float:
        """By the rate of the pictures: passages that were not read must not make a repeat longer."""
        return one.length * float(np.median(np.diff(self.times)))

    def _held(self) -> list[float]:
        """When a picture was the same as the one before although things move."""
        means = np.stack(self.means)
        steps = np.abs(means[1:] - means[:-1]).mean(axis=1)
        held = (steps <= HELD * LEAST_MOTION) & self.moving[1:] & (np.diff(self._passages()) == 0)
        return [round(self.times[at + 1], 3) for at in np.flatnonzero(held)]

    def _fact(self, one: Repeat) -> dict[str, Any]:
        ends = (
            one.first,
            one.first + one.length - 1,
            one.first + one.later,
            one.first + one.later + one.length - 1,
        )
        names = ("start_seconds", "end_seconds", "again_start_seconds", "again_end_seconds")
        return {name: round(self.times[at], 3) for name, at in zip(names, ends, strict=True)}

    def evidence(self) -> Iterable[EvidenceMade]:
        if not self.repeats:
            return
        best = self.repeats[0]
        means = np.stack(self.means)
        curves = {
            name: [float(value) for value in _motion(means[first : first + best.length], 1)]
            for name, first in (("first time", best.first), ("again", best.first + best.later))
        }
        fact = self._fact(best)
        caption = (
            f"How much the pictures change, of {fact['start_seconds']} to {fact['end_seconds']} s and of "
            f"{fact['again_start_seconds']} to {fact['again_end_seconds']} s. A camera does not give the same twice; "
            "replays and loops do."
        )
        across = [at - self.times[best.first] for at in self.times[best.first : best.first + best.length]]
        panel = Panel(
            "change from picture to picture (levels), over seconds",
            thinned(across), {name: thinned(curve) for name, curve in curves.items()},
            across_name="time since the stretch began", across_unit="seconds", up_name="change", up_unit="levels",
        )  # fmt: skip
        title = "A stretch that comes again"
        yield EvidenceMade(NAME, "curve", title, caption, "image/png", draw([panel]), Curves((panel,)))


def _score(seconds: float) -> float:
    """0 without a repeat, 0.5 at the shortest that counts, 0.9 from three seconds on: it may be a replay."""
    if not seconds:
        return 0.0
    return min(0.9, 0.5 + 0.4 * max(seconds - LEAST_SECONDS, 0.0) / (3.0 - LEAST_SECONDS))


def _means(rgb: Pixels) -> Reals:
    import cv2

    height, width = rgb.shape[:2]
    side = (max(SIDE, min(width, 384)), max(SIDE, min(height, 384)))
    luma = cv2.cvtColor(cv2.resize(rgb, side, interpolation=cv2.INTER_AREA), cv2.COLOR_RGB2GRAY)
    small = cv2.resize(luma.astype(np.float32), (SIDE, SIDE), interpolation=cv2.INTER_AREA)
    means: Reals = np.asarray(small, np.float32).ravel()
    return means


@dataclass(frozen=True)
class Scene:
    """All pictures: their means, how much they move, whether that is enough, and the passage each is of."""

    means: Reals
    motion: Reals
    moving: NDArray[np.bool_]
    passages: NDArray[np.int64]

    def alike(self, ones: NDArray[np.int64], others: NDArray[np.int64]) -> NDArray[np.bool_]:
        differ = np.abs(self.means[others] - self.means[ones]).mean(axis=1)
        bound = LIKENESS * np.minimum(self.motion[others], self.motion[ones])
        same: NDArray[np.bool_] = (differ <= bound) & self.moving[others] & self.moving[ones]
        return same


def _motion_within(means: Reals, passages: NDArray[np.int64], apart: int) -> Reals:
    parts = np.split(means, np.flatnonzero(np.diff(passages)) + 1)
    return np.concatenate([_motion(part, apart) for part in parts])


def _motion(means: Reals, apart: int) -> Reals:
    """How far each picture is from the one `apart` before or after, the smaller of both: levels, mean of cells."""
    apart = min(apart, len(means) // 2)
    if not apart:
        return np.zeros(len(means), np.float32)
    steps = np.abs(means[apart:] - means[:-apart]).mean(axis=1)
    ahead = np.concatenate((steps, np.full(apart, steps[-1])))
    back = np.concatenate((np.full(apart, steps[0]), steps))
    motion: Reals = np.minimum(ahead, back).astype(np.float32)
    return motion


def _alike(scene: Scene, least: int) -> Iterator[list[Repeat]]:
    """The repeats at one distance after the other: `least` pictures or more, alike to those so much later."""
    every = np.arange(len(scene.means))
    for later in range(least, len(every) - least + 1):
        same = scene.alike(every[:-later], every[later:])
        borders = scene.passages[:-later] + scene.passages[later:]  # both only rise: so does either's border
        yield [Repeat(first, length, later) for first, length in _runs(same, borders) if length >= least]


def _again(scene: Scene, one: Repeat, least: int) -> list[int]:
    """Where else the middle of a stretch comes: the first place of each run of such places, itself among them."""
    begins = one.first + (one.length - least) // 2
    picked = np.arange(begins, begins + least)
    places = len(scene.means) - least + 1
    shares = np.zeros(places)
    for offset in range(least):
        shares += scene.alike(np.full(places, picked[offset]), np.arange(offset, offset + places))
    return [first for first, _ in _runs(shares >= FOUND_AGAIN * least, scene.passages[:places])]


def _is_periodic(places: list[int], passages: NDArray[np.int64]) -> bool:
    """Whether EQUAL_GAPS of the distances from one place to the next, of the same passage, are the same."""
    pairs = [(one, other) for one, other in pairwise(places) if passages[one] == passages[other]]
    gaps = np.array([other - one for one, other in pairs])
    return any((np.abs(gaps - gap) <= max(2, gap // 20)).sum() >= EQUAL_GAPS for gap in gaps)


def _runs(same: NDArray[np.bool_], passages: NDArray[np.int64]) -> list[tuple[int, int]]:
    """(first, length) of each run of what is the same, within one passage."""
    firsts = same & np.concatenate(([True], ~same[:-1] | (np.diff(passages) != 0)))
    lasts = same & np.concatenate((~same[1:] | (np.diff(passages) != 0), [True]))
    pairs = zip(np.flatnonzero(firsts), np.flatnonzero(lasts), strict=True)
    return [(int(first), int(last - first) + 1) for first, last in pairs]


def _longest(repeats: list[Repeat]) -> list[Repeat]:
    """The longest first, without those that lie within a longer one on both sides."""
    kept: list[Repeat] = []
    for one in sorted(repeats, key=lambda repeat: -repeat.length):
        if len(kept) < KEPT and not any(_meet(one, other) for other in kept):
            kept.append(one)
    return kept


def _meet(one: Repeat, other: Repeat) -> bool:
    again, others = one.first + one.later, other.first + other.later
    return abs(one.first - other.first) < max(one.length, other.length) and abs(again - others) < max(
        one.length, other.length
    )
