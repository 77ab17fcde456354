"""Motion in footage: when something moves, how strongly and where. It tells what happens and judges nothing.

Measured by analysis/engine/analytics/motion.py; its sources and limits stand there.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

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
    MotionTold,
    NotAssessed,
    Observation,
    Reason,
    ScoresMeasured,
    SnapshotPolicy,
    Source,
)
from analysis.engine.weights import WeightStore

if TYPE_CHECKING:
    from analysis.engine.analytics.motion import Motion
    from analysis.engine.analytics.motion_state import MotionState
    from analysis.engine.analytics.snapshots import Still
    from analysis.engine.analytics.spells import Ended

NAME = "motion"
LEAST_COOLDOWN_SECONDS = 0.001
KEPT_SPELLS = 200  # in the facts; all of them are counted, and told as they happen


def cards() -> list[Card]:
    """The card of the detector of motion."""
    return [
        Card(
            name=NAME,
            title="Motion",
            version="1.0",
            family="motion",
            subject="footage",
            consumes=Consumes.FOOTAGE,
            kinds=frozenset({MediaKind.VIDEO}),
            unit="frames",
            looks_at="What differs from the usual picture of the place, apart from shadows, noise, changes of light "
            "and pushes of the camera: when it begins and ends, how strong it is and where.",
            cannot_see="Who or what moves. What shows the colour of the ground behind it, what is smaller than the "
            "least area or narrower than about three pixels of a copy of 320; motion in the first second, in which "
            "the place is learnt. A camera that moves shows other scenes, not motion. What comes to stand counts as "
            "the place itself after 6 s.",
            paper="Background subtraction after Zivkovic, ICPR 2004",
            licence="Apache-2.0 (our own code)",
            accuracy="Of drawn footage with known truth the tests tell what is found; no figures on a public data set.",
            preprocessing="A copy of at most 320 px a side.",
            forensic=False,
            by_default=False,
            stressed=False,
            links=("https://doi.org/10.1109/ICPR.2004.1333992",),
        )
    ]


def make(_name: str, _weights: WeightStore, _device: str) -> Detector:
    """The detector; it needs no weights."""
    return MotionDetector(cards()[0])


@dataclass
class MotionDetector:
    """Begins a session with the zones, masks and limits that the footage is watched with."""

    card: Card

    def open(self, source: Source) -> "MotionSession":
        return MotionSession(source.footage)


@dataclass
class Spell:
    """What is kept of motion that goes on: its first and its last picture, and the greatest on the way.

    `boxes` of either still is that of what moved in it. The last one has no pixels unless snapshots need them.
    """

    first: "tuple[Still, MotionState] | None"
    last: "tuple[Still, MotionState]"
    intensity: float
    area: float


class MotionSession:
    """Remembers one picture of what may become motion, and one more where every event is pictured."""

    def __init__(self, settings: FootageSettings) -> None:
        from analysis.engine.analytics.snapshots import Snapshots

        self._motion = motion_of(settings)
        self._snapshots = Snapshots(settings.snapshots)
        self._spell: Spell | None = None
        self._told = Counted()
        self._settled = False

    def feed(self, batch: Batch) -> Iterator[Observation]:
        if isinstance(batch, FootageBatch):
            for frame in batch.frames:
                yield from self._look(frame)
                yield ScoresMeasured(NAME, ())  # a step after which the run can be cancelled

    def drain(self) -> Iterator[Observation]:
        """The end of what still moved when the footage ended."""
        if ended := self._motion.finish():
            yield from self._end(ended)

    def finish(self) -> Assessment:
        if not self._settled:
            detail = "motion is told once the place has been seen for a second"
            return NotAssessed(Reason.TOO_SHORT, detail)
        return NotAssessed(Reason.REPORTS_FACTS, self._told.sentence(), self._told.facts())

    def evidence(self) -> Iterable[EvidenceMade]:
        return ()

    def _look(self, frame: FootageFrame) -> Iterator[MotionTold]:
        from analysis.engine.analytics.spells import Began, Ended

        state = self._motion.step(frame.pts_seconds, frame.rgb)
        self._settled |= state.settled
        self._told.watch(frame.pts_seconds, state)
        for ended in (event for event in state.events if isinstance(event, Ended)):
            yield from self._end(ended)
        self._note(frame, state)
        if self._spell and any(isinstance(event, Began) for event in state.events):
            yield from self._begin(self._spell)

    def _note(self, frame: FootageFrame, state: "MotionState") -> None:
        """Keeps the picture with which motion may have begun: it is told only when it has lasted a while."""
        if not state.moving:
            if not state.in_motion:
                self._spell = None
            return
        seen, area = (_still(frame, state), state), state.affected_area_percentage / 100
        if self._spell is None:
            self._spell = Spell(seen, seen, state.motion_intensity, area)
            return
        self._spell.last = seen if self._snapshots.policy is SnapshotPolicy.ALL else _without_pixels(seen)
        self._spell.intensity = max(self._spell.intensity, state.motion_intensity)
        self._spell.area = max(self._spell.area, area)

    def _begin(self, spell: Spell) -> Iterator[MotionTold]:
        if spell.first is None:
            return
        still, state = spell.first
        yield MotionTold(
            NAME,
            ended=False,
            pts_seconds=still.pts_seconds,
            frame=still.number,
            intensity=state.motion_intensity,
            area=state.affected_area_percentage / 100,
            box=state.box,
            snapshot=self._snapshots.take(still, first=True),
        )
        spell.first = None

    def _end(self, ended: "Ended") -> Iterator[MotionTold]:
        spell, self._spell = self._spell, None
        if spell is None:
            return
        still, state = spell.last
        self._told.ended(ended, spell)
        yield MotionTold(
            NAME,
            ended=True,
            pts_seconds=still.pts_seconds,
            frame=still.number,
            intensity=spell.intensity,
            area=spell.area,
            box=state.box,
            duration_seconds=ended.pts_seconds - ended.began_seconds,
            snapshot=self._snapshots.take(still),
        )


@dataclass
class Counted:
    """What is said at the end; bounded, however long the footage is."""

    first_seconds: float | None = None
    last_seconds: float = 0.0
    frames: int = 0
    spells: int = 0
    scenes: int = 0
    seconds: float = 0.0
    intensity: float = 0.0
    area: float = 0.0
    kept: list[dict[str, float]] = field(default_factory=list)

    def watch(self, pts_seconds: float, state: "MotionState") -> None:
        if self.first_seconds is None:
            self.first_seconds = pts_seconds
        self.last_seconds = pts_seconds
        self.frames += 1
        self.scenes += state.scene_changed

    def ended(self, ended: "Ended", spell: Spell) -> None:
        self.spells += 1
        self.seconds += ended.pts_seconds - ended.began_seconds
        self.intensity, self.area = max(self.intensity, spell.intensity), max(self.area, spell.area)
        if len(self.kept) < KEPT_SPELLS:
            told = {"from_seconds": ended.began_seconds, "to_seconds": ended.pts_seconds}
            told |= {"intensity": spell.intensity, "area": spell.area}
            self.kept.append({name: round(value, 3) for name, value in told.items()})

    @property
    def watched_seconds(self) -> float:
        return self.last_seconds - (self.first_seconds or 0.0)

    def sentence(self) -> str:
        if not self.spells:
            return f"No motion in {self.watched_seconds:.1f} s."
        times = "once" if self.spells == 1 else f"{self.spells} times"
        return f"Motion {times}, for {self.seconds:.1f} of {self.watched_seconds:.1f} s."

    def facts(self) -> dict[str, Any]:
        return {
            "frames": self.frames,
            "watched_seconds": round(self.watched_seconds, 3),
            "motion_seconds": round(self.seconds, 3),
            "motion_count": self.spells,
            "scene_changes": self.scenes,
            "greatest_intensity": round(self.intensity, 4),
            "greatest_area": round(self.area, 4),
            "motion": self.kept,
        }


def motion_of(settings: FootageSettings) -> "Motion":
    """Raises ValueError for settings that are none."""
    from analysis.engine.analytics.motion import Motion, MotionLimits

    limits = MotionLimits(
        least_area_percentage=settings.least_area_percentage,
        cooldown_seconds=max(settings.motion_cooldown_seconds, LEAST_COOLDOWN_SECONDS),
    )
    zones = [zone.polygon.points for zone in settings.zones]
    return Motion(zones=zones, masks=settings.masks, limits=limits)


def _still(frame: FootageFrame, state: "MotionState") -> "Still":
    from analysis.engine.analytics.snapshots import Labelled, Still

    boxes = (Labelled(state.box, NAME),) if state.box else ()
    return Still(frame.number, frame.pts_seconds, frame.rgb, boxes)


def _without_pixels(seen: "tuple[Still, MotionState]") -> "tuple[Still, MotionState]":
    still, state = seen
    return replace(still, rgb=still.rgb[:0]), state
