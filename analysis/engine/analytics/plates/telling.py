"""Tells a plate from other writing: by its shape, its place on the vehicle, and its text.

The bounds are those of real plates (520 by 110 mm in Europe, 400 by 130 in Brazil, 305 by 152 in the United States,
in two rows 240 by 200 on motorcycles) and of cars and lorries 1.4 to 2.6 m wide, with room for an oblique view and
for a box around the text alone. They were not fitted to pictures.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from analysis.engine.analytics.plates.reading import Character, Reading
from analysis.engine.analytics.plates.signs import DIGITS, LETTERS, LOOKALIKE

Box = tuple[float, float, float, float]

# A single row of text alone, six signs of 80 by 45 mm and gaps, is about 6 wide; a motorcycle's two rows 1.
LEAST_ASPECT, MOST_ASPECT = 0.9, 9.0
LEAST_HEIGHT_PX = 8.0
# There are plates of two and three signs, but far more cars with V8, A4 or 911 on their back.
LEAST_SIGNS, MOST_SIGNS = 4, 9
# Width of the writing to that of the vehicle: 520 mm to 1.7 m is 0.3, 180 mm of a motorcycle's to 0.7 m is 0.25.
MOST_OF_VEHICLE = 0.6
# A plate's centre from the vehicle's top; roof signs, windscreens and destination boards lie above.
HIGHEST_ON_VEHICLE = 0.3
LEAST_CONFIDENCE = 0.3


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at; `speaks_for` is None where it says nothing either way."""

    speaks_for: bool | None
    words: str


@dataclass(frozen=True)
class Told:
    """Whether writing is a plate. `reason`: what speaks against it at first, or all that speaks for it."""

    plate: bool
    reason: str
    findings: tuple[Finding, ...]


def told(reading: Reading, box: Box, *, width_px: int, height_px: int, vehicle: Box | None = None) -> Told:
    """Whether what was read in `box` is a plate. Boxes: xyxy in 0..1 of a frame of so many pixels.

    One finding against it is enough. Without a country's grammar that fits, it needs the place on a vehicle.
    Raises ValueError for what is no box or no frame.
    """
    findings = (
        *_of_shape(box, width_px, height_px),
        *_of_text(reading),
        *(_of_place(box, vehicle) if vehicle is not None else ()),
    )
    against = [one.words for one in findings if one.speaks_for is False]
    if against:
        return Told(False, against[0], findings)
    if vehicle is None and not _countries(reading):
        return Told(False, "it fits no country's grammar, and stands on no vehicle that was found", findings)
    return Told(True, "; ".join(one.words for one in findings if one.speaks_for), findings)


def _of_shape(box: Box, width_px: int, height_px: int) -> Iterator[Finding]:
    if width_px < 1 or height_px < 1:
        raise ValueError(f"No frame has {width_px} by {height_px} pixels.")
    across, down = _size(box)
    height = down * height_px
    aspect = across * width_px / height
    if height < LEAST_HEIGHT_PX:
        yield Finding(False, f"it is {height:.0f} pixels high, too small to be read")
    if LEAST_ASPECT <= aspect <= MOST_ASPECT:
        yield Finding(True, f"it is {aspect:.1f} times as wide as high")
    else:
        yield Finding(False, f"it is {aspect:.1f} times as wide as high, as no plate is")


def _of_text(reading: Reading) -> Iterator[Finding]:
    text = reading.text
    if any(one.confidence < LEAST_CONFIDENCE for one in reading.characters):
        yield Finding(False, "a sign was hardly read")
    if countries := _countries(reading):
        yield Finding(True, f"{text} fits the plates of {', '.join(countries)}")
    else:
        yield Finding(None, f"{text or 'nothing'} fits no country's grammar")
    if not LEAST_SIGNS <= len(text) <= MOST_SIGNS:
        yield Finding(False, f"it has {len(text)} signs; a plate has {LEAST_SIGNS} to {MOST_SIGNS}")
    # Before lookalikes were settled: a grammar makes a plate of some words, and of some numbers.
    read = {_before_settled(one) for one in reading.characters}
    if read <= LETTERS:
        yield Finding(False, "it is a word: letters alone")
    elif read <= DIGITS:
        yield Finding(False, "it is a number: digits alone")


def _before_settled(one: Character) -> str:
    """What was read, where nothing but the grammar decided; not where the reader had thought of the sign itself."""
    return one.read if one.read and LOOKALIKE.get(one.sign) == one.read else one.sign


def _of_place(box: Box, vehicle: Box) -> Iterator[Finding]:
    across, down = _size(vehicle)
    middle = ((box[0] + box[2]) / 2 - vehicle[0]) / across
    below = ((box[1] + box[3]) / 2 - vehicle[1]) / down
    share = _size(box)[0] / across
    if not (0 <= middle <= 1 and 0 <= below <= 1):
        yield Finding(False, "it is not on the vehicle")
    elif below < HIGHEST_ON_VEHICLE:
        yield Finding(False, "it is at the top of the vehicle, where roof signs and windscreens are")
    elif share > MOST_OF_VEHICLE:
        yield Finding(False, f"it is {share:.0%} as wide as the vehicle, as writing on its side is")
    else:
        yield Finding(True, "it is where vehicles have their plates")


def _countries(reading: Reading) -> list[str]:
    return sorted({one.region for one in reading.formats if one.region})


def _size(box: Box) -> tuple[float, float]:
    x1, y1, x2, y2 = box
    # NaN compares as false, so it is refused too
    if not (0 <= x1 < x2 <= 1 and 0 <= y1 < y2 <= 1):
        raise ValueError(f"No box: {box}. It has to be xyxy in 0 to 1.")
    return x2 - x1, y2 - y1
