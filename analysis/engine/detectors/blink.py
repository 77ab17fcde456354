"""When and how long a face's eyes are closed, and whether that is as often as people blink.

The cue is that of Li, Chang and Lyu (In Ictu Oculi, 2018): swaps learnt from pictures of open eyes seldom closed them.
Those of today do. So the trace is what this detector is for, and its score is kept under half: it says how unlikely so
few or so many blinks would be where a person blinks 2 to 50 times a minute (Poisson, the nearer of both bounds), as
DeepVision (Jung et al., 2020) judges the number of blinks. How the trace is read: analysis/engine/signals/eyes.py.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from math import exp
from statistics import median
from typing import Any

import numpy as np

from analysis.engine.detectors.base import Card, Detector
from analysis.engine.detectors.curves import draw
from analysis.engine.detectors.passages import TraceSession, resting_on, too_slow
from analysis.engine.detectors.weightless import Weightless
from analysis.engine.plots import SPANS, Curves, Panel, Span
from analysis.engine.signals.eyes import Blink, blinks, openness
from analysis.engine.signals.oval import Reals
from analysis.engine.signals.traces import is_full_rate, stretches
from analysis.engine.types import (
    Assessment,
    Consumes,
    EvidenceMade,
    FaceCrop,
    MediaKind,
    NotAssessed,
    Reason,
    ScorePoint,
    ScoresMeasured,
    Verdict,
)
from analysis.engine.weights import WeightStore

NAME = "blink"
MIN_EYES_PX = 30.0  # an iris is then 6 px wide
MIN_SECONDS, MIN_STRETCH_SECONDS = 15.0, 1.0
SELDOM, OFTEN = 2 / 60, 50 / 60  # blinks a second
CAP = 0.45
MOST_NOISE = 0.06  # a quarter of a blink's least depth
SHOWN_POINTS = 1500


def cards() -> list[Card]:
    """The card of the blink detector."""
    return [
        Card(
            name=NAME,
            title="Blinks",
            version="1.0",
            family="physiology",
            subject="face",
            consumes=Consumes.FACES,
            dense=True,
            kinds=frozenset({MediaKind.VIDEO}),
            unit="frames",
            looks_at="How open the eyes are from frame to frame, when they blink, how long and how often.",
            cannot_see="Today's fakes blink, and a blink is no sign of a genuine face. Its use is the trace, to look "
            "at; its score stays under 0.45 whatever it finds. No score for less than 15 s of a face at 20 frames a "
            "second with eyes 30 px apart; sunglasses; pictures. Of recordings over two minutes it looks at twelve "
            "passages of 10 s, spread evenly. Known mistakes: a glance down, a wink or a shadow that passes counts as "
            "a blink; blinks of narrow, turned or blurred eyes are missed; people who stare, or blink more than once "
            "a second.",
            paper="After Li, Chang & Lyu, In Ictu Oculi, WIFS 2018; Soukupová & Čech, Real-time eye blink detection "
            "using facial landmarks, CVWW 2016; Jung et al., DeepVision, IEEE Access 2020",
            licence="Apache-2.0 (our own code)",
            accuracy="Drawn blinks are found within two frames. Own first look at 14 labelled videos with faces: two "
            "are long enough for a score, an autoencoder swap (0.12, one blink found in 30 s) and its genuine source "
            "(0.01, 16 found); of 12 blinks looked at frame by frame in two others all were found. No calibration yet.",
            preprocessing="Luma of both eyes, upright, 48 x 32 px; darkness as large as an iris times the share of "
            "upright edges, per track by its median; dips of a quarter or more, 60 to 500 ms.",
            # reads passages at the full rate, and its score decides nothing: whoever wants the trace asks for it
            by_default=False,
            links=("https://arxiv.org/abs/1806.02877", "https://doi.org/10.1109/ACCESS.2020.2988660"),
        )
    ]


def make(_name: str, _weights: WeightStore, _device: str) -> Detector:
    """The detector; it needs no weights."""
    return Weightless(cards()[0], BlinkSession)


@dataclass(frozen=True)
class Watch:
    """One face: rows of time and openness (1 is its median) by stretch without a gap, and its blinks."""

    track: int
    parts: tuple[Reals, ...]
    found: tuple[Blink, ...]
    noise: float

    @property
    def frames(self) -> int:
        return sum(map(len, self.parts))

    @property
    def seconds(self) -> float:
        return float(sum(part[-1, 0] - part[0, 0] for part in self.parts))

    @property
    def score(self) -> float | None:
        """None where too little is seen of the eyes."""
        told = self.seconds >= MIN_SECONDS and self.noise <= MOST_NOISE
        return CAP * unlikely(len(self.found), self.seconds) if told else None


@dataclass
class BlinkSession(TraceSession):
    """Traces of one run: how open both eyes are."""

    name = NAME
    numbers = 2
    watches: list[Watch] = field(default_factory=list)
    too_slow: bool = False

    def note(self, face: FaceCrop) -> None:
        eyes = self.seen.eyes(face, least_px=MIN_EYES_PX)
        if eyes is not None:
            self.keep(face, *openness(face, *eyes))

    def drain(self) -> Iterator[ScoresMeasured]:
        for track, rows in self.rows():
            watch = watched(track, rows)
            if watch is None:
                self.too_slow |= any(_lasts(part) for part in stretches(rows))
                continue
            self.watches.append(watch)
            middle = float(watch.parts[0][0, 0] + watch.parts[-1][-1, 0]) / 2
            score, reason = watch.score, self._refusal(watch).reason
            yield ScoresMeasured(NAME, (ScorePoint(middle, score, track, reason if score is None else None),))

    def finish(self) -> Assessment:
        scored = [watch for watch in self.watches if watch.score is not None]
        if not scored:
            return self._abstain()
        best = max(scored, key=lambda watch: (watch.score or 0.0, watch.seconds))
        count = sum(watch.frames for watch in scored)
        coverage = resting_on(best.frames, count, self.seen.frames, "frames")
        return Verdict(best.score or 0.0, coverage, facts=self._facts(best))

    def _abstain(self) -> NotAssessed:
        longest = self._shown()
        if longest is not None:
            refusal = self._refusal(longest)
            return NotAssessed(refusal.reason, refusal.detail, self._facts(longest))
        if self.too_slow:
            return too_slow()
        if self.traces:
            return NotAssessed(Reason.TOO_SHORT, "no face is seen for a second without a gap")
        return self.seen.absence()

    def _refusal(self, watch: Watch) -> NotAssessed:
        if watch.seconds < MIN_SECONDS:
            detail = (
                f"the eyes are seen for {watch.seconds:.1f} s; how often they blink within {MIN_SECONDS:.0f} s says "
                "nothing, and when stands in the trace"
            )
            return NotAssessed(Reason.TOO_SHORT, detail)
        return NotAssessed(Reason.OUTSIDE_DOMAIN, "how open the eyes are cannot be told from noise")

    def _shown(self) -> Watch | None:
        """The face that decides, or the one seen longest."""
        scored = [watch for watch in self.watches if watch.score is not None]
        return max(
            scored or self.watches, key=lambda watch: (watch.score or 0.0, watch.seconds), default=None
        )

    def _facts(self, best: Watch) -> dict[str, Any]:
        return {
            "verdict_of_track": best.track,
            "frames_looked_at": self.seen.frames,
            "faces": [_told(watch) for watch in self.watches][:50],
            "blinks": [_described(blink) for blink in best.found][:200],
            "plot": _plot(best),
        }

    def evidence(self) -> Iterable[EvidenceMade]:
        shown = self._shown()
        if shown is None:
            return
        plot = _plot(shown)
        spans = [Span(blink.began_seconds, blink.ended_seconds, "blink") for blink in shown.found]
        caption = (
            f"How open the eyes of face {shown.track} are, 1 being their median; shaded are its {len(spans)} blinks. "
            "Gaps are where it is not seen. Fakes of today blink too."
        )
        panel = Panel(
            "openness of the eyes over seconds", plot["seconds"], {"eyes": plot["openness"]},
            across_name="media time", across_unit="s", up_name="openness, 1 = the median", spans=spans[:SPANS],
        )  # fmt: skip
        title = "How open the eyes are"
        yield EvidenceMade(NAME, "blinks", title, caption, "image/png", draw((panel,)), Curves((panel,)))


def watched(track: int, rows: Reals) -> Watch | None:
    """Of rows of time and openness of both eyes; None where nothing of it is long and dense enough."""
    level = np.maximum(np.median(rows[:, 1:], axis=0), 1e-6)
    trace = np.column_stack([rows[:, 0], (rows[:, 1:] / level).mean(axis=1)])
    parts = tuple(part for part in stretches(trace) if _lasts(part) and is_full_rate(part[:, 0]))
    if not parts:
        return None
    found = tuple(blink for part in parts for blink in blinks(part[:, 0], part[:, 1]))
    # second differences: white noise has them 2.45 times as large, and eyes that open or close hardly any
    bends = np.concatenate([np.abs(np.diff(part[:, 1], 2)) for part in parts])
    return Watch(track, parts, found, float(1.4826 * np.median(bends) / 6**0.5))


def _lasts(part: Reals) -> bool:
    return bool(part[-1, 0] - part[0, 0] >= MIN_STRETCH_SECONDS)


def unlikely(count: int, seconds: float) -> float:
    """1 less the chance of so few blinks of somebody who seldom blinks, or so many of one who often does."""
    few = _at_most(count, SELDOM * seconds)
    many = 1 - _at_most(count - 1, OFTEN * seconds)
    return min(max(1 - min(few, many), 0.0), 1.0)


def _at_most(count: int, mean: float) -> float:
    """The chance that a Poisson number is `count` or less."""
    term, total = exp(-mean), 0.0
    for number in range(count + 1):
        total += term
        term *= mean / (number + 1)
    return total


def _told(watch: Watch) -> dict[str, Any]:
    lengths = [blink.seconds for blink in watch.found]
    return {
        "track": watch.track,
        "seconds": round(watch.seconds, 1),
        "blinks": len(lengths),
        "blinks_a_minute": round(60 * len(lengths) / watch.seconds, 1),
        "median_blink_ms": round(1000 * median(lengths)) if lengths else None,
        "noise": round(watch.noise, 3),
    }


def _described(blink: Blink) -> dict[str, Any]:
    return {
        "pts_seconds": round(blink.pts_seconds, 3),
        "ms": round(1000 * blink.seconds),
        "depth": round(blink.depth, 2),
    }


def _plot(watch: Watch) -> dict[str, Any]:
    """Plot data, None between two stretches; of long traces the most closed of every few frames."""
    few = -(-watch.frames // SHOWN_POINTS)
    seconds: list[float] = []
    values: list[float | None] = []
    for part in watch.parts:
        if seconds:
            seconds.append(round(float(part[0, 0]), 3))
            values.append(None)
        for at in range(0, len(part), few):
            lowest = part[at : at + few][int(np.argmin(part[at : at + few, 1]))]
            seconds.append(round(float(lowest[0]), 3))
            values.append(round(float(lowest[1]), 3))
    return {"seconds": seconds, "openness": values}
