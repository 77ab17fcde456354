"""Which of the decoded pictures are delivered."""

from collections.abc import Callable, Iterable, Iterator
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
    return (picture for picture, on_grid in marked(pictures, fps) if on_grid)


def marked(pictures: Iterable[T], fps: float | None) -> Iterator[tuple[T, bool]]:
    """Every picture, and whether `sampled` takes it."""
    if fps is None:
        yield from ((picture, True) for picture in pictures)
        return
    point, half = 0, 0.0
    before: T | None = None
    for picture in pictures:
        if before is not None:
            half = (picture.seconds - before.seconds) / 2
            until = (before.seconds + half + _SLACK) * fps
            on_grid = point <= until
            point = int(until) + 1 if on_grid else point
            yield before, on_grid
        before = picture
    if before is not None:
        yield before, point <= (before.seconds + half + _SLACK) * fps


class Densely:
    """Which pictures belong to a passage at the full rate. Ask in media-time order."""

    def __init__(self, inside: Callable[[float], bool], max_fps: float) -> None:
        self._inside, self._least = inside, 1 / max_fps
        self._due = 0.0

    def takes(self, seconds: float) -> bool:
        """Whether this picture is delivered; of those faster than the limit some are left out, evenly."""
        if not self._inside(seconds) or seconds < self._due - _SLACK:
            return False
        # counted on from when it was due: 90 fps gives 60 and not 45
        self._due = max(self._due, seconds - self._least) + self._least
        return True


class Flowing:
    """Which pictures footage detectors are fed: evenly at most `max_fps`, of those one in `frame_skip` + 1."""

    def __init__(self, max_fps: float, frame_skip: int) -> None:
        self._evenly = Densely(lambda _: True, max_fps)
        self._every, self._passed = frame_skip + 1, 0

    def takes(self, seconds: float) -> bool:
        """Ask in media-time order, and not of damaged ones."""
        if not self._evenly.takes(seconds):
            return False
        self._passed += 1
        return (self._passed - 1) % self._every == 0
