"""What was dropped between two frames, where it is worth telling."""

from collections.abc import Iterator

from analysis.engine.types import FootageGap
from analysis.engine.watching.stretch import LiveFrame

LEAST_SECONDS = 1.0
REASON = "what came could not be worked on in time"
# Where every frame takes long to work on, all are far apart, and only what stands out of that is a gap.
_DISTANCES = 3.0
_SHARE = 0.1  # of the newest distance in the usual one


class Gaps:
    """Of one stretch of pictures without an outage."""

    def __init__(self) -> None:
        self._last: tuple[float, int] | None = None
        self._usual_seconds = 0.0

    def before(self, frame: LiveFrame) -> Iterator[FootageGap]:
        """The gap between the frame before and this one, if there is any."""
        last, self._last = self._last, (frame.pts_seconds, frame.dropped)
        if last is None:
            return
        seconds, dropped = frame.pts_seconds - last[0], frame.dropped - last[1]
        if dropped and seconds >= max(LEAST_SECONDS, _DISTANCES * self._usual_seconds):
            yield FootageGap(last[0], frame.pts_seconds, dropped, REASON)
        self._usual_seconds += _SHARE * (seconds - self._usual_seconds)
