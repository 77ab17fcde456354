"""How a camera is watched: validated where it enters, unknown fields refused, and read by the engine as it stands."""

from typing import Annotated, Any, Literal, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationError,
    model_validator,
)

from accounts.problems import MOST_ERRORS
from analysis.engine.analytics.detection.classes import COCO
from analysis.engine.analytics.plates.formats import built_in
from analysis.engine.analytics.polygons import LEAST_POINTS, MOST_POINTS, Polygon
from analysis.engine.analytics.zones import Line, Zone
from analysis.engine.types.footage import FootageSettings, SnapshotPolicy

MOST_OUTLINES = 32
# Of all outlines together: that the edges of one do not cross costs the square of its points, each time it is read.
MOST_POINTS_IN_ALL = 512
Share = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]
Name = Annotated[str, StringConstraints(min_length=1, max_length=64, pattern=r"^[^\x00-\x1f\x7f]+$")]
Seconds = Annotated[float, Field(ge=0, le=86400, allow_inf_nan=False)]
Point = Annotated[list[Share], Field(min_length=2, max_length=2)]
Outline = Annotated[list[Point], Field(min_length=LEAST_POINTS, max_length=MOST_POINTS)]


def _known_region(region: str) -> str:
    known = built_in().regions
    if region not in known:
        raise ValueError(f"No formats of plates are known there. Known: {', '.join(known)}.")
    return region


Region = Annotated[str, StringConstraints(max_length=8), AfterValidator(_known_region)]


def _known_class(name: str) -> str:
    if name not in COCO:
        raise ValueError(f"No such object is looked for. Known: {', '.join(sorted(COCO))}.")
    return name


ClassName = Annotated[str, StringConstraints(max_length=64), AfterValidator(_known_class)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class NamedArea(_Strict):
    """A named polygon in 0–1 of the frame, origin top left; its edges do not cross."""

    name: Name
    polygon: Outline

    @model_validator(mode="after")
    def _is_simple(self) -> Self:
        self.outline()
        return self

    def outline(self) -> Polygon:
        """For the engine."""
        return Polygon(tuple((x, y) for x, y in self.polygon))


class NamedLine(_Strict):
    """A named line in 0–1 of the frame; who crosses it does so to its right or left, seen from its start."""

    name: Name
    start: Point
    end: Point

    @model_validator(mode="after")
    def _can_be_crossed(self) -> Self:
        self.line()
        return self

    def line(self) -> Line:
        """For the engine."""
        return Line(self.name, (self.start[0], self.start[1]), (self.end[0], self.end[1]))


Detector = Literal["motion", "tracking", "anpr"]


class CameraSettings(_Strict):
    """How a camera is watched. Times are in seconds of media time, points in 0–1 of the upright frame."""

    detectors: Annotated[list[Detector], Field(min_length=1, max_length=3)] = ["motion", "tracking", "anpr"]
    classes: list[ClassName] = Field(
        [],
        max_length=100,
        description="Of objects to follow; empty for people, vehicles, animals and luggage.",
    )
    confidence: Share = Field(0.5, description="From which on a detection may begin a track.")
    max_fps: float = Field(
        10.0, ge=0.01, le=120, allow_inf_nan=False, description="Frames beyond it are left out."
    )
    frame_skip: int = Field(0, ge=0, le=1000, description="Frames left out after each one, besides.")
    zones: list[NamedArea] = Field([], max_length=MOST_OUTLINES)
    lines: list[NamedLine] = Field([], max_length=MOST_OUTLINES)
    masks: list[NamedArea] = Field(
        [], max_length=MOST_OUTLINES, description="What lies inside is never looked at."
    )
    black_out_masks: bool = Field(
        False, description="What masks hide is black in snapshots and in the live view too, and kept nowhere."
    )
    least_area_percentage: float = Field(
        0.05, gt=0, le=100, allow_inf_nan=False, description="Of the frame, for motion."
    )
    motion_cooldown_seconds: Seconds = 1.0
    track_buffer_seconds: float = Field(
        2.0, gt=0, le=86400, allow_inf_nan=False, description="How long an object may be out of sight."
    )
    least_dwell_seconds: Seconds = Field(0.0, description="Before a track enters.")
    plate_cooldown_seconds: Seconds = 30.0
    plate_regions: list[Region] = Field([], max_length=100, description="Whose formats count; empty for all.")
    most_events_per_minute: int = Field(
        300, ge=1, le=100_000, description="What is beyond is counted, and the log says how many."
    )
    snapshots: Literal["none", "first", "all"] = Field("first", description="Of what pictures are kept.")
    finder: str = Field(
        "", max_length=64, pattern=r"^[a-z0-9_-]*$", description="Who looks for objects; empty: the best."
    )
    pace: Literal["own", "fast"] = Field(
        "own", description="Of a file: as it was recorded, or as fast as can be."
    )
    loop: bool = Field(False, description="Of a file: from its beginning again at its end.")

    @model_validator(mode="before")
    @classmethod
    def _has_few_points(cls, given: Any) -> Any:
        """Counted before any outline is looked at."""
        if _points_of(given) > MOST_POINTS_IN_ALL:
            raise ValueError(f"Zones and masks together have at most {MOST_POINTS_IN_ALL} points.")
        return given

    @model_validator(mode="after")
    def _names_each_once(self) -> Self:
        for what in ("detectors", "classes", "plate_regions"):
            given = getattr(self, what)
            if len(set(given)) < len(given):
                raise ValueError(f"{what}: each at most once.")
        for what in ("zones", "lines", "masks"):
            names = [one.name for one in getattr(self, what)]
            if len(set(names)) < len(names):
                raise ValueError(f"{what}: each name at most once.")
        return self


def _points_of(given: Any) -> int:
    """How many points the zones and masks of a JSON value have; what has no such shape is refused later."""
    said = given if isinstance(given, dict) else {}
    areas = [area for what in ("zones", "masks") if isinstance(said.get(what), list) for area in said[what]]
    outlines = [area.get("polygon") for area in areas if isinstance(area, dict)]
    return sum(len(outline) for outline in outlines if isinstance(outline, list))


class BadSettings(ValueError):
    """Settings that are refused: reasons by field, as (sentence, code)."""

    code = "invalid"

    def __init__(self, reasons: dict[str, tuple[str, str]]) -> None:
        super().__init__("; ".join(f"{field}: {reason}" for field, (reason, _) in reasons.items()))
        self.reasons = reasons


def read(given: Any) -> CameraSettings:
    """The settings of a JSON value. Raises BadSettings."""
    try:
        return CameraSettings.model_validate(given)
    except ValidationError as error:
        said = error.errors(include_url=False, include_input=False, include_context=False)
        raise BadSettings(dict(map(_reason, said[:MOST_ERRORS]))) from None


def stored(settings: CameraSettings) -> dict[str, Any]:
    """As they are kept: all of them, so that another default later changes no camera."""
    return settings.model_dump(mode="json")


def footage_settings(settings: CameraSettings) -> FootageSettings:
    """For the engine."""
    same = (
        "confidence", "max_fps", "frame_skip", "least_area_percentage", "motion_cooldown_seconds",
        "track_buffer_seconds", "least_dwell_seconds", "plate_cooldown_seconds", "finder", "black_out_masks",
    )  # fmt: skip
    return FootageSettings(
        classes=frozenset(settings.classes),
        zones=tuple(Zone(zone.name, zone.outline()) for zone in settings.zones),
        lines=tuple(line.line() for line in settings.lines),
        masks=tuple(mask.outline().points for mask in settings.masks),
        plate_regions=tuple(settings.plate_regions),
        snapshots=SnapshotPolicy(settings.snapshots),
        **{name: getattr(settings, name) for name in same},
    )


def _reason(error: Any) -> tuple[str, tuple[str, str]]:
    field = ".".join(map(str, error["loc"])) or "settings"
    said = str(error["msg"]).removeprefix("Value error, ")
    code = "unknown_field" if error["type"] == "extra_forbidden" else str(error["type"])
    known = ", ".join(sorted(CameraSettings.model_fields))
    if code == "unknown_field":
        said = f"Unknown field. Known here: {known}." if len(error["loc"]) == 1 else "Unknown field."
    return field, (said, code)
