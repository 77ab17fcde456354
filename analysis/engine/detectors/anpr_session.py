"""One run of the number plates: reads vehicles sparingly, lets the reads of each vote, tells each plate once."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from analysis.engine.analytics.masks import Masks
from analysis.engine.analytics.plates.announcing import Announcer
from analysis.engine.analytics.plates.ballots import Ranked
from analysis.engine.analytics.plates.consensus import Consensus, consensus
from analysis.engine.analytics.plates.finding import Plate, PlateFinder, Vehicle, likeness
from analysis.engine.analytics.plates.formats import built_in
from analysis.engine.analytics.plates.loose import LoosePlates
from analysis.engine.analytics.plates.sights import Sight, Sights
from analysis.engine.analytics.plates.sparing import Scene, Sparing
from analysis.engine.analytics.plates.writing import PlateReader
from analysis.engine.analytics.snapshots import Labelled, snapshot
from analysis.engine.types import (
    Assessment,
    Batch,
    EvidenceMade,
    FootageBatch,
    FootageFrame,
    FootageSettings,
    NotAssessed,
    Observation,
    PlateSign,
    PlateTold,
    Reason,
    Snapshot,
    SnapshotPolicy,
)
from analysis.engine.types.arrays import Pixels

NAME = "anpr"
# What has a plate, of the classes of COCO.
VEHICLES = frozenset({"car", "truck", "bus", "motorcycle"})
# In less the signs of no plate are high enough to be read: those of a motorcycle's are a tenth of its width.
LEAST_VEHICLE_PX = 64
WHOLE_FRAME_SECONDS = 1.0
MOST_LISTED = 200
WITHOUT_VEHICLE = "it stands on no vehicle that was found"


class PlateSession:
    """Used by one thread. Plates without a track have numbers of their own, below zero."""

    def __init__(self, reader: PlateReader, settings: FootageSettings, *, still: bool) -> None:
        self._reader, self._settings, self._still = reader, settings, still
        known = built_in()
        self._grammar = known.only(settings.plate_regions) if settings.plate_regions else known
        self._finder = PlateFinder(reader, self._grammar)
        self._announcer = Announcer(self._grammar, cooldown_seconds=settings.plate_cooldown_seconds)
        self._sparing, self._loose, self._sights = Sparing(), LoosePlates(), Sights()
        self._scene, self._masks = Scene(), Masks(settings.masks)
        # the frame as it was decoded, for snapshots alone
        self._shown: Pixels | None = None
        self._whole_at = float("-inf")
        self._told: list[PlateTold] = []
        self._plates = self._reads = 0

    def feed(self, batch: Batch) -> Iterator[Observation]:
        if not isinstance(batch, FootageBatch):
            return
        for decoded in batch.frames:
            self._shown = decoded.rgb
            frame = replace(decoded, rgb=self._masks.hidden(decoded.rgb))
            yield from self._picture(frame) if self._still else self._look(frame)
            yield from self._end(event.track.track_id for event in frame.events if event.action == "left")
        yield from self._end(event.track.track_id for event in batch.left)

    def drain(self) -> Iterator[Observation]:
        yield from self._end(self._loose.rest())

    def finish(self) -> Assessment:
        return NotAssessed(Reason.REPORTS_FACTS, self._sentence(), self._facts())

    def evidence(self) -> Iterable[EvidenceMade]:
        return ()

    def _picture(self, frame: FootageFrame) -> Iterator[PlateTold]:
        """Of a picture one read is all there is: it is told, with what it lacks."""
        found = self._finder.everywhere(
            frame.rgb, _vehicles(frame), pts_seconds=frame.pts_seconds, frame=frame.number
        )
        for plate in self._in_sight(found):
            self._reads += 1
            agreed = consensus([plate.read], self._grammar, least_reads=1)
            if agreed and agreed.agreeing:
                yield self._tell(agreed, [Sight(plate, self._pictured(plate))])

    def _look(self, frame: FootageFrame) -> Iterator[PlateTold]:
        vehicles = _vehicles(frame)
        for vehicle in self._due(frame, vehicles):
            found = self._finder.on_vehicle(
                frame.rgb, vehicle, vehicles, pts_seconds=frame.pts_seconds, frame=frame.number
            )
            yield from self._read(self._in_sight(found), vehicle.track or 0)
        self._loose.watch(frame.rgb, frame.pts_seconds)
        if not vehicles:
            for plate in self._in_sight(self._without_vehicles(frame)):
                self._read_loose(frame, plate)
        yield from self._end(self._loose.ready())
        yield from self._end(self._loose.gone(frame.pts_seconds))

    def _in_sight(self, plates: Iterable[Plate]) -> list[Plate]:
        """Those whose middle no mask hides."""
        return [one for one in plates if not self._masks.hide(one.box)]

    def _due(self, frame: FootageFrame, vehicles: Sequence[Vehicle]) -> Iterator[Vehicle]:
        """The one to look at now, if any: large enough, not told yet, and not looked at a moment ago."""
        width = frame.rgb.shape[1]
        large = [one for one in vehicles if (one.box[2] - one.box[0]) * width >= LEAST_VEHICLE_PX]
        largest = sorted(large, key=lambda one: one.box[0] - one.box[2])
        places = [(one.track or 0, one.box) for one in largest]
        due = self._sparing.next(places, frame.pts_seconds, frame.rgb)
        return (one for one in largest if due is not None and one.track == due)

    def _without_vehicles(self, frame: FootageFrame) -> list[Plate]:
        """Where a plate was a moment ago, and now and then everywhere."""
        pts_seconds, number = frame.pts_seconds, frame.number
        if not 0 <= pts_seconds - self._whole_at < WHOLE_FRAME_SECONDS - 1e-3:
            self._whole_at = pts_seconds
            if self._scene.is_new(frame.rgb, pts_seconds):
                self._loose.whole_look(pts_seconds)
                return self._finder.everywhere(frame.rgb, pts_seconds=pts_seconds, frame=number)
        box = self._loose.next_place(pts_seconds)
        return self._finder.near(frame.rgb, box, pts_seconds=pts_seconds, frame=number) if box else []

    def _read_loose(self, frame: FootageFrame, plate: Plate) -> None:
        """Nothing is told yet: first it has to show that it is no writing laid over the footage."""
        number = self._loose.number(plate, frame.pts_seconds, frame.rgb)
        if self._loose.is_settled(number):
            return
        self._see(plate, number)
        if self._announcer.read(number, plate.read, held=True):
            self._loose.agreed(number)

    def _see(self, plate: Plate, number: int) -> None:
        self._reads += 1
        if self._sights.is_wanted(number, plate):
            self._sights.keep(number, Sight(plate, self._pictured(plate)))

    def _read(self, plates: Sequence[Plate], number: int) -> Iterator[PlateTold]:
        """What one look at a vehicle showed."""
        if not plates:
            return
        self._sparing.read(number)
        for plate in plates:
            self._see(plate, number)
        look = [Ranked(plate.read, likeness(plate)) for plate in plates]
        agreed = self._announcer.look(number, look)
        if agreed:
            yield self._tell(agreed, self._sights.take(number))
        if self._announcer.is_told(number):
            self._sparing.told(number)
            self._sights.take(number)

    def _end(self, numbers: Iterable[int]) -> Iterator[PlateTold]:
        for number in numbers:
            agreed = self._announcer.end(number)
            sights = self._sights.take(number)
            if agreed and sights:
                yield self._tell(agreed, sights)

    def _tell(self, agreed: Consensus, sights: Sequence[Sight]) -> PlateTold:
        """Of the surest sight whose text is that of the plate, or is nearest to it."""
        reading = agreed.reading
        sight = next(
            (one for one in sights if one.plate.reading.text == reading.text),
            next((one for one in sights if one.plate.read == agreed.best), sights[0]),
        )
        told = _told(agreed, sight)
        self._plates += 1
        self._told = [*self._told, told][:MOST_LISTED]
        return told

    def _pictured(self, plate: Plate) -> Snapshot | None:
        if self._settings.snapshots is SnapshotPolicy.NONE or self._shown is None:
            return None
        vehicle = plate.vehicle
        boxes = [Labelled(plate.box, plate.reading.text)]
        if vehicle:
            boxes.insert(0, Labelled(vehicle.box, f"{vehicle.class_name} {vehicle.track or ''}".strip()))
        return snapshot(self._shown, boxes)

    def _sentence(self) -> str:
        if not self._plates:
            return "No number plate was read."
        return f"{self._plates} number plate{'s were' if self._plates > 1 else ' was'} read."

    def _facts(self) -> dict[str, object]:
        return {
            "plates": self._plates,
            "reads": self._reads,
            "reader": self._reader.name,
            "countries": list(self._grammar.regions),
            "read": [
                {
                    "plate": one.plate,
                    "confidence": round(one.confidence, 3),
                    "pts_seconds": round(one.pts_seconds, 3),
                    "frame": one.frame,
                    "doubt": one.doubt,
                }
                for one in self._told
            ],
        }


def _vehicles(frame: FootageFrame) -> tuple[Vehicle, ...]:
    """Those that are seen in this very frame."""
    seen = (one for one in frame.tracks or () if one.unseen_seconds == 0 and one.class_name in VEHICLES)
    return tuple(Vehicle(one.box, one.class_name, one.track_id) for one in seen)


def _told(agreed: Consensus, sight: Sight) -> PlateTold:
    reading, plate = agreed.reading, sight.plate
    vehicle = plate.vehicle
    others = [one for one in agreed.candidates if one.text != reading.text]
    return PlateTold(
        NAME,
        plate=reading.text,
        written=reading.written,
        confidence=agreed.confidence,
        signs=tuple(
            PlateSign(one.sign, one.confidence, one.read if one.settled else "") for one in reading.characters
        ),
        box=plate.box,
        pts_seconds=plate.read.pts_seconds,
        frame=plate.read.frame,
        region=reading.region or "",
        regions=tuple(sorted({one.region for one in reading.formats if one.region})),
        track=vehicle.track if vehicle else None,
        vehicle_class=vehicle.class_name if vehicle else "",
        vehicle_box=vehicle.box if vehicle else None,
        candidates=tuple((one.text, one.share) for one in others),
        reads=agreed.agreeing,
        doubt="; ".join(filter(None, (agreed.doubt, "" if vehicle else WITHOUT_VEHICLE))),
        snapshot=sight.snapshot,
    )
