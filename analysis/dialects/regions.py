"""Where detectors saw the most: the parts of a frame with the highest scores, few of them."""

import heapq
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

SUSPICIOUS = 0.5
PER_DETECTOR = 20
AT_MOST = 50


@dataclass
class _Seen:
    """Of one detector: how many frames it was given, the time of the last, and its highest scores."""

    frames: int = 0
    pts_seconds: float | None = None
    highest: list[tuple[float, int, list[float], bool]] = field(default_factory=list)


class Regions:
    """Boxes with scores; those of a detector that ends without signs, or abstains, are dropped."""

    def __init__(self) -> None:
        self._seen: dict[str, _Seen] = {}
        self._kept: list[dict[str, Any]] = []

    def see(self, detector: str, points: Sequence[Sequence[Any]]) -> None:
        """Takes the points of a score.measured, in the order of their times."""
        seen = self._seen.setdefault(detector, _Seen())
        for pts_seconds, score, track, _, *box in points:
            if pts_seconds != seen.pts_seconds:
                seen.frames, seen.pts_seconds = seen.frames + 1, pts_seconds
            if box and score is not None and score >= SUSPICIOUS:
                heapq.heappush(seen.highest, (score, seen.frames - 1, box[0], track is not None))
                if len(seen.highest) > PER_DETECTOR:
                    heapq.heappop(seen.highest)

    def conclude(self, detector: str, *, keep: bool) -> None:
        """The detector has ended."""
        seen = self._seen.pop(detector, None)
        if seen and keep:
            self._kept += [_region(*found) for found in seen.highest]

    def kept(self) -> list[dict[str, Any]]:
        """The highest of all detectors, in the order of the frames they were seen in."""
        highest = sorted(self._kept, key=lambda region: -region["confidence"])[:AT_MOST]
        return sorted(highest, key=lambda region: region["frame_number"])


def _region(score: float, frame_number: int, box: Sequence[float], of_track: bool) -> dict[str, Any]:
    left, top, right, bottom = box
    return {
        "frame_number": frame_number,
        "x": left,
        "y": top,
        "width": round(right - left, 5),
        "height": round(bottom - top, 5),
        "confidence": score,
        "region_type": "face" if of_track else "region",
    }
