"""Objects in footage: which there are, how long each stays, and which zones and lines they enter and cross.

Objects are found and followed on the way here (analysis/engine/following.py); this tells what became of each track.
It judges nothing.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from analysis.engine.detectors.base import Card, Detector
from analysis.engine.types import (
    Assessment,
    Batch,
    Consumes,
    EvidenceMade,
    FootageBatch,
    FootageFrame,
    FootageSettings,
    MediaKind,
    NotAssessed,
    Observation,
    Reason,
    ScoresMeasured,
    Snapshot,
    SnapshotPolicy,
    Source,
    TrackTold,
)
from analysis.engine.weights import WeightStore

if TYPE_CHECKING:
    from analysis.engine.analytics.objects import Track, TrackEvent
    from analysis.engine.analytics.snapshots import Still
    from analysis.engine.analytics.zones import Direction, ZoneAction, ZoneEvent

NAME = "tracking"


def cards() -> list[Card]:
    """The card of the detector of objects on their way."""
    return [
        Card(
            name=NAME,
            title="Object tracking",
            version="1.0",
            family="tracking",
            subject="footage",
            consumes=Consumes.FOOTAGE,
            kinds=frozenset({MediaKind.VIDEO, MediaKind.IMAGE}),
            unit="frames",
            looks_at="People, vehicles and other objects that an object finder knows, followed from frame to frame: "
            "when each enters and leaves, how long it stays, which zones it visits and which lines it crosses. In a "
            "picture: what is in it.",
            cannot_see="Who somebody is. What the object finder does not know or cannot see: views from straight "
            "above, what is small, far away, half hidden or in the dark. Two that cross may be taken for each other; "
            "one that is hidden for longer than the track buffer comes back as another. Counts are of tracks, "
            "not of people.",
            paper="ByteTrack (Zhang et al., ECCV 2022), in media time",
            licence="Apache-2.0 (our own code); the weights of the object finder have their own",
            accuracy="Of drawn footage with known truth the tests tell what is counted; no figures on a public data "
            "set.",
            preprocessing="Objects are found and followed at the rate of the footage.",
            forensic=False,
            by_default=False,
            follows=True,
            stressed=False,
            links=("https://doi.org/10.1007/978-3-031-20047-2_1",),
        )
    ]


def make(_name: str, _weights: WeightStore, _device: str) -> Detector:
    """The detector; the weights are those of the object finder."""
    return TrackingDetector(cards()[0])


@dataclass
class TrackingDetector:
    """Begins a session with the zones and lines that the footage is watched with."""

    card: Card

    def open(self, source: Source) -> "TrackingSession":
        return TrackingSession(source.footage, still=source.probe.kind is MediaKind.IMAGE)


class TrackingSession:
    """Remembers the tracks that are there, and the frame before: what is told of a track that left is told of the
    frame in which it was last seen. A track that is out of sight keeps the snapshot of that frame, where every event is
    pictured."""

    def __init__(self, settings: FootageSettings, *, still: bool) -> None:
        from analysis.engine.analytics.snapshots import Snapshots
        from analysis.engine.analytics.zones import LineWatch, ZoneWatch
        from analysis.engine.detectors.track_counts import TrackCounts

        self._zones, self._lines = ZoneWatch(settings.zones), LineWatch(settings.lines)
        self._snapshots = Snapshots(settings.snapshots)
        self._counts = TrackCounts(settings, still=still)
        self._pictured = still
        self._sighted: dict[int, int] = {}
        self._hidden: dict[int, Snapshot | None] = {}
        self._before: Still | None = None
        self._model = ("", "")
        self._number = 0

    def feed(self, batch: Batch) -> Iterator[Observation]:
        if not isinstance(batch, FootageBatch):
            return
        if batch.found_by:
            self._model = (batch.found_by.name, batch.found_by.version)
            self._counts.found_by = batch.found_by
        for frame in batch.frames:
            yield from self._look(frame)
            yield ScoresMeasured(NAME, ())  # a step after which the run can be cancelled
        for event in batch.left:
            # nothing leaves a picture
            yield from (told for told in self._leave(event) if not self._pictured)

    def drain(self) -> Iterator[Observation]:
        return iter(())

    def finish(self) -> Assessment:
        if too_short := self._counts.too_short():
            return NotAssessed(Reason.TOO_SHORT, too_short, self._counts.facts(self._lines))
        return NotAssessed(Reason.REPORTS_FACTS, self._counts.sentence(), self._counts.facts(self._lines))

    def evidence(self) -> Iterable[EvidenceMade]:
        return ()

    def _look(self, frame: FootageFrame) -> Iterator[TrackTold]:
        still, tracks, self._number = _still(frame), frame.tracks or (), frame.number
        seen = {track.track_id for track in tracks if track.unseen_seconds == 0}
        for event in frame.events:
            if event.action == "left":
                yield from self._leave(event)
            elif event.action == "entered" and event.track.track_id not in seen:
                # in a frame before, which was skipped
                yield self._tell(event, None)
        self._hide(tracks)
        self._counts.frame(tracks)
        told = {event.track.track_id: event for event in frame.events if event.action != "left"}
        for track in tracks:
            if track.unseen_seconds == 0:
                self._sighted[track.track_id] = frame.number
                yield from self._see(track, told.get(track.track_id), still)
        self._before = still

    def _see(self, track: "Track", event: "TrackEvent | None", still: "Still") -> Iterator[TrackTold]:
        if event:
            first = event.action == "entered"
            yield self._tell(event, self._snapshots.take(still, first=first, routine=not first))
        for change in self._zones.see(track.track_id, track.box, track.pts_seconds):
            self._counts.zone(change, track.class_name)
            yield self._update(track, self._snapshots.take(still), zone=_zone(change))
        for crossing in self._lines.see(track.track_id, track.box, track.pts_seconds):
            line = (crossing.line, crossing.direction)
            yield self._update(track, self._snapshots.take(still), line=line)

    def _leave(self, event: "TrackEvent") -> Iterator[TrackTold]:
        track = event.track
        snapshot = self._last_snapshot(track.track_id)
        for change in self._zones.end(track.track_id):
            self._counts.zone(change, track.class_name)
            yield self._update(track, snapshot, zone=_zone(change))
        self._lines.end(track.track_id)
        self._counts.left(track)
        yield self._tell(event, snapshot)
        self._sighted.pop(track.track_id, None)

    def _hide(self, tracks: "Iterable[Track]") -> None:
        """Takes the snapshot of the frame before for the tracks that were seen there and no longer are."""
        if self._snapshots.policy is not SnapshotPolicy.ALL or self._before is None:
            return
        for track in tracks:
            if track.unseen_seconds == 0:
                self._hidden.pop(track.track_id, None)
            elif self._sighted.get(track.track_id) == self._before.number:
                self._hidden[track.track_id] = self._snapshots.take(self._before)

    def _last_snapshot(self, track_id: int) -> Snapshot | None:
        if track_id in self._hidden:
            return self._hidden.pop(track_id)
        if self._before and self._sighted.get(track_id) == self._before.number:
            return self._snapshots.take(self._before)
        return None

    def _update(
        self,
        track: "Track",
        snapshot: Snapshot | None,
        *,
        zone: "tuple[str, ZoneAction, float] | None" = None,
        line: "tuple[str, Direction] | None" = None,
    ) -> TrackTold:
        from analysis.engine.analytics.objects import TrackAction, TrackEvent

        return replace(self._tell(TrackEvent(TrackAction.UPDATED, track), snapshot), zone=zone, line=line)

    def _tell(self, event: "TrackEvent", snapshot: Snapshot | None) -> TrackTold:
        track = event.track
        return TrackTold(
            NAME,
            action=event.action,
            track=track.track_id,
            class_name=track.class_name,
            confidence=float(track.confidence),
            box=track.box,
            pts_seconds=track.pts_seconds,
            frame=self._sighted.get(track.track_id, self._number),
            dwell_seconds=track.dwell_seconds,
            model=self._model,
            still=track.still,
            snapshot=snapshot,
        )


def _zone(change: "ZoneEvent") -> "tuple[str, ZoneAction, float]":
    return change.zone, change.action, change.dwell_seconds


def _still(frame: FootageFrame) -> "Still":
    from analysis.engine.analytics.snapshots import Labelled, Still

    boxes = tuple(
        Labelled(track.box, f"{track.class_name} {track.track_id}")
        for track in frame.tracks or ()
        if track.unseen_seconds == 0
    )
    return Still(frame.number, frame.pts_seconds, frame.rgb, boxes)
