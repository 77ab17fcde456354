"""Which of the decoded pictures are delivered."""

from collections.abc import Iterable, Iterator
from typing import Protocol, TypeVar


class Timed(Protocol):
    """Something at a media time."""

    @property
    def seconds(self) -> float: ...


T = TypeVar("T", bound=Timed)


# 1/fps and most timestamps have no exact float; half a microsecond keeps a tie with the earlier picture
_SLACK = 5e-7


def sampled(pictures: Iterable[T], fps: float | None) -> Iterator[T]:
    """For each point of the grid 0, 1/fps, 2/fps … the picture nearest in time, each picture once.

    Of two equally near ones the earlier is taken. Where the pictures are further apart than the
    grid, every one of them is delivered; so it is when `fps` is None. Looks one picture ahead.
    """
    if fps is None:
        yield from pictures
        return
    point, half = 0, 0.0
    before: T | None = None
    for picture in pictures:
        if before is not None:
            half = (picture.seconds - before.seconds) / 2
            until = (before.seconds + half + _SLACK) * fps
            if point <= until:
                yield before
                point = int(until) + 1
        before = picture
    if before is not None and point <= (before.seconds + half + _SLACK) * fps:
        yield before
