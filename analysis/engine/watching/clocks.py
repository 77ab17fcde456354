"""The time of each picture of what is watched: never running backward, whatever a source says of it."""

import math
import time

_STEP_SECONDS = 0.001
_MOST_LEAP_SECONDS = 3600.0
_MOST_WAIT_SECONDS = 5.0


class ArrivalClock:
    """Of a camera: seconds since watching began when its picture came. What it says itself is not asked.

    At most 1,000 a second have a time; it is never one that has not come yet.
    """

    def __init__(self, began: float, from_seconds: float) -> None:
        self._began, self._last = began, from_seconds - _STEP_SECONDS

    def at(self, _: float | None) -> float | None:
        """None for a picture that came too soon after the one before."""
        now = time.monotonic() - self._began
        if now < self._last + _STEP_SECONDS:
            return None
        self._last = now
        return now


class MediaClock:
    """Of a file: its own time, from `from_seconds` on, going on where it begins again.

    A missing time, one that is not later than the one before, and one more than an hour later are replaced by that of
    the picture before plus one frame.
    """

    def __init__(self, from_seconds: float, step_seconds: float) -> None:
        self._last, self._step = from_seconds - step_seconds, step_seconds
        self._shift: float | None = None

    def begin_again(self) -> None:
        """The next picture is the first of the file once more."""
        self._shift = None

    def at(self, seconds: float | None) -> float:
        following = self._last + self._step
        if seconds is None or not math.isfinite(seconds):
            self._last = following
            return following
        if self._shift is None:
            self._shift = following - seconds
        now = seconds + self._shift
        if not self._last < now <= self._last + _MOST_LEAP_SECONDS:
            # from here on its time counts from there, or every further picture would be out of order too
            self._shift, now = following - seconds, following
        self._last = now
        return now


class Pace:
    """Holds pictures back until their own time; those that come late are not hurried after."""

    def __init__(self) -> None:
        self._base: float | None = None

    def keep(self, seconds: float) -> None:
        now = time.monotonic()
        if self._base is None:
            self._base = now - seconds
        ahead = self._base + seconds - now
        if abs(ahead) > _MOST_WAIT_SECONDS:
            self._base = now - seconds
        elif ahead > 0:
            time.sleep(ahead)
