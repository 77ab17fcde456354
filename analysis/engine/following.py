"""Hands the frames of footage to the lanes that consume it; finds and follows the objects in them on the way."""

import logging
from collections.abc import Sequence
from threading import Event, Thread
from typing import TYPE_CHECKING

from analysis.engine.belt import Belt, Stopped
from analysis.engine.lane import End, Lane
from analysis.engine.media.limits import Sampling
from analysis.engine.media.portions import Portion
from analysis.engine.sentences import listed
from analysis.engine.types import (
    FootageBatch,
    FootageFrame,
    FootageSettings,
    FoundBy,
    Frame,
    FrameBatch,
    MediaKind,
)

if TYPE_CHECKING:
    from analysis.engine.analytics.detection import ObjectFinder
    from analysis.engine.analytics.objects import Detection, TrackerSettings, TrackEvent

logger = logging.getLogger(__name__)
FOOTAGE_INBOX_BATCHES = 2
LOW_CONFIDENCE = 0.1  # from which on a detection may continue a track; that of the published tracker
LEAST_SECONDS = 0.001


class ObjectsFollowed:
    """Finds the objects of each frame and follows them from one to the next, as the settings of the footage say.

    What stands or lies in a mask is left out before it is followed, and so are classes nobody asked for. In a still
    picture one sighting makes a track.
    """

    def __init__(self, finder: "ObjectFinder", settings: FootageSettings, *, still: bool) -> None:
        from analysis.engine.analytics.detection.classes import USUAL
        from analysis.engine.analytics.tracking import Tracker
        from analysis.engine.analytics.zones import Polygon

        self._finder = finder
        self._classes = settings.classes or USUAL & finder.classes or finder.classes
        self._masks = tuple(Polygon(points) for points in settings.masks)
        self._tracker = Tracker(tracker_settings(settings, still=still))
        self.frames = self.tracks = 0
        self.unknown = sorted(settings.classes - finder.classes)
        self.found_by = FoundBy(finder.name, finder.version, finder.sha256, finder.blind)

    def take(self, frame: Frame) -> FootageFrame:
        found = [one for one in self._finder.find(frame.rgb) if self._counts(one)]
        events = tuple(self._tracker.step(frame.pts_seconds, found))
        self.frames += 1
        self.tracks += sum(event.action == "entered" for event in events)
        return FootageFrame(frame.number, frame.pts_seconds, frame.rgb, self._tracker.tracks, events)

    def finish(self) -> "tuple[TrackEvent, ...]":
        return tuple(self._tracker.finish())

    def _counts(self, one: "Detection") -> bool:
        if one.class_name not in self._classes:
            return False
        left, top, right, bottom = one.box
        middle = (left + right) / 2
        points = ((middle, bottom), (middle, (top + bottom) / 2))
        return not any(mask.contains(point) for mask in self._masks for point in points)


def tracker_settings(settings: FootageSettings, *, still: bool) -> "TrackerSettings":
    """How objects are followed in such footage."""
    from analysis.engine.analytics.objects import TrackerSettings

    usual = TrackerSettings()
    buffer = max(settings.track_buffer_seconds, LEAST_SECONDS)
    return TrackerSettings(
        high_confidence=settings.confidence,
        low_confidence=min(LOW_CONFIDENCE, settings.confidence),
        confirm_hits=1 if still else usual.confirm_hits,
        least_dwell_seconds=0.0 if still else settings.least_dwell_seconds,
        buffer_seconds=buffer,
        still_buffer_seconds=max(buffer, usual.still_buffer_seconds),
    )


class FootageThread:
    """Makes footage batches of frames. Without a finder nobody asked for objects, and frames have no tracks.

    A finder that fails ends the lanes that follow objects, and no other.
    """

    def __init__(
        self,
        lanes: Sequence[Lane],
        finder: "ObjectFinder | None",
        settings: FootageSettings,
        sampling: Sampling,
        kind: MediaKind,
        stop: Event,
    ) -> None:
        self.inbox: Belt[FrameBatch | End] = Belt(FOOTAGE_INBOX_BATCHES, stop)
        self._lanes, self._stop = lanes, stop
        still = kind is MediaKind.IMAGE
        self._objects = ObjectsFollowed(finder, settings, still=still) if finder else None
        self.found_by = self._objects.found_by if self._objects else None
        self._portion = Portion(sampling)
        self._waiting: list[FootageFrame] = []
        self._error: BaseException | None = None
        self._thread = Thread(target=self._run, name="footage", daemon=True)

    @property
    def aim(self) -> str:
        return f"objects with {self.found_by.name}" if self.found_by else ""

    @property
    def remarks(self) -> list[str]:
        if not self._objects or not self._objects.unknown:
            return []
        return [f"{self._objects.found_by.name} knows no {listed(self._objects.unknown)}"]

    def start(self) -> None:
        self._thread.start()

    def take(self, batch: FrameBatch) -> None:
        """Hands frames over. Raises what went wrong with earlier ones."""
        if self._error:
            raise self._error
        self.inbox.put(batch)

    def join(self) -> str:
        """Waits for the last batch; what was followed, in words. Raises what went wrong besides, and Stopped."""
        self._thread.join()
        if self._error:
            raise self._error
        if self._stop.is_set():
            raise Stopped
        if not self._objects:
            return "the object finder failed" if self.found_by else ""
        return f"{self._objects.tracks} objects followed in {self._objects.frames} frames"

    def _run(self) -> None:
        try:
            while isinstance(batch := self.inbox.take(), FrameBatch):
                for frame in batch.frames:
                    self._pass_on(frame)
            self._hand(self._objects.finish() if self._objects else ())
            for lane in self._lanes:
                lane.inbox.put(batch)
        # carried over to the conductor, and raised there; the reader must not wait for us meanwhile
        except BaseException as error:
            self._error = error
            self.inbox.abandon()

    def _pass_on(self, frame: Frame) -> None:
        if self._stop.is_set():
            raise Stopped
        self._waiting.append(self._followed(frame))
        if self._portion.fills_with(frame.rgb.nbytes):
            self._hand()

    def _followed(self, frame: Frame) -> FootageFrame:
        try:
            if self._objects:
                return self._objects.take(frame)
        # a finder is somebody else's net, on a picture of anybody's
        except Exception as error:
            logger.exception("the object finder failed")
            self._give_up(error)
        return FootageFrame(frame.number, frame.pts_seconds, frame.rgb)

    def _give_up(self, error: Exception) -> None:
        self._objects = None
        for lane in self._lanes:
            if lane.card.follows:
                lane.inbox.put(End(raised=error))
        self._lanes = [lane for lane in self._lanes if not lane.card.follows]

    def _hand(self, left: "tuple[TrackEvent, ...]" = ()) -> None:
        if self._waiting or left:
            batch = FootageBatch(tuple(self._waiting), left, self.found_by)
            self._waiting = []
            for lane in self._lanes:
                lane.inbox.put(batch)
