"""The data behind a picture of evidence, so that pages draw it sharp and programs need not read it off pixels.

Importable without NumPy: the web and the recorder write these down.
"""

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

from analysis.engine.types import Box

CURVE_VALUES, CURVES, PANELS = 4096, 16, 8
MAP_SIDE = 64
SPANS = 200
TRACKS, FACES_PER_TRACK = 8, 12
LABEL_CHARACTERS = 120
SECONDS = ("s", "seconds")
Value = TypeVar("Value")
Place = Callable[[float | None], float | None]


class UnsoundPlot(ValueError):
    """Data of a plot that do not fit each other, or are larger than what is kept."""


@dataclass(frozen=True)
class Span:
    """A stretch along the horizontal axis, in its unit; `label` says what was seen there."""

    begins: float
    ends: float
    label: str = ""


@dataclass(frozen=True)
class Band:
    """What values a curve is compared with: from `low` to `high`, one of each for every place on the axis.

    None in both is a place without such a reference, None in `low` alone one without a lower end.
    """

    name: str
    low: Sequence[float | None]
    high: Sequence[float | None]


@dataclass(frozen=True)
class Panel:
    """Curves by name over one ascending axis; `title` names it with its units. None in a curve is a gap.

    An `across_unit` of "s" is media time. `marks` are single places on the axis with what is said of them, `spans` what
    was marked, `gaps` where nothing could be assessed. `scale` is the vertical axis where its ends mean something.
    """

    title: str
    across: Sequence[float]
    curves: Mapping[str, Sequence[float | None]]
    across_name: str = ""
    across_unit: str = ""
    up_name: str = ""
    up_unit: str = ""
    band: Band | None = None
    marks: Sequence[tuple[float, str]] = ()
    spans: Sequence[Span] = ()
    gaps: Sequence[Span] = ()
    scale: tuple[float, float] | None = None


@dataclass(frozen=True)
class Curves:
    """Panels below each other. `whole` is false where the picture shows more than they do."""

    panels: Sequence[Panel]
    whole: bool = True


@dataclass(frozen=True)
class Spectrogram:
    """What the picture of a spectrogram shows; `plane` is where in the picture it lies, in 0–1.

    spans: in seconds of media time, what was marked. scores: (begins, ends, score) of each window that has one.
    """

    begins_seconds: float
    ends_seconds: float
    top_hz: float
    plane: Box
    spans: Sequence[Span] = ()
    scores: Sequence[tuple[float, float, float]] = ()


@dataclass(frozen=True)
class Map:
    """A coarse map, at most 64 × 64, None where nothing was measured, over a part (`region`) of the upright frame.

    `pts_seconds` is the frame's, None for a still picture. `marks` are boxes in 0–1 of the frame.
    """

    name: str
    rows: Sequence[Sequence[float | None]]
    unit: str = ""
    region: Box = (0.0, 0.0, 1.0, 1.0)
    pts_seconds: float | None = None
    marks: Sequence[tuple[Box, str]] = ()


@dataclass(frozen=True)
class StripFace:
    """One crop of a strip: when, where in the frame, and where in the picture (`tile`, in 0–1)."""

    pts_seconds: float
    box: Box
    tile: Box


@dataclass(frozen=True)
class StripTrack:
    """One face over time. `frames` is in how many samples it was usable; `gaps` are stretches without it."""

    track: int
    begins_seconds: float
    ends_seconds: float
    frames: int
    faces: Sequence[StripFace]
    gaps: Sequence[Span] = ()


@dataclass(frozen=True)
class Strip:
    """The faces of a run, one row per track; `tracks_left_out` counts the shorter ones that are not shown."""

    tracks: Sequence[StripTrack]
    tracks_left_out: int = 0


Plot = Curves | Spectrogram | Map | Strip
KINDS: Mapping[type, str] = {Curves: "curves", Spectrogram: "spectrogram", Map: "map", Strip: "strip"}


@dataclass(frozen=True)
class Described:
    """A plot in JSON's types, and which part of the file it is of (None where it is of no part)."""

    kind: str
    data: Mapping[str, Any] = field(default_factory=dict)
    begins_seconds: float | None = None
    ends_seconds: float | None = None
    box: Box | None = None


def described(plot: Plot) -> Described:
    """The plot as it is kept. Raises UnsoundPlot."""
    if isinstance(plot, Curves):
        return _curves(plot)
    if isinstance(plot, Spectrogram):
        return _spectrogram(plot)
    if isinstance(plot, Map):
        return _map(plot)
    if isinstance(plot, Strip):
        return _strip(plot)
    raise UnsoundPlot(f"{plot!r:.80} is no plot")


def thinned(values: Sequence[Value], most: int = CURVE_VALUES // 4) -> Sequence[Value]:
    """Every n-th of the values, so that at most so many are left."""
    return values[:: max(1, -(-len(values) // most))]


def _curves(plot: Curves) -> Described:
    _require(1 <= len(plot.panels) <= PANELS, f"{len(plot.panels)} panels; 1 to {PANELS} are kept")
    panels = [_panel(panel) for panel in plot.panels]
    timed = [panel.across for panel in plot.panels if panel.across_unit == "s"]
    begins = min((float(across[0]) for across in timed), default=None)
    ends = max((float(across[-1]) for across in timed), default=None)
    return Described("curves", {"panels": panels, "whole": plot.whole}, begins, ends)


def _panel(panel: Panel) -> dict[str, Any]:
    count = len(panel.across)
    place = _time if panel.across_unit in SECONDS else _number
    across = [place(value) for value in panel.across]
    _require(1 <= count <= CURVE_VALUES, f"{count} values in a curve; 1 to {CURVE_VALUES} are kept")
    _require(None not in across, "an axis with values that are no numbers")
    _require(1 <= len(panel.curves) <= CURVES, f"{len(panel.curves)} curves; 1 to {CURVES} are kept")
    curves = [{"name": _label(name), "values": _values(panel.curves[name], count)} for name in panel.curves]
    return {
        "title": _label(panel.title),
        "across": {"name": _label(panel.across_name), "unit": _label(panel.across_unit), "values": across},
        "up": {"name": _label(panel.up_name), "unit": _label(panel.up_unit)},
        "curves": curves,
        "band": _band(panel.band, count),
        "marks": [{"at": place(at), "label": _label(said)} for at, said in panel.marks[:SPANS]],
        "spans": _spans(panel.spans, place),
        "gaps": _spans(panel.gaps, place),
        "scale": [_number(end) for end in panel.scale] if panel.scale else None,
    }


def _band(band: Band | None, count: int) -> dict[str, Any] | None:
    if band is None:
        return None
    return {"name": _label(band.name), "low": _values(band.low, count), "high": _values(band.high, count)}


def _spectrogram(plot: Spectrogram) -> Described:
    begins, ends = _time(plot.begins_seconds), _time(plot.ends_seconds)
    _require(begins is not None and ends is not None and begins <= ends, "a spectrogram without a time span")
    data = {
        "begins_seconds": begins,
        "ends_seconds": ends,
        "top_hz": _number(plot.top_hz),
        "plane": _box(plot.plane),
        "spans": _spans(plot.spans, _time),
        "scores": [
            [_time(begins), _time(ends), _number(score)] for begins, ends, score in thinned(list(plot.scores))
        ],
    }
    return Described("spectrogram", data, begins, ends)


def _map(plot: Map) -> Described:
    widths = {len(row) for row in plot.rows}
    fits = 1 <= len(plot.rows) <= MAP_SIDE and len(widths) == 1 and 1 <= max(widths) <= MAP_SIDE
    _require(fits, f"a map that is not 1 to {MAP_SIDE} cells a side")
    rows = [[_number(value) for value in row] for row in plot.rows]
    known = [value for row in rows for value in row if value is not None]
    region, pts_seconds = _box(plot.region), _time(plot.pts_seconds)
    data = {
        "name": _label(plot.name),
        "unit": _label(plot.unit),
        "rows": rows,
        "low": min(known, default=None),
        "high": max(known, default=None),
        "region": region,
        "pts_seconds": pts_seconds,
        "marks": [{"box": _box(box), "label": _label(said)} for box, said in plot.marks[:SPANS]],
    }
    left, top, right, bottom = region
    return Described("map", data, pts_seconds, pts_seconds, (left, top, right, bottom))


def _strip(plot: Strip) -> Described:
    fits = len(plot.tracks) <= TRACKS and all(len(one.faces) <= FACES_PER_TRACK for one in plot.tracks)
    _require(fits, f"a strip of more than {TRACKS} tracks with {FACES_PER_TRACK} faces each")
    tracks = [_track(one) for one in plot.tracks]
    begins = min((one["begins_seconds"] for one in tracks), default=None)
    ends = max((one["ends_seconds"] for one in tracks), default=None)
    return Described("strip", {"tracks": tracks, "tracks_left_out": plot.tracks_left_out}, begins, ends)


def _track(track: StripTrack) -> dict[str, Any]:
    return {
        "track": track.track,
        "begins_seconds": _time(track.begins_seconds),
        "ends_seconds": _time(track.ends_seconds),
        "frames": track.frames,
        "faces": [
            {"pts_seconds": _time(face.pts_seconds), "box": _box(face.box), "tile": _box(face.tile)}
            for face in track.faces
        ],
        "gaps": _spans(track.gaps, _time),
    }


def _spans(spans: Iterable[Span], place: Place) -> list[dict[str, Any]]:
    return [
        {"begins": place(span.begins), "ends": place(span.ends), "label": _label(span.label)}
        for span in list(spans)[:SPANS]
    ]


def _values(values: Sequence[float | None], count: int) -> list[float | None]:
    _require(len(values) == count, f"a curve of {len(values)} values over an axis of {count}")
    return [_number(value) for value in values]


def _box(box: Box) -> list[float]:
    edges = [_number(edge) for edge in box]
    _require(len(edges) == 4 and None not in edges, f"{box!r:.80} is no box")
    return [min(1.0, max(0.0, edge or 0.0)) for edge in edges]


def _number(value: float | None) -> float | None:
    """To six digits, since a page can show no more; None for what is no number."""
    if value is None or not math.isfinite(value):
        return None
    return float(f"{float(value):.6g}")


def _time(seconds: float | None) -> float | None:
    """To the microsecond, since six digits are too few after hours: there a frame would be taken for another."""
    if seconds is None or not math.isfinite(seconds):
        return None
    return round(float(seconds), 6)


def _label(text: str) -> str:
    _require(isinstance(text, str), f"{text!r:.80} is no text")
    return text[:LABEL_CHARACTERS]


def _require(fits: bool, otherwise: str) -> None:
    if not fits:
        raise UnsoundPlot(otherwise)
