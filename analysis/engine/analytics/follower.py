"""What is remembered of one object while it is followed."""

from collections import deque
from dataclasses import dataclass, field

from analysis.engine.analytics.kalman import Motion
from analysis.engine.analytics.objects import Detection, Track, TrackerSettings
from analysis.engine.media.tracks import iou

STILL_OVERLAP = 0.6  # with where it stood before: two equal boxes a quarter of their width apart


@dataclass(eq=False)
class Follower:
    """One object; `seen` takes its sightings in order of media time. `number` is 0 until it has entered."""

    settings: TrackerSettings
    last: Detection
    pts_seconds: float
    look: int
    motion: Motion = field(init=False)
    number: int = 0
    still: bool = False
    told: tuple[float, str, bool] = (0.0, "", False)

    def __post_init__(self) -> None:
        self.motion = Motion.begun(self.last.box)
        self._ahead = (self.look, self.motion)
        self.first = (self.last.box, self.pts_seconds)
        self._anchor = self.first
        self._votes = {self.last.class_name: self.last.confidence}
        self._hits = deque([(self.pts_seconds, self.look)], maxlen=self.settings.confirm_hits)

    def expected(self, pts_seconds: float, look: int) -> Motion:
        """Where it should be at that look: what was missed keeps its size, and if it stood still its place."""
        if self._ahead[0] != look:
            self._ahead = (look, self._predicted(pts_seconds, look))
        return self._ahead[1]

    @property
    def stands(self) -> bool:
        """Whether it stands still, or has not moved since it was first seen."""
        return self.still or self._anchor == self.first

    def stay(self, look: int) -> None:
        """At that look it is expected where it was."""
        self._ahead = (look, self.motion)

    def _predicted(self, pts_seconds: float, look: int) -> Motion:
        missed = look - self.look > 1
        if missed and self.still:
            return self.motion
        motion = self.motion.steadied() if missed else self.motion
        return motion.predicted(pts_seconds - self.pts_seconds)

    def seen(self, detection: Detection, pts_seconds: float, look: int) -> None:
        self.motion = self.expected(pts_seconds, look).corrected(detection.box)
        self.last, self.pts_seconds, self.look = detection, pts_seconds, look
        spoken = self._votes.get(detection.class_name, 0.0)
        self._votes[detection.class_name] = spoken + detection.confidence
        self._hits.append((pts_seconds, look))
        if iou(detection.box, self._anchor[0]) < STILL_OVERLAP:
            self._anchor = (detection.box, pts_seconds)
        self.still = pts_seconds - self._anchor[1] >= self.settings.still_seconds

    @property
    def confirmed(self) -> bool:
        """Seen often enough within the time, or in as many looks one after the other where those are rarer."""
        hits, least = self._hits, self.settings.confirm_hits
        if len(hits) < least or self.pts_seconds - self.first[1] < self.settings.least_dwell_seconds:
            return False
        (first, first_look), (last, last_look) = hits[0], hits[-1]
        return last - first <= self.settings.confirm_seconds or last_look - first_look < least

    def gone(self, pts_seconds: float, look: int) -> bool:
        """Out of sight for too long, or heading out of the frame when it was last seen."""
        unseen = pts_seconds - self.pts_seconds
        if look == self.look:
            return False
        if not self.number:
            return unseen > min(self.settings.confirm_seconds, self.settings.buffer_seconds)
        if unseen > (self.settings.still_buffer_seconds if self.still else self.settings.buffer_seconds):
            return True
        x, y = self.expected(pts_seconds, look).place[:2]
        return not (0 <= x <= 1 and 0 <= y <= 1)

    def due(self) -> bool:
        """Whether there is something to tell: time has passed, its class changed, or it came to stand or to move."""
        pts_seconds, class_name, still = self.told
        if (class_name, still) != (self.class_name, self.still):
            return True
        pause = self.settings.still_update_seconds if still else self.settings.update_seconds
        return self.pts_seconds - pts_seconds >= pause

    @property
    def class_name(self) -> str:
        """What most of the confidence spoke for; of equals the first in the alphabet."""
        return min(self._votes, key=lambda name: (-self._votes[name], name))

    def track(self, pts_seconds: float) -> Track:
        """As last seen; `pts_seconds` is now."""
        return Track(
            self.number, self.class_name, self.last.confidence, self.last.box, self.pts_seconds,
            *self.first, self.still, pts_seconds - self.pts_seconds,
        )  # fmt: skip
