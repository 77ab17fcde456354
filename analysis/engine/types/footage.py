"""What happens in footage: the frames on their way to footage sessions, and what these tell."""

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from analysis.engine.types.arrays import Pixels
from analysis.engine.types.places import Box

if TYPE_CHECKING:
    from analysis.engine.analytics.objects import Track, TrackAction, TrackEvent
    from analysis.engine.analytics.zones import Direction, Line, Zone, ZoneAction


class SnapshotPolicy(StrEnum):
    """Of what pictures are kept: of nothing; of what begins (motion, tracks) and of plates; of every event."""

    NONE = "none"
    FIRST = "first"
    ALL = "all"


@dataclass(frozen=True)
class FootageSettings:
    """How footage is watched. Polygons and lines are in 0–1 of the upright frame; times are media time.

    classes: of objects to follow; empty means people, vehicles, animals and luggage (detection.classes.USUAL).
    confidence: from which on a detection may begin a track. max_fps: frames beyond it are left out; frame_skip: so
    many are left out after each one besides. masks: what lies inside is never looked at; black_out_masks: and is black
    in every frame of a watched source, whoever looks. least_area_percentage: of the frame, for motion.
    least_dwell_seconds: before a track enters. plate_regions: whose formats count; empty means all. finder: who looks
    for objects, by name; empty means the best that is there.
    """

    classes: frozenset[str] = frozenset()
    confidence: float = 0.5
    max_fps: float = 10.0
    frame_skip: int = 0
    zones: tuple["Zone", ...] = ()
    lines: tuple["Line", ...] = ()
    masks: tuple[tuple[tuple[float, float], ...], ...] = ()
    black_out_masks: bool = False
    least_area_percentage: float = 0.05
    motion_cooldown_seconds: float = 1.0
    track_buffer_seconds: float = 2.0
    least_dwell_seconds: float = 0.0
    plate_cooldown_seconds: float = 30.0
    plate_regions: tuple[str, ...] = ()
    snapshots: SnapshotPolicy = SnapshotPolicy.FIRST
    finder: str = ""


@dataclass(frozen=True)
class FootageFrame:
    """One frame at the rate of footage; `number` counts the decoded pictures of the source from 0.

    `rgb` is uint8 (height, width, 3), upright, at full size. `tracks` are those followed now, as after this frame
    (also the unseen ones), and `events` what is told of them; None and () where nobody asked for objects.
    """

    number: int
    pts_seconds: float
    rgb: Pixels
    tracks: tuple["Track", ...] | None = None
    events: tuple["TrackEvent", ...] = ()


@dataclass(frozen=True)
class FoundBy:
    """Who finds the objects: name, version and the SHA-256 of the weights, if it has any. `blind` is a sentence about
    what it cannot see."""

    name: str
    version: str
    sha256: str | None = None
    blind: str = ""


@dataclass(frozen=True)
class FootageBatch:
    """Consecutive frames. `left` holds the tracks that ended because the footage did, in the last batch alone, which
    may have no frames. `found_by` is None where nobody asked for objects."""

    frames: tuple[FootageFrame, ...]
    left: tuple["TrackEvent", ...] = ()
    found_by: FoundBy | None = None


@dataclass(frozen=True)
class Snapshot:
    """A frame as JPEG: as it was decoded, and with boxes drawn in."""

    clean: bytes
    boxed: bytes


@dataclass(frozen=True)
class MotionTold:
    """Motion began, or had ended: then `duration_seconds` says after how long, and intensity and area are the
    greatest on the way. `area` is a share in 0–1 of what is watched."""

    detector: str
    ended: bool
    pts_seconds: float
    frame: int
    intensity: float
    area: float
    box: Box | None = None
    duration_seconds: float | None = None
    snapshot: Snapshot | None = None


@dataclass(frozen=True)
class TrackTold:
    """A track entered, was updated or left; at most one of `zone` and `line` says why an update was told.

    `zone` is (name, entered or left, seconds inside); `line` is (name, direction). `model` is (name, version).
    """

    detector: str
    action: "TrackAction"
    track: int
    class_name: str
    confidence: float
    box: Box
    pts_seconds: float
    frame: int
    dwell_seconds: float
    model: tuple[str, str]
    still: bool = False
    zone: "tuple[str, ZoneAction, float] | None" = None
    line: "tuple[str, Direction] | None" = None
    snapshot: Snapshot | None = None


@dataclass(frozen=True)
class PlateSign:
    """One character of a plate: how sure, and what it was read as where the country's grammar settled it."""

    sign: str
    confidence: float
    read_as: str = ""


@dataclass(frozen=True)
class PlateTold:
    """A plate, told once. `plate` has letters and digits only, `written` the separators of its format.

    `region` is the country of the format that fits, "" where none does or several do (`regions` names them). `track`
    is its vehicle's; `candidates` are other texts with their weight; `reads` how many reads agree in it. `frame` and
    `pts_seconds` are those of the surest read, of which the snapshot is. `doubt` says what it lacks, "" for nothing.
    """

    detector: str
    plate: str
    written: str
    confidence: float
    signs: tuple[PlateSign, ...]
    box: Box
    pts_seconds: float
    frame: int
    region: str = ""
    regions: tuple[str, ...] = ()
    track: int | None = None
    vehicle_class: str = ""
    vehicle_box: Box | None = None
    candidates: tuple[tuple[str, float], ...] = ()
    reads: int = 1
    doubt: str = ""
    snapshot: Snapshot | None = None


@dataclass(frozen=True)
class SourceOnline:
    """A watched source gives pictures (again); `offline_seconds` is for how long it did not, None at first."""

    width: int
    height: int
    fps: float | None
    codec: str
    offline_seconds: float | None = None


@dataclass(frozen=True)
class SourceOffline:
    """A watched source gives nothing any more. `reason` never holds its address or credentials.

    code: for programs, where the reason has one: `certificate_…` of a camera that does not show that it is the one.
    """

    reason: str
    retry_seconds: float
    code: str = ""


@dataclass(frozen=True)
class FootageGap:
    """Between two media times nothing was looked at, since what came could not be worked on in time.

    events: where it was looked at, and so many events were left out, being too many; None where it was not.
    detector: who did not look, where others did.
    """

    from_seconds: float
    to_seconds: float
    frames: int
    reason: str
    events: int | None = None
    detector: str = ""


FootageTold = MotionTold | TrackTold | PlateTold
SourceTold = SourceOnline | SourceOffline | FootageGap
