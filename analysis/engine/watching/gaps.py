"""What was dropped between two frames, where it is worth telling."""

from collections.abc import Iterator

from analysis.engine.types import FootageGap

LEAST_SECONDS = 1.0
REASON = "what came could not be worked on in time"
RENEWED = "the process that decodes it was replaced"
# Where every frame takes long to work on, all are far apart, and only what stands out of that is a gap.
_DISTANCES = 3.0
_SHARE = 0.1  # of the newest distance in the usual one


class Gaps:
    """Of pictures without an outage, by one child or by several. `detector` is who looked, where others did too."""

    def __init__(self, detector: str = "") -> None:
        self._detector = detector
        self._last: tuple[float, int] | None = None
        self._usual_seconds = 0.0
        self._is_renewed = False

    def renew(self) -> None:
        """The next frame comes from another child, which counts anew what it drops; nobody counts what came between."""
        self._is_renewed = True

    def before(self, pts_seconds: float, dropped: int) -> Iterator[FootageGap]:
        """The gap between the frame before and this one, if there is any. dropped: so far."""
        last, self._last = self._last, (pts_seconds, dropped)
        renewed, self._is_renewed = self._is_renewed, False
        if last is None:
            return
        seconds, lost = pts_seconds - last[0], dropped - (0 if renewed else last[1])
        if (lost or renewed) and seconds >= max(LEAST_SECONDS, _DISTANCES * self._usual_seconds):
            reason = RENEWED if renewed else REASON
            yield FootageGap(last[0], pts_seconds, lost, reason, detector=self._detector)
        self._usual_seconds += _SHARE * (seconds - self._usual_seconds)
