"""Finds the plates of a picture: on the vehicles that are known, and in all of it where none is.

Every row of writing is a plate until something speaks against it (telling.py): first its size and shape, which
costs nothing, then what it says.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from analysis.engine.analytics.plates.candidates import Candidate, candidates
from analysis.engine.analytics.plates.formats import Grammar
from analysis.engine.analytics.plates.framing import fits_a_country, framed, mended
from analysis.engine.analytics.plates.reading import Character, Read, Reading, understood
from analysis.engine.analytics.plates.rim import Around, plate_around
from analysis.engine.analytics.plates.rows import box_of, cut, moved, row_height, row_width
from analysis.engine.analytics.plates.telling import LEAST_HEIGHT_PX, told
from analysis.engine.analytics.plates.writing import Line, PlateReader, Quad, angle_degrees
from analysis.engine.types import Box
from analysis.engine.types.arrays import Pixels

# A single letter of a plate whose groups stand apart, up to a row with the strip and stickers at its ends.
LEAST_ASPECT, MOST_ASPECT = 0.5, 12.0
MOST_TURNED_DEGREES = 40.0
# A whole picture is looked at in so many pixels, if it has them: more costs time, fewer lose small plates.
PICTURE_PIXELS = 920_000
# Large rows are found worse than small ones, so it is enlarged only where nothing was found as it is.
LEAST_ENLARGED, MOST_ENLARGED = 1.25, 2.0
# A car of 1.8 m in so many pixels has signs of 67 to 80 mm in 19 to 23: twice what a reader needs.
VEHICLE_WIDTH_PX = 512
VEHICLE_MOST_ENLARGED = 3.0
_AROUND_VEHICLE = 0.03
# How far around the place where a plate was: a car at 50 km/h passes 2.8 m in 0.2 s, five of its plates.
NEAR_WIDTHS = 3.0
# Plates stand in the middle; seen from the side of a car its front is still a quarter of its width.
_MIDDLE_OF_VEHICLE = 0.25
# What is read of one look, the largest rows first: a shop window has hundreds.
MOST_ROWS, MOST_CANDIDATES = 16, 6
# Lettering read this badly fits some country's grammar by chance.
LEAST_WITHOUT_VEHICLE = 0.8


@dataclass(frozen=True)
class Vehicle:
    """A vehicle that is known in the picture: its box in 0..1, and its track, if it is followed."""

    box: Box
    class_name: str = ""
    track: int | None = None


@dataclass(frozen=True)
class Plate:
    """A plate in one picture. `read` is what was read, `reading` what the grammar makes of it alone.

    box: of the plate, as far as its rim was seen. rims: whether that was so above, and below.
    """

    read: Read
    reading: Reading
    box: Box
    height_px: float
    vehicle: Vehicle | None = None
    rims: tuple[bool, bool] = (False, False)


@dataclass(frozen=True)
class _Look:
    """A piece of the picture in pixels, enlarged so many times; made smaller below 1."""

    left: int
    top: int
    right: int
    bottom: int
    scale: float


class PlateFinder:
    """Finds and reads the plates of pictures; keeps nothing of them."""

    def __init__(self, reader: PlateReader, grammar: Grammar) -> None:
        self._reader = reader
        self._grammar = grammar

    def everywhere(
        self, rgb: Pixels, vehicles: Sequence[Vehicle] = (), *, pts_seconds: float = 0.0, frame: int = 0
    ) -> list[Plate]:
        """The plates of the whole picture (uint8 RGB), each with the smallest vehicle that holds it.

        A vehicle without one that the whole picture showed small is looked at again, enlarged.
        """
        height, width = rgb.shape[:2]
        found: list[Plate] = []
        for scale in _scales_of_picture(width, height):
            found = self._look(rgb, _Look(0, 0, width, height, scale), vehicles, pts_seconds, frame)
            if found:
                break
        for vehicle in vehicles:
            look = _look_at(vehicle, width, height)
            if look and look.scale > 1.5 * scale and not any(one.vehicle == vehicle for one in found):
                found += self._look(rgb, look, vehicles, pts_seconds, frame)
        return _apart(found)

    def on_vehicle(
        self,
        rgb: Pixels,
        vehicle: Vehicle,
        vehicles: Sequence[Vehicle],
        *,
        pts_seconds: float = 0.0,
        frame: int = 0,
    ) -> list[Plate]:
        """The plates that belong to one vehicle, of all that are known in the picture."""
        height, width = rgb.shape[:2]
        look = _look_at(vehicle, width, height)
        found = self._look(rgb, look, vehicles, pts_seconds, frame) if look else []
        return [one for one in _apart(found) if one.vehicle == vehicle]

    def near(
        self,
        rgb: Pixels,
        box: Box,
        vehicles: Sequence[Vehicle] = (),
        *,
        pts_seconds: float = 0.0,
        frame: int = 0,
    ) -> list[Plate]:
        """The plates about where one was a moment ago, in 0..1."""
        height, width = rgb.shape[:2]
        look = _look_near(box, width, height)
        return _apart(self._look(rgb, look, vehicles, pts_seconds, frame)) if look else []

    def _look(
        self, rgb: Pixels, look: _Look, vehicles: Sequence[Vehicle], pts_seconds: float, frame: int
    ) -> list[Plate]:
        if min(look.right - look.left, look.bottom - look.top) < LEAST_HEIGHT_PX:
            return []
        lines = self._lines(rgb, self._rows(rgb, look))
        worth = candidates(lines, self._grammar)[:MOST_CANDIDATES]
        plates = (self._plate(rgb, one, vehicles, pts_seconds, frame) for one in worth)
        return [one for one in plates if one]

    def _rows(self, rgb: Pixels, look: _Look) -> list[Quad]:
        """Rows of writing that could be on a plate, in pixels of the picture, the largest first."""
        piece = rgb[look.top : look.bottom, look.left : look.right]
        size = tuple(max(1, round(side * look.scale)) for side in piece.shape[1::-1])
        ways = cv2.INTER_AREA if look.scale < 1 else cv2.INTER_CUBIC
        found = self._reader.find(np.asarray(cv2.resize(piece, size, interpolation=ways), np.uint8))
        quads = (moved(quad, left=look.left, top=look.top, scale=look.scale) for quad in found)
        return sorted(filter(_may_be_of_a_plate, quads), key=row_height, reverse=True)[:MOST_ROWS]

    def _lines(self, rgb: Pixels, quads: Sequence[Quad]) -> list[Line]:
        writings = self._reader.read([cut(rgb, quad) for quad in quads])
        return [Line(quad, said) for quad, said in zip(quads, writings, strict=True) if said.text]

    def _plate(
        self, rgb: Pixels, one: Candidate, vehicles: Sequence[Vehicle], pts_seconds: float, frame: int
    ) -> Plate | None:
        height, width = rgb.shape[:2]
        written = box_of(one.rows, width_px=width, height_px=height)
        around = _around(rgb, one.rows)
        box = box_of([each.quad for each in around], width_px=width, height_px=height)
        if written is None or box is None:
            return None
        characters = mended(
            framed(self._reader, rgb, one.rows, () if one.longer else one.writings), self._grammar
        )
        reading = understood(characters, self._grammar)
        if one.needs_a_country and not fits_a_country(reading):
            return None
        vehicle = holding(vehicles, written)
        answer = told(
            reading, written, width_px=width, height_px=height, vehicle=vehicle.box if vehicle else None
        )
        if not answer.plate or (vehicle is None and _mean(characters) < LEAST_WITHOUT_VEHICLE):
            return None
        read = Read(characters, pts_seconds, frame)
        rims = around[0].upper_seen, around[-1].lower_seen
        return Plate(read, reading, box, max(map(row_height, one.rows)), vehicle, rims)


def holding(vehicles: Iterable[Vehicle], box: Box) -> Vehicle | None:
    """The smallest vehicle whose box holds the middle of another: a car before a lorry."""
    x, y = (box[0] + box[2]) / 2, (box[1] + box[3]) / 2
    holds = [one for one in vehicles if one.box[0] <= x <= one.box[2] and one.box[1] <= y <= one.box[3]]
    return min(holds, key=lambda one: _area(one.box), default=None)


def likeness(plate: Plate) -> float:
    """How much the place of writing is like that of a plate, 0..1.5: rims say most, the middle of a vehicle less."""
    vehicle = plate.vehicle.box if plate.vehicle else plate.box
    across = (plate.box[0] + plate.box[2] - 2 * vehicle[0]) / 2 / max(1e-9, vehicle[2] - vehicle[0])
    return sum(plate.rims) / 2 + (0.5 if abs(across - 0.5) <= _MIDDLE_OF_VEHICLE else 0.0)


def _mean(characters: Sequence[Character]) -> float:
    return sum(one.confidence for one in characters) / max(1, len(characters))


def _scales_of_picture(width: int, height: int) -> list[float]:
    """How much smaller to look at it; and how much larger, if that shows nothing and it is small."""
    fits = math.sqrt(PICTURE_PIXELS / max(1, width * height))
    return [min(1.0, fits), *([min(fits, MOST_ENLARGED)] if fits >= LEAST_ENLARGED else [])]


def _look_at(vehicle: Vehicle, width: int, height: int) -> _Look | None:
    """The vehicle with a little around it; None where it has no pixels."""
    left, top, right, bottom = vehicle.box
    across, down = (right - left) * _AROUND_VEHICLE, (bottom - top) * _AROUND_VEHICLE
    x1, x2 = max(0, int((left - across) * width)), min(width, math.ceil((right + across) * width))
    y1, y2 = max(0, int((top - down) * height)), min(height, math.ceil((bottom + down) * height))
    if min(x2 - x1, y2 - y1) < 1:
        return None
    most = math.sqrt(PICTURE_PIXELS / ((x2 - x1) * (y2 - y1)))
    return _Look(x1, y1, x2, y2, min(most, VEHICLE_MOST_ENLARGED, VEHICLE_WIDTH_PX / (x2 - x1)))


def _look_near(box: Box, width: int, height: int) -> _Look | None:
    """The plate with as much around it as a passing car needs; a look as wide as one at a car is."""
    wide = (box[2] - box[0]) * width
    left, top = box[0] * width - NEAR_WIDTHS * wide, box[1] * height - NEAR_WIDTHS * wide
    right, bottom = box[2] * width + NEAR_WIDTHS * wide, box[3] * height + NEAR_WIDTHS * wide
    x1, y1, x2, y2 = max(0, int(left)), max(0, int(top)), min(width, int(right)), min(height, int(bottom))
    if min(x2 - x1, y2 - y1) < 1:
        return None
    most = math.sqrt(PICTURE_PIXELS / ((x2 - x1) * (y2 - y1)))
    return _Look(x1, y1, x2, y2, min(most, VEHICLE_MOST_ENLARGED, max(1.0, VEHICLE_WIDTH_PX / (x2 - x1))))


def _may_be_of_a_plate(quad: Quad) -> bool:
    high, wide = row_height(quad), row_width(quad)
    return (
        high >= LEAST_HEIGHT_PX
        and LEAST_ASPECT <= wide / high <= MOST_ASPECT
        and abs(angle_degrees(quad)) <= MOST_TURNED_DEGREES
    )


def _around(rgb: Pixels, rows: Sequence[Quad]) -> list[Around]:
    """The plate around its rows, each as far as it is one of the plate's rims."""
    last = len(rows) - 1
    return [plate_around(rgb, row, upper=place == 0, lower=place == last) for place, row in enumerate(rows)]


def _apart(found: Sequence[Plate]) -> list[Plate]:
    """Of plates that lie over each other the one that fits a country, has more signs, or is surer."""
    kept: list[Plate] = []
    for one in sorted(found, key=_strength, reverse=True):
        if not any(_over(one.box, other.box) for other in kept):
            kept.append(one)
    return kept


def _strength(one: Plate) -> tuple[bool, int, float]:
    return fits_a_country(one.reading), len(one.read.characters), one.read.confidence


def _over(one: Box, other: Box) -> bool:
    across = min(one[2], other[2]) - max(one[0], other[0])
    down = min(one[3], other[3]) - max(one[1], other[1])
    return min(across, down) > 0 and across * down > 0.3 * min(_area(one), _area(other))


def _area(box: Box) -> float:
    return (box[2] - box[0]) * (box[3] - box[1])
