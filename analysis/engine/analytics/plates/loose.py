"""Plates that stand on no known vehicle, followed from look to look by their place and their text.

Most of what is read without a vehicle is other writing. Told is what has a plate's rims, and what moves or gets hidden:
writing that was laid over the footage stands still on top of all that changes.
"""

from dataclasses import dataclass
from itertools import count

from analysis.engine.analytics.plates.consensus import MOST_READS
from analysis.engine.analytics.plates.distance import within
from analysis.engine.analytics.plates.finding import Plate
from analysis.engine.analytics.plates.signs import folded
from analysis.engine.analytics.plates.standing import Standing
from analysis.engine.types import Box
from analysis.engine.types.arrays import Pixels

LOOK_SECONDS = 0.2
# After that the plate is gone; a car behind a lamp post comes back.
GONE_SECONDS = 3.0
# What stands so long without a change anywhere may be told; a camera's words last longer than most scenes do.
STANDS_SECONDS = 10.0
# Of less than that nobody can say that a scene changes around what stands.
LEAST_STANDS_SECONDS = 2.0
MOST = 64
# Two signs wrong, or four that look nearly alike.
_SAME_TEXT = 1.6
# As far as a car that passes gets between two looks, in widths of its plate.
_NEAR_WIDTHS = 3.0


@dataclass
class _Followed:
    """`agreed`: its reads agree. `settled`: it was told, or never will be, and is followed by its place alone."""

    number: int
    text: str
    box: Box
    read_at: float
    seen_at: float
    since: float
    standing: Standing
    looked_at: float = float("-inf")
    reads: int = 0
    rims_seen: bool = False
    agreed: bool = False
    settled: bool = False

    @property
    def stood_seconds(self) -> float:
        return self.seen_at - self.since

    @property
    def is_read(self) -> bool:
        """Whether more reads would say nothing more."""
        return self.agreed or self.reads >= MOST_READS

    @property
    def is_laid_over(self) -> bool:
        return self.standing.stands and self.standing.changed and self.stood_seconds >= LEAST_STANDS_SECONDS


class LoosePlates:
    """Numbers below zero for plates without a track, so that no track has the same."""

    def __init__(self) -> None:
        self._numbers = count(-1, -1)
        self._followed: list[_Followed] = []
        self._whole_at = float("-inf")

    def next_place(self, pts_seconds: float) -> Box | None:
        """Where a plate was seen last of which more is to be read: that which was looked at least recently, if it was
        some time ago; it counts as looked at."""
        wanted = [one for one in self._followed if not (one.is_read or one.settled)]
        one = min(wanted, key=lambda each: each.looked_at, default=None)
        if one is None or 0 <= pts_seconds - one.looked_at < LOOK_SECONDS - 1e-3:
            return None
        one.looked_at = pts_seconds
        return one.box

    def number(self, plate: Plate, pts_seconds: float, rgb: Pixels) -> int:
        """The number of the plate this one is again, or a new one."""
        text = folded(plate.reading.text)
        same = (one for one in self._followed if _is_same(one, text, plate.box, pts_seconds))
        one = next(same, None)
        if one is None:
            standing = Standing(rgb, plate.box)
            times = (float("-inf"), pts_seconds, pts_seconds)
            one = _Followed(next(self._numbers), text, plate.box, *times, standing)
            self._followed = [*self._followed[-(MOST - 1) :], one]
        one.text, one.box, one.reads = text, plate.box, one.reads + 1
        one.read_at = one.seen_at = one.looked_at = pts_seconds
        one.rims_seen |= all(plate.rims)
        return one.number

    def watch(self, rgb: Pixels, pts_seconds: float) -> None:
        """Sees in each frame what still stands where it stood at first; nothing is read for that."""
        for one in self._followed:
            if one.standing.holds(rgb):
                one.seen_at = pts_seconds

    def whole_look(self, pts_seconds: float) -> None:
        """The whole frame was just looked at."""
        self._whole_at = pts_seconds

    def agreed(self, number: int) -> None:
        """Its reads agree; without a rim it is read on."""
        for one in self._followed:
            one.agreed |= one.number == number and one.rims_seen

    def is_settled(self, number: int) -> bool:
        """Whether nothing more is to be told of it."""
        return any(one.settled for one in self._followed if one.number == number)

    def ready(self) -> list[int]:
        """The numbers of those to tell now; each once."""
        ready = [one for one in self._followed if _is_ready(one)]
        for one in ready:
            one.settled = True
        return _tellable(ready)

    def gone(self, pts_seconds: float) -> list[int]:
        """The numbers of those to tell of what was not seen for long; each once.

        What is settled is only missed by a look at the whole frame.
        """
        gone = [one for one in self._followed if self._is_gone(one, pts_seconds)]
        self._followed = [one for one in self._followed if one not in gone]
        return _tellable([one for one in gone if not one.settled])

    def rest(self) -> list[int]:
        """The numbers of those to tell of all that are left; none are followed from then on."""
        rest, self._followed = self._followed, []
        return _tellable([one for one in rest if not one.settled])

    def _is_gone(self, one: _Followed, pts_seconds: float) -> bool:
        unseen = (self._whole_at if one.settled else pts_seconds) - one.seen_at
        # a source that starts again counts from 0
        return unseen >= GONE_SECONDS or pts_seconds < one.seen_at


def _is_ready(one: _Followed) -> bool:
    waits = one.rims_seen and one.standing.stands and one.stood_seconds < STANDS_SECONDS
    return one.is_read and not one.settled and not waits


def _tellable(followed: list[_Followed]) -> list[int]:
    return [one.number for one in followed if one.rims_seen and not one.is_laid_over]


def _is_same(one: _Followed, text: str, box: Box, pts_seconds: float) -> bool:
    # two of one look are two
    if one.read_at == pts_seconds:
        return False
    wide = max(box[2] - box[0], one.box[2] - one.box[0])
    away = (
        max(abs(box[0] + box[2] - one.box[0] - one.box[2]), abs(box[1] + box[3] - one.box[1] - one.box[3]))
        / 2
    )
    return away < _NEAR_WIDTHS * wide and within(one.text, text, _SAME_TEXT)
