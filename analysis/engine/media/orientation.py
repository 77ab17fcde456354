"""Which way up a picture is: the display matrix of a video track as one of eight ways to turn an array."""

import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from analysis.engine.types import Pixels

_MATRIX = struct.Struct("<9i")


@dataclass(frozen=True)
class Orientation:
    """First transpose, then flip: what makes a coded picture upright. `degrees` is the clockwise turn."""

    transpose: bool = False
    flip_vertical: bool = False
    flip_horizontal: bool = False
    degrees: int = 0

    def size(self, width: int, height: int) -> tuple[int, int]:
        """Width and height of the upright picture."""
        return (height, width) if self.transpose else (width, height)

    def apply(self, coded: "Pixels") -> "Pixels":
        """A view of the upright picture."""
        turned = coded.transpose(1, 0, 2) if self.transpose else coded
        if self.flip_vertical:
            turned = turned[::-1]
        return turned[:, ::-1] if self.flip_horizontal else turned


UPRIGHT = Orientation()


def from_display_matrix(content: bytes) -> Orientation:
    """The nearest of the eight; a matrix that is none (zero, shear) leaves the picture as coded.

    The matrix maps a point (x, y) of the coded picture to (a·x + c·y, b·x + d·y), 16.16 fixed point
    (ISO 14496-12, 6.2.2), as libav stores it.
    """
    if len(content) < _MATRIX.size:
        return UPRIGHT
    a, b, _, c, d, *_ = _MATRIX.unpack(content[: _MATRIX.size])
    if abs(a) > abs(b) and abs(d) > abs(c):
        turn = (a < 0) and (d < 0)
        return Orientation(False, flip_vertical=d < 0, flip_horizontal=a < 0, degrees=180 if turn else 0)
    if abs(b) > abs(a) and abs(c) > abs(d):
        degrees = 90 if b > 0 > c else 270 if c > 0 > b else 0
        return Orientation(True, flip_vertical=b < 0, flip_horizontal=c < 0, degrees=degrees)
    return UPRIGHT
