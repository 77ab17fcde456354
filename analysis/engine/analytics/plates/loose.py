"""Plates that stand on no known vehicle, followed from look to look by their place and their text."""

from dataclasses import dataclass
from itertools import count

from analysis.engine.analytics.plates.distance import within
from analysis.engine.analytics.plates.finding import Plate
from analysis.engine.analytics.plates.signs import folded
from analysis.engine.types import Box

# After that the plate is gone; a car behind a lamp post comes back.
GONE_SECONDS = 3.0
MOST = 64
# Two signs wrong, or four that look nearly alike.
_SAME_TEXT = 1.6
# As far as a car that passes gets between two looks, in widths of its plate.
_NEAR_WIDTHS = 3.0


@dataclass
class _Followed:
    number: int
    text: str
    box: Box
    seen_at: float


class LoosePlates:
    """Numbers below zero for plates without a track, so that no track has the same."""

    def __init__(self) -> None:
        self._numbers = count(-1, -1)
        self._followed: list[_Followed] = []

    @property
    def boxes(self) -> list[Box]:
        """Where plates were seen last."""
        return [one.box for one in self._followed]

    def number(self, plate: Plate, pts_seconds: float) -> int:
        """The number of the plate this one is again, or a new one."""
        text = folded(plate.reading.text)
        same = (one for one in self._followed if _is_same(one, text, plate.box, pts_seconds))
        one = next(same, None)
        if one is None:
            one = _Followed(next(self._numbers), text, plate.box, pts_seconds)
            self._followed = [*self._followed[-(MOST - 1) :], one]
        one.text, one.box, one.seen_at = text, plate.box, pts_seconds
        return one.number

    def gone(self, pts_seconds: float) -> list[int]:
        """The numbers of those that were not seen for long; each is told of once."""
        gone = [one for one in self._followed if not 0 <= pts_seconds - one.seen_at < GONE_SECONDS]
        self._followed = [one for one in self._followed if one not in gone]
        return [one.number for one in gone]

    def rest(self) -> list[int]:
        """The numbers of all that are left; none are followed from then on."""
        numbers = [one.number for one in self._followed]
        self._followed = []
        return numbers


def _is_same(one: _Followed, text: str, box: Box, pts_seconds: float) -> bool:
    # two of one look are two
    if one.seen_at == pts_seconds:
        return False
    wide = max(box[2] - box[0], one.box[2] - one.box[0])
    away = (
        max(abs(box[0] + box[2] - one.box[0] - one.box[2]), abs(box[1] + box[3] - one.box[1] - one.box[3]))
        / 2
    )
    return away < _NEAR_WIDTHS * wide and within(one.text, text, _SAME_TEXT)
