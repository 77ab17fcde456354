"""In what state files reach detectors: measured, and sorted into the classes that accuracy is told for.

The edges were set beforehand from what encoders offer (JPEG 50 to 95; CRF 18 is called visually lossless, 23 is
x264's own, 35 is a messenger's), from usual picture heights and from the nets' inputs (64 and 256 px).
"""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from analysis.engine.types import Condition, Probe


@dataclass(frozen=True)
class Axis:
    """One measured side of a condition; `edges` bound its classes, the first and last are open."""

    name: str
    title: str
    edges: tuple[float, ...]

    def classes(self) -> Iterator[tuple[float | None, float | None]]:
        """Lower bound (counted in) and upper bound (not), None where there is none."""
        yield from zip((None, *self.edges), (*self.edges, None), strict=True)


AXES = (
    Axis("jpeg_quality", "JPEG quality", (60.0, 80.0, 90.0)),
    Axis("quantiser", "H.264 quantiser", (22.0, 28.0, 34.0)),
    Axis("short_side_px", "shorter side in px", (360.0, 720.0, 1080.0)),
    Axis("face_px", "face in px", (96.0, 160.0, 256.0)),
    Axis("sound_rate_hz", "sound in Hz", (16_000.0, 32_000.0)),
)
BY_NAME = {axis.name: axis for axis in AXES}


def measured(probe: Probe, described: Mapping[str, Any], *, pictured: bool, heard: bool) -> Condition:
    """The condition of an opened file, for detectors that look at its pictures or hear its sound.

    described: what the reader says of the container; it comes from the file, so nothing in it is trusted.
    """
    sides = [side for side in (probe.width, probe.height) if side]
    return Condition(
        jpeg_quality=_number(described.get("jpeg_quality"), 100) if pictured else None,
        quantiser=_number(described.get("quantiser"), 51) if pictured else None,
        short_side_px=float(min(sides)) if pictured and sides else None,
        sound_rate_hz=float(probe.sample_rate_hz) if heard and probe.sample_rate_hz else None,
    )


def _number(value: object, most: float) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        return None
    return float(value) if 0 <= value <= most else None


def within(value: float, low: float | None, high: float | None) -> bool:
    """Whether a measured value lies in this class."""
    return (low is None or value >= low) and (high is None or value < high)


def class_name(axis: str, low: float | None, high: float | None) -> str:
    """A class in words, such as "JPEG quality 60 to 80"."""
    title = BY_NAME[axis].title if axis in BY_NAME else axis
    if low is None:
        return f"{title} below {high:g}" if high is not None else title
    return f"{title} {low:g} or more" if high is None else f"{title} {low:g} to {high:g}"
