"""What footage events can be narrowed by in REST; the parameters of existing clients."""

import math
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import QuerySet
from django.utils.dateparse import parse_date
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.request import Request

from accounts.models import User
from accounts.strict import StrictSerializer, known_query
from analysis import plate_searches, plates, sightings
from analysis.api.filters import DayOrTime
from analysis.models import Sighting

VALUES_LIMIT = 100


@extend_schema_field({"type": "string"})
class Several(serializers.Field):
    """One value or several, separated by commas, of those `check` knows how to write."""

    def __init__(self, check: Callable[[str], str | None], **options: Any) -> None:
        super().__init__(**options)
        self._check = check

    def to_internal_value(self, data: Any) -> list[str]:
        """Each value as it is kept."""
        given = [value for value in str(data).split(",") if value]
        if len(given) > VALUES_LIMIT:
            raise serializers.ValidationError(f"Give at most {VALUES_LIMIT} values.")
        checked = {value: self._check(value) for value in given}
        if unknown := [value for value, known in checked.items() if known is None]:
            raise serializers.ValidationError(f"{unknown[0][:64]!r} is no such value.")
        return [known for known in checked.values() if known is not None]

    def to_representation(self, value: list[str]) -> str:
        """As it is given."""
        return ",".join(value)


class UntilTime(DayOrTime):
    """Like DayOrTime; a day means its last moment."""

    def to_internal_value(self, data: Any) -> datetime:
        """The last moment that is meant."""
        time = super().to_internal_value(data)
        return time + timedelta(days=1, microseconds=-1) if parse_date(str(data)) else time


class SightingQuery(StrictSerializer):
    """Filters of footage events; all that are given must fit."""

    camera_id = Several(
        sightings.camera_id, required=False, help_text="media:<uuid> for a file; several with commas."
    )
    event_type = Several(
        sightings.event_type, required=False, help_text="tracking, motion, anpr; several with commas."
    )
    object_class = serializers.CharField(required=False, max_length=64, help_text="Such as person.")
    license_plate = serializers.CharField(
        required=False,
        max_length=plates.LONGEST_PATTERN,
        help_text="Letters and digits; * is any text, ? one character. Spaces, hyphens and case do not count.",
    )
    min_confidence = serializers.FloatField(required=False, min_value=0, max_value=1)
    start_time = DayOrTime(required=False)
    end_time = UntilTime(required=False)

    def validate_license_plate(self, value: str) -> plates.Pattern:
        """The pattern."""
        try:
            return plates.pattern(value)
        except plates.InvalidPattern as error:
            raise serializers.ValidationError(str(error)) from error

    def validate_min_confidence(self, value: float) -> float:
        """A number: NaN is neither below 0 nor above 1."""
        if math.isnan(value):
            raise serializers.ValidationError("A valid number is required.")
        return value


_LOOKUPS = {
    "camera_id": "camera_id__in",
    "event_type": "event_type__in",
    "object_class": "object_class__iexact",
    "min_confidence": "confidence__gte",
    "start_time": "time__gte",
    "end_time": "time__lte",
}


@dataclass(frozen=True)
class Search:
    """What a request asks for: lookups, the plate if there is one, and the other filters as they were given."""

    lookups: Mapping[str, Any]
    plate: plates.Pattern | None
    given: Mapping[str, str]

    @contextmanager
    def noted(self, user: User) -> Iterator[plate_searches.Asked]:
        """Notes it if it is one for a plate."""
        with plate_searches.noted(user, self.plate, self.given) as asked:
            yield asked

    def narrowed(self, found: QuerySet[Sighting]) -> QuerySet[Sighting]:
        """Those that are asked for. Raises TooManyPlates."""
        found = found.filter(**self.lookups)
        return plates.searched(found, self.plate) if self.plate else found


def search(request: Request) -> Search:
    """The filters given; repeated ones together, empty ones left out, as existing clients send them.

    Raises ValidationError.
    """
    fields = list(SightingQuery().fields)
    given = known_query(request, *fields)
    return asked_for({name: ",".join(filter(None, given.getlist(name))) for name in fields})


def asked_for(given: Mapping[str, str]) -> Search:
    """What filters say; those without a value are left out. Raises ValidationError."""
    texts = {name: text for name, text in given.items() if text}
    query = SightingQuery(data=texts)
    query.is_valid(raise_exception=True)
    wanted = dict(query.validated_data)
    plate = wanted.pop("license_plate", None)
    lookups = {_LOOKUPS[name]: value for name, value in wanted.items()}
    return Search(lookups, plate, {name: text for name, text in texts.items() if name != "license_plate"})
