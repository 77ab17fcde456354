"""What an event must be for a rule to be raised: validated where it enters, and then only compared."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import cache
from typing import Annotated, Any, Literal, Self
from zoneinfo import ZoneInfo, available_timezones

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, model_validator

from analysis.cameras.watching import Name, Share
from analysis.engine.analytics.plates.watchlist import FARTHEST, NEAR

Type = Literal["motion.started", "motion.ended", "track.entered", "track.updated", "track.left", "plate.read"]
Clock = Annotated[str, StringConstraints(pattern=r"^([01]\d|2[0-3]):[0-5]\d$")]
LONGEST_COOLDOWN_SECONDS = 7 * 86_400.0


@cache
def _zones() -> frozenset[str]:
    # some 25 ms each time, and every rule is read whenever one of its cameras saw something
    return frozenset(available_timezones())


def _known_zone(name: str) -> str:
    if name not in _zones():
        raise ValueError("No such time zone; they look like Europe/Berlin.")
    return name


class Conditions(BaseModel):
    """All that are given must hold; of a list one. An empty list asks for nothing."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    types: list[Type] = Field([], max_length=10)
    classes: list[Name] = Field([], max_length=100, description="Of the object, or of a plate's vehicle.")
    zones: list[Name] = Field([], max_length=32, description="That it has just entered.")
    lines: list[Name] = Field([], max_length=32, description="That it has just crossed.")
    weekdays: list[Annotated[int, Field(ge=1, le=7)]] = Field([], max_length=7, description="1 is Monday.")
    from_time: Clock | None = Field(None, description="HH:MM; later than until_time: over midnight.")
    until_time: Clock | None = Field(None, description="HH:MM, not included.")
    time_zone: Annotated[str, StringConstraints(max_length=64), AfterValidator(_known_zone)] = "UTC"
    watchlist: bool = Field(False, description="Only plates that are near to a watched one.")
    most_distance: float = Field(
        NEAR, ge=0, le=FARTHEST, allow_inf_nan=False, description="To a watched plate."
    )
    least_confidence: Share | None = None
    cooldown_seconds: float = Field(
        60.0,
        ge=0,
        le=LONGEST_COOLDOWN_SECONDS,
        allow_inf_nan=False,
        description="Per camera, after an alert.",
    )

    @model_validator(mode="after")
    def _both_times(self) -> Self:
        if (self.from_time is None) != (self.until_time is None):
            raise ValueError("from_time and until_time: give both or none.")
        return self

    def hold(self, kind: str, time: datetime, data: Mapping[str, Any]) -> bool:
        """Whether an event is such; its plate is not looked at here."""
        return (
            (not self.types or kind in self.types)
            and (not self.watchlist or kind == "plate.read")
            and (not self.classes or _class(data) in self.classes)
            and (not self.zones or _entered(data) in self.zones)
            and (not self.lines or _named(data.get("line")).get("name") in self.lines)
            and self._is_sure(data.get("confidence"))
            and self._is_time(time)
        )

    def _is_sure(self, confidence: object) -> bool:
        if self.least_confidence is None:
            return True
        return isinstance(confidence, int | float) and confidence >= self.least_confidence

    def _is_time(self, time: datetime) -> bool:
        local = time.astimezone(ZoneInfo(self.time_zone))
        day = local
        if self.from_time and self.until_time:
            clock = f"{local:%H:%M}"
            if self.from_time < self.until_time:
                if not self.from_time <= clock < self.until_time:
                    return False
            elif clock < self.until_time:
                day = local - timedelta(days=1)  # the night belongs to the day it began on
            elif clock < self.from_time:
                return False
        return not self.weekdays or day.isoweekday() in self.weekdays


def _class(data: Mapping[str, Any]) -> object:
    return data.get("class") or _named(data.get("vehicle")).get("class")


def _entered(data: Mapping[str, Any]) -> object:
    zone = _named(data.get("zone"))
    return zone.get("name") if zone.get("action") == "entered" else None


def _named(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}
