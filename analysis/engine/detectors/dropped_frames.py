"""Pictures that are missing from a shot although the times of the others are regular: one step of all movement that is
many times as long as those around it.

Measured by analysis/engine/signals/leaps.py; its sources stand there. Nothing tells why: whoever shortens an interview
leaves the same as whoever hides a moment. Constants are from drawn footage of our own (tests), not from any data set.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

import numpy as np

from analysis.engine.detectors.base import Card, Detector
from analysis.engine.detectors.leap_sheet import DETECTOR, Leap, Shown, curve, leaps_of, place
from analysis.engine.detectors.weightless import Weightless
from analysis.engine.signals.leaps import Follower, Judged, Step, Steps, joined, judged
from analysis.engine.types import (
    Assessment,
    Batch,
    Consumes,
    Coverage,
    EvidenceMade,
    FrameBatch,
    MediaKind,
    NotAssessed,
    Reason,
    ScorePoint,
    ScoresMeasured,
    Verdict,
)
from analysis.engine.weights import WeightStore

NAME = DETECTOR
LEAST_PICTURES = 30
LEAST_FPS = 15.0
BORDER_STEPS = 1.5  # median steps of time: the file itself says that something is missing there
STEADY, STEADY_SHARE = 0.25, 0.95
MOST_HELD_SHARE = 0.2
LEAST_MOVING = 24
MOST_PICTURES = 7500  # 12 passages of 10 s at 60 a second, and some
OFTEN, OFTEN_PER_SECOND = 4, 0.5
EQUAL_GAPS = 3
KEPT = 20


def cards() -> list[Card]:
    """The card of the detector of missing pictures."""
    return [
        Card(
            name=NAME,
            title="Missing pictures",
            version="1.0",
            family="dropped-frames",
            subject="picture",
            consumes=Consumes.FRAMES,
            dense=True,
            kinds=frozenset({MediaKind.VIDEO}),
            unit="frames",
            looks_at="Whether everything moves, in one step between two pictures of a shot, 3.5 times as far as in "
            "any other within half a second or more, as where pictures were taken out.",
            cannot_see="Why pictures are missing: jump cuts of interviews and recorders that lose pictures without "
            "holding others look the same, so the score ends at 0.8. Pictures taken out while things stand still or "
            "move less than a fifth of a pixel a step (of 160 across); one or two pictures, which only double or "
            "treble a step, and more where speed varies, as of people who speak; stretches after which the scene "
            "looks another, as after any cut; missing pictures near held ones, where a recorder lost some (told as a "
            "fact); what the times themselves show, which gop tells. A knock on the camera or a picture transition "
            "that lasts one picture looks the same. Not assessed: under 15 pictures a second, varying rates, more "
            "than a fifth of pictures held (screen recordings, animation), leaps that come often or regularly. Of "
            "recordings over two minutes twelve passages of 10 s are read.",
            paper="After Wu, Jiang, Sun and Wang, ICASSP 2014; Feng et al., IEEE TCSVT 2017",
            licence="Apache-2.0 (our own code)",
            accuracy="Own first look: in 16 drawn films nothing was told; with 3, 8 and 25 pictures taken out, 4, 12 "
            "and 12 of 16 were. Of 19 videos used in development none is told; with 8 or 25 pictures taken out of "
            "their decoded copies at two places each, 29 of 74 were. The constants are from the drawn films; how "
            "much farther a leap must go, 3.5 times, was set after seeing 2.9 in one of the 19. The papers' rates "
            "are of their own measures. No calibration yet.",
            preprocessing="Dense optical flow between luma copies of 160 px, means in 16 x 12 cells.",
            # reads passages at the full rate: whoever asks pays for it
            by_default=False,
            links=(
                "https://doi.org/10.1109/ICASSP.2014.6854085",
                "https://doi.org/10.1109/TCSVT.2016.2593612",
            ),
        )
    ]


def make(_name: str, _weights: WeightStore, _device: str) -> Detector:
    """The detector; it needs no weights."""
    return Weightless(cards()[0], DroppedFramesSession)


@dataclass
class DroppedFramesSession:
    """192 speeds a picture: 6 MB for all passages."""

    times: list[float] = field(default_factory=list)
    steps: list[Step | None] = field(default_factory=list)
    follower: Follower = field(default_factory=Follower)
    shown: Shown = field(default_factory=Shown)
    film: Judged | None = None
    refused: NotAssessed | None = None
    leaps: list[Leap] = field(default_factory=list)

    def feed(self, batch: Batch) -> Iterator[ScoresMeasured]:
        if isinstance(batch, FrameBatch):
            for frame in batch.frames:
                if len(self.times) < MOST_PICTURES:
                    step = self.follower.step(frame.rgb)
                    self.shown.offer(len(self.times), step, frame.rgb)
                    self.times.append(frame.pts_seconds)
                    self.steps.append(step)
                yield ScoresMeasured(NAME, ())

    def drain(self) -> Iterator[ScoresMeasured]:
        """The points: a step can be told only from those on both sides."""
        self.refused = _times_refused(self.times)
        if self.refused:
            return
        self.film = film_of(self.times, self.steps)
        yield ScoresMeasured(NAME, ())
        leaps = leaps_of(self.film)
        self.refused = _refused(self.film, leaps, self.times)
        if self.refused is None:
            self.leaps = sorted(leaps, key=lambda leap: -leap.times)
            yield ScoresMeasured(NAME, self._points(self.film))

    def _points(self, film: Judged) -> tuple[ScorePoint, ...]:
        found = {leap.at: leap for leap in self.leaps}
        return tuple(
            ScorePoint(at, found[number].score, box=found[number].box)
            if number in found
            else ScorePoint(at, 0.0)
            if moves
            else ScorePoint(at, None, reason=Reason.OUTSIDE_DOMAIN)
            for number, (at, moves) in enumerate(zip(self.times, film.moving, strict=True))
        )

    def finish(self) -> Assessment:
        if self.film is None or self.refused is not None:
            return self.refused or NotAssessed(Reason.TOO_SHORT, "no picture was read")
        score = max((leap.score for leap in self.leaps), default=0.0)
        facts = {"leaps": [self._fact(leap) for leap in self.leaps[:KEPT]], **_facts(self.film, self.times)}
        return Verdict(score, Coverage(int(self.film.moving.sum()), len(self.times)), facts=facts)

    def _fact(self, leap: Leap) -> dict[str, Any]:
        return {
            "before_seconds": round(self.times[leap.at - 1], 3),
            "after_seconds": round(self.times[leap.at], 3),
            "times_the_largest_around": leap.times,
            "box": [round(edge, 4) for edge in leap.box],
        }

    def evidence(self) -> Iterable[EvidenceMade]:
        if self.film is None:
            return
        yield curve(self.film, self.times, self.leaps)
        if self.leaps and (picture := self.shown.picture(self.leaps[0].at)) is not None:
            yield place(self.film, self.leaps[0], self.times[self.leaps[0].at], picture)


def _times_refused(times: list[float]) -> NotAssessed | None:
    """Why the times alone forbid a conclusion."""
    if len(times) < LEAST_PICTURES:
        detail = f"{len(times)} pictures were read; at least {LEAST_PICTURES} are needed"
        return NotAssessed(Reason.TOO_SHORT, detail)
    steps = np.diff(times)
    usual = float(np.median(steps))
    if usual <= 0 or 1 / usual < LEAST_FPS:
        rate = f"{1 / usual:.1f}" if usual > 0 else "no"
        detail = f"it has {rate} pictures a second; at least {LEAST_FPS:.0f} are needed to tell a leap from movement"
        return NotAssessed(Reason.OUTSIDE_DOMAIN, detail)
    if (np.abs(steps - usual) <= STEADY * usual).mean() < STEADY_SHARE:
        return NotAssessed(
            Reason.OUTSIDE_DOMAIN, "its pictures come at a varying rate, so steps cannot be compared"
        )
    return None


def film_of(times: list[float], steps: list[Step | None]) -> Judged:
    """All passages judged, one value a picture; the first of each has none. `times` are steady."""
    usual = float(np.median(np.diff(times)))
    borders = np.flatnonzero(np.diff(times) > BORDER_STEPS * usual) + 1
    # a picture of another size has no step either
    borders = np.union1d(borders, [at for at, step in enumerate(steps) if step is None and at])
    parts = []
    for first, last in pairwise([0, *(int(at) for at in borders), len(steps)]):
        passage = [step for step in steps[first + 1 : last] if step]
        parts.append(judged(Steps.of(passage), step_seconds=usual))
    return joined(parts)


def _refused(film: Judged, leaps: list[Leap], times: list[float]) -> NotAssessed | None:
    """Why what moves forbids a conclusion."""
    facts, usual = _facts(film, times), float(np.median(np.diff(times)))
    held, moving = int(film.held.sum()), int(film.moving.sum())
    if held > MOST_HELD_SHARE * len(times):
        detail = (
            f"{held} of {len(times)} pictures are held, as in screen recordings, animation and after a change "
            "of rate"
        )
        return NotAssessed(Reason.OUTSIDE_DOMAIN, detail, facts)
    if moving < LEAST_MOVING:
        return NotAssessed(Reason.OUTSIDE_DOMAIN, "too little moves to tell a missing picture", facts)
    if _is_regular([leap.at for leap in leaps]):
        detail = f"movement leaps {len(leaps)} times at equal distances, as after a change of rate"
        return NotAssessed(Reason.OUTSIDE_DOMAIN, detail, facts)
    if len(leaps) > max(OFTEN, OFTEN_PER_SECOND * moving * usual):
        detail = f"movement leaps {len(leaps)} times in {moving * usual:.0f} s that move, as an unsteady camera does"
        return NotAssessed(Reason.OUTSIDE_DOMAIN, detail, facts)
    return None


def _is_regular(places: list[int]) -> bool:
    gaps = np.diff(places)
    return any(int((np.abs(gaps - gap) <= 1).sum()) >= EQUAL_GAPS for gap in gaps)


def _facts(film: Judged, times: list[float]) -> dict[str, Any]:
    lost = np.flatnonzero(film.lost)
    return {
        "held_pictures": int(film.held.sum()),
        "recorder_lost_some_seconds": [round(times[at], 3) for at in lost[:KEPT]],
    }
