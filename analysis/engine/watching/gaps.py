"""What was dropped between two frames, where it is worth telling."""

from collections.abc import Iterator

from analysis.engine.types import FootageGap
from analysis.engine.watching.stretch import LiveFrame

LEAST_SECONDS = 1.0
REASON = "what came could not be worked on in time"
RENEWED = "the process that decodes it was replaced"
# Where every frame takes long to work on, all are far apart, and only what stands out of that is a gap.
_DISTANCES = 3.0
_SHARE = 0.1  # of the newest distance in the usual one


class Gaps:
    """Of pictures without an outage, by one child or by several."""

    def __init__(self) -> None:
        self._last: tuple[float, int] | None = None
        self._usual_seconds = 0.0
        self._is_renewed = False

    def renew(self) -> None:
        """The next frame comes from another child, which counts anew what it drops; nobody counts what came between."""
        self._is_renewed = True

    def before(self, frame: LiveFrame) -> Iterator[FootageGap]:
        """The gap between the frame before and this one, if there is any."""
        last, self._last = self._last, (frame.pts_seconds, frame.dropped)
        renewed, self._is_renewed = self._is_renewed, False
        if last is None:
            return
        seconds, dropped = frame.pts_seconds - last[0], frame.dropped - (0 if renewed else last[1])
        if (dropped or renewed) and seconds >= max(LEAST_SECONDS, _DISTANCES * self._usual_seconds):
            yield FootageGap(last[0], frame.pts_seconds, dropped, RENEWED if renewed else REASON)
        self._usual_seconds += _SHARE * (seconds - self._usual_seconds)
