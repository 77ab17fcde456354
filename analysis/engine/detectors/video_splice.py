"""Shots of another making: one whose texture, bars, colour or earlier block grid is unlike that of all the others.

That material of several sources was joined is common and honest; a cut alone never counts. After Mandelli, Bestagini
and Tubaro, Blind detection and localization of video temporal splicing exploiting sensor-based footprints (2018), who
compare the sensor patterns of shots. Ours differs: a sensor pattern needs many bright, still pictures and is lost in
stabilised and shared video, so what analysis/engine/signals/shots.py measures is compared, each shot with all others.
Noise and detail are one sign, since rate control moves both, and so is the grid of a coding that took detail.

Constants are from drawn films of our own, joined from parts that were made differently (tests).
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from analysis.engine.detectors.base import Card, Detector
from analysis.engine.detectors.curves import draw
from analysis.engine.detectors.weightless import Weightless
from analysis.engine.plots import Curves, Panel, Span, thinned
from analysis.engine.signals.shots import LEAST_BARS, MOST_SAMPLES, Cutter, Imprint, Shot, imprint, look
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

NAME = "video-splice"
LEAST_SHOTS, LEAST_SAMPLES = 3, 4
LEAST_SIDE = 128
MOST_ONE_TONE = (
    0.6  # titles, fades and night: drawn or black, they were made by no camera that could be compared
)
MOST_SHOTS = 1500  # what comes after is not looked at
ODD_SHARE = 1 / 3  # of the samples: what is more than that is no exception
LEAST_NOISE, LEAST_DETAIL, LEAST_SPREADS = 1.0, 0.7, 5.0  # powers of two
LEAST_GRID, MOST_OTHER_GRID = 0.25, 0.12
DIM = 48.0  # levels: a drawn film at a third of the light lies below; there noise and detail are less, as is light
NO_COLOUR, LEAST_COLOUR = 2.0, 8.0  # levels
TEXTURE, GRID, BARS = "noise or detail", "earlier grid", "bars"
SCORES = (0.0, 0.3, 0.55, 0.7)  # by how many signs agree: archive pictures in a report show as much
KEPT = 20


def cards() -> list[Card]:
    """The card of the detector of shots of another making."""
    return [
        Card(
            name=NAME,
            title="Shots of another making",
            version="1.1",
            family="video-splice",
            subject="picture",
            consumes=Consumes.FRAMES,
            kinds=frozenset({MediaKind.VIDEO}),
            unit="frames",
            looks_at="Whether a shot was made otherwise than all others of the file: more or less noise or fine "
            "detail, a block grid of an earlier coding that the last does not explain, black bars, or no colour.",
            cannot_see="Why: archive pictures in a report, a phone clip in a broadcast and a flashback without colour "
            "are of another making and honest, so one sign alone scores 0.3 and all of them 0.7. A common last coding "
            "takes noise, detail and grids away: in drawn films at CRF 28 only bars and colour were left. Parts from "
            "the same camera and coding; joins without a visible cut, such as a face put into a shot; what is a third "
            "of the file or more; files of fewer than three shots of 0.8 s; what comes after 1,500 shots, however "
            "short, which is left out of the coverage; frame rates, held pictures and sensor patterns, which it does "
            "not compare; bars on all four sides, and those of pictures so dark that they end in no step: a dark wall "
            "looks the same. Shots out of focus, in the dark or in fast motion have less "
            "noise and detail: that is one sign. Titles and shots mostly of one tone are left out.",
            paper="After Mandelli, Bestagini and Tubaro, 2018; Mahdian and Saic, IVC 2009; Fan and De "
            "Queiroz, IEEE TIP 2003",
            licence="Apache-2.0 (our own code)",
            accuracy="Own first look: a drawn film of five shots, the third made otherwise, coded at CRF 20: noise of "
            "8 instead of 2.5 levels, bars and missing colour were told, scaling up by two and an earlier MPEG-2 "
            "coding were not; noise with missing colour scored 0.55, a third of the light 0.3, shots of one making 0. "
            "The constants are from such films. Videos used in development have too few shots to be scored. No "
            "calibration yet.",
            preprocessing="Samples at full size: 12 tiles of 128 px for noise and detail, every fourth row and column "
            "for grids; 200 samples of a shot at most.",
            by_default=False,
            links=(
                "https://re.public.polimi.it/handle/11311/1086341",
                "https://doi.org/10.1016/j.imavis.2009.02.001",
                "https://doi.org/10.1109/TIP.2002.807361",
            ),
        )
    ]


def make(_name: str, _weights: WeightStore, _device: str) -> Detector:
    """The detector; it needs no weights."""
    return Weightless(cards()[0], VideoSpliceSession)


@dataclass(frozen=True)
class Told:
    """A shot that is long enough: where it lies, how it was made, and which signs set it apart from the others."""

    shot: Shot
    made: Imprint
    signs: tuple[str, ...] = ()

    @property
    def score(self) -> float:
        # an earlier coding leaves its grid and takes detail: one cause; so does the dark, which looks like bars
        signs = set(self.signs)
        dark = self.made.light < DIM
        return SCORES[len(signs) - int({TEXTURE, GRID} <= signs) - int(dark and {TEXTURE, BARS} <= signs)]


@dataclass
class VideoSpliceSession:
    """A few hundred bytes a sample, of 200 samples a shot at most."""

    times: list[float] = field(default_factory=list)
    shots: list[Shot] = field(default_factory=list)
    cutter: Cutter = field(default_factory=Cutter)
    told: list[Told] = field(default_factory=list)
    drawn: set[int] = field(default_factory=set)
    looked: int = 0  # number of the sample after the last that was looked at
    full: bool = False
    too_small: str = ""

    def feed(self, batch: Batch) -> Iterator[ScoresMeasured]:
        if isinstance(batch, FrameBatch):
            for frame in batch.frames:
                height, width = frame.rgb.shape[:2]
                if min(height, width) < LEAST_SIDE:
                    self.too_small = f"{width} x {height} px"
                else:
                    self._take(frame.pts_seconds, frame.rgb)
                yield ScoresMeasured(NAME, ())

    def _take(self, pts_seconds: float, rgb: Pixels) -> None:
        if not self.full and self.cutter.begins(rgb):
            self._close()
            self.full = len(self.shots) == MOST_SHOTS
            if not self.full:
                self.shots.append(Shot(len(self.times)))
        self.times.append(pts_seconds)
        if not self.full:
            self._look(self.shots[-1], rgb)

    def _look(self, shot: Shot, rgb: Pixels) -> None:
        self.looked = shot.ends = len(self.times)
        if len(shot.looks) < MOST_SAMPLES:
            shot.looks.append(look(rgb))

    def _close(self) -> None:
        """A shot is kept as its imprint: looks would be 100 MB over four hours."""
        if self.shots and self.shots[-1].looks:
            shot = self.shots[-1]
            if shot.ends - shot.begins >= LEAST_SAMPLES:
                made = imprint(shot)
                if made.one_tone < MOST_ONE_TONE:
                    self.told.append(Told(shot, made))
                else:
                    self.drawn.update(range(shot.begins, shot.ends))
            shot.looks.clear()

    def drain(self) -> Iterator[ScoresMeasured]:
        """The points: a shot is told from all the others."""
        self._close()
        if len(self.told) < LEAST_SHOTS:
            return
        self.told = [replace(one, signs=_signs(one, self.told)) for one in self.told]
        yield ScoresMeasured(NAME, tuple(self._points()))

    def _points(self) -> Iterator[ScorePoint]:
        scores: dict[int, float] = {}
        for one in self.told:
            scores |= dict.fromkeys(range(one.shot.begins, one.shot.ends), one.score)
        for number, at in enumerate(self.times):
            score = scores.get(number)
            yield ScorePoint(at, score, reason=self._missing(number) if score is None else None)

    def _missing(self, number: int) -> Reason:
        left_out = number in self.drawn or number >= self.looked
        return Reason.OUTSIDE_DOMAIN if left_out else Reason.TOO_SHORT

    def finish(self) -> Assessment:
        if not self.times:
            detail = f"the picture is {self.too_small}; at least {LEAST_SIDE} px a side are needed"
            return NotAssessed(Reason.OUTSIDE_DOMAIN, detail)
        if len(self.told) < LEAST_SHOTS:
            detail = (
                f"{len(self.told)} shots of {LEAST_SAMPLES} samples or more that are not mostly of one tone; at "
                f"least {LEAST_SHOTS} are needed to tell an exception"
            )
            return NotAssessed(
                Reason.OUTSIDE_DOMAIN, detail, {"shots": [self._fact(one) for one in self.told]}
            )
        odd = sorted((one for one in self.told if one.signs), key=lambda one: -one.score)
        scored = sum(one.shot.ends - one.shot.begins for one in self.told)
        facts: dict[str, Any] = {
            "shots": len(self.told),
            "of_another_making": [self._fact(one) for one in odd[:KEPT]],
        }
        if self.full:
            facts["looked_at_until_seconds"] = round(self.times[self.looked - 1], 3)
        score = max((one.score for one in odd), default=0.0)
        return Verdict(score, Coverage(scored, len(self.times)), facts=facts)

    def _fact(self, one: Told) -> dict[str, Any]:
        made = one.made
        return {
            "start_seconds": round(self.times[one.shot.begins], 3),
            "end_seconds": round(self.times[one.shot.ends - 1], 3),
            "signs": list(one.signs),
            "noise_log2": _rounded(made.noise),
            "detail_log2": _rounded(made.detail),
            "earlier_grid_log2": _rounded(made.earlier_grid),
            "bars": [_rounded(edge) for edge in made.bars],
            "colour_levels": _rounded(made.colour),
        }

    def evidence(self) -> Iterable[EvidenceMade]:
        if len(self.told) < LEAST_SHOTS:
            return
        panels = [
            self._panel("noise of smooth places", "levels, log2", lambda made: made.noise),
            self._panel("finest detail over the next coarser", "log2", lambda made: made.detail),
            self._panel(
                "grid of an earlier coding", "log2 over the usual step", lambda made: made.earlier_grid
            ),
            self._panel(
                "black bars, all four sides", "share of the side", lambda made: float(np.nansum(made.bars))
            ),
            self._panel("colour", "levels", lambda made: made.colour),
        ]
        caption = (
            "How each shot was made, by what does not depend on what it shows: one value a shot. Marked are shots that "
            "differ from all the others. Archive pictures, phone clips and flashbacks do, and so does what was put in."
        )
        title = "How each shot was made"
        yield EvidenceMade(NAME, "curve", title, caption, "image/png", draw(panels), Curves(panels))

    def _panel(self, name: str, unit: str, of: Callable[[Imprint], float]) -> Panel:
        values: list[float | None] = [None] * len(self.times)
        for one in self.told:
            value = of(one.made)
            values[one.shot.begins : one.shot.ends] = [value if np.isfinite(value) else None] * (
                one.shot.ends - one.shot.begins
            )
        spans = [
            Span(self.times[one.shot.begins], self.times[one.shot.ends - 1], ", ".join(one.signs))
            for one in self.told
            if one.signs
        ]
        return Panel(
            f"{name} ({unit}), over seconds", thinned(self.times), {name: thinned(values)},
            across_name="media time", across_unit="s", up_name=name, up_unit=unit, spans=spans,
        )  # fmt: skip


def _rounded(value: float) -> float | None:
    return round(value, 3) if np.isfinite(value) else None


def _signs(one: Told, told: list[Told]) -> tuple[str, ...]:
    """What sets a shot apart from all the others; nothing where it is a third of the film or more."""
    total = sum(other.shot.ends - other.shot.begins for other in told)
    if one.shot.ends - one.shot.begins >= ODD_SHARE * total:
        return ()
    others = [other.made for other in told if other is not one]
    signs = {
        TEXTURE: _textured(one.made, others),
        GRID: _gridded(one.made, others),
        BARS: _barred(one.made, others),
        "colour": _coloured(one.made, others),
    }
    return tuple(name for name, differs in signs.items() if differs)


def _textured(made: Imprint, others: list[Imprint]) -> bool:
    return _stands(made.noise, [one.noise for one in others], LEAST_NOISE) or _stands(
        made.detail, [one.detail for one in others], LEAST_DETAIL
    )


def _stands(value: float, others: list[float], least: float) -> bool:
    """Whether a value lies beyond all others by as much, and by as many deviations of theirs."""
    known = np.array([other for other in others if np.isfinite(other)])
    if not np.isfinite(value) or len(known) < LEAST_SHOTS - 1:
        return False
    spread = 1.4826 * float(np.median(np.abs(known - np.median(known))))
    beyond = max(value - float(known.max()), float(known.min()) - value)
    return beyond >= least and abs(value - float(np.median(known))) >= LEAST_SPREADS * spread


def _gridded(made: Imprint, others: list[Imprint]) -> bool:
    return made.earlier_grid >= LEAST_GRID and all(one.earlier_grid <= MOST_OTHER_GRID for one in others)


def _barred(made: Imprint, others: list[Imprint]) -> bool:
    """Whether the bars differ from those of every other shot; a shot in the dark has none to compare."""
    edges, rest = np.array(_bars(made)), np.array([_bars(one) for one in others])
    rest = rest[np.isfinite(rest).all(axis=1)]
    if not np.isfinite(edges).all() or len(rest) < LEAST_SHOTS - 1:
        return False
    # others that differ among themselves as much have no bars of their own either: dark scenes look barred
    alike = bool((np.ptp(rest, axis=0) < LEAST_BARS).all())
    return alike and bool((np.abs(rest - edges).max(axis=1) >= LEAST_BARS).all())


def _bars(made: Imprint) -> tuple[float, float, float, float]:
    """Black on all four sides is the ground of a title or a dark place, or a window within the picture: no bars."""
    left, top, right, bottom = made.bars
    around = max(left, right) >= LEAST_BARS and max(top, bottom) >= LEAST_BARS
    return (np.nan, np.nan, np.nan, np.nan) if around else made.bars


def _coloured(made: Imprint, others: list[Imprint]) -> bool:
    if made.colour <= NO_COLOUR:
        return all(one.colour >= LEAST_COLOUR for one in others)
    return made.colour >= LEAST_COLOUR and all(one.colour <= NO_COLOUR for one in others)
