"""What lists can be narrowed by: each a query parameter, unknown ones and nonsense refused."""

from datetime import UTC, datetime, timedelta
from typing import Any

from django.db.models import Q, QuerySet
from django.utils.dateparse import parse_date, parse_datetime
from django.utils.timezone import is_naive, make_aware
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.request import Request

from accounts.strict import StrictSerializer, known_query
from analysis.models import Media, Run


@extend_schema_field({"type": "string", "example": "2026-05-03"})
class DayOrTime(serializers.Field):
    """A day (2026-05-03, in UTC) or a time (2026-05-03T14:00:00Z). `end_of_day`: a day means its end."""

    def __init__(self, *, end_of_day: bool = False, **options: Any) -> None:
        super().__init__(**options)
        self._end_of_day = end_of_day

    def to_internal_value(self, data: Any) -> datetime:
        """An aware time, in UTC."""
        try:
            if day := parse_date(str(data)):
                start = make_aware(datetime(day.year, day.month, day.day))  # noqa: DTZ001  # aware at once
                return start + timedelta(days=1) if self._end_of_day else start
            if time := parse_datetime(str(data)):
                # here, where it may fail: the first hours of the year 1 are no time in UTC everywhere
                return (make_aware(time) if is_naive(time) else time).astimezone(UTC)
        except (ValueError, OverflowError) as error:
            raise serializers.ValidationError("This is no day of the calendar.") from error
        raise serializers.ValidationError("Give a day (2026-05-03) or a time (2026-05-03T14:00:00Z).")

    def to_representation(self, value: datetime) -> str:
        """ISO 8601."""
        return value.isoformat()


class MediaQuery(StrictSerializer):
    """Filters of the list of media."""

    kind = serializers.ChoiceField(Media.Kind.choices, required=False)
    q = serializers.CharField(
        required=False, max_length=255, help_text="Part of name or description, or a SHA-256."
    )
    sha256 = serializers.RegexField(r"^[0-9a-fA-F]{64}$", required=False)
    external_id = serializers.CharField(
        required=False, max_length=200, trim_whitespace=False, help_text="The id its client gave it."
    )
    created_after = DayOrTime(required=False)
    created_before = DayOrTime(required=False, end_of_day=True)


class RunQuery(StrictSerializer):
    """Filters of the list of runs."""

    state = serializers.ChoiceField(Run.State.choices, required=False)
    outcome = serializers.ChoiceField(Run.Outcome.choices, required=False)
    kind = serializers.ChoiceField(Media.Kind.choices, required=False)
    media = serializers.UUIDField(required=False)
    camera = serializers.UUIDField(required=False, help_text="The runs that watch or watched it instead.")
    q = serializers.CharField(
        required=False, max_length=255, help_text="Part of name or description, or a SHA-256."
    )
    created_after = DayOrTime(required=False)
    created_before = DayOrTime(required=False, end_of_day=True)


def asked(request: Request, query: type[StrictSerializer]) -> dict[str, Any]:
    """The filters of a request. Raises ValidationError."""
    fields = list(query().fields.keys())
    given = known_query(request, *fields)
    serializer = query(data={name: given[name] for name in fields if name in given})
    serializer.is_valid(raise_exception=True)
    return dict(serializer.validated_data)


def narrowed_media(media: QuerySet[Media], wanted: dict[str, Any]) -> QuerySet[Media]:
    """The media that match."""
    lookups = {"kind": "kind", "sha256": "sha256__iexact", "external_id": "external_id"}
    return media.filter(_condition(wanted, lookups, prefix=""))


def narrowed_runs(runs: QuerySet[Run], wanted: dict[str, Any]) -> QuerySet[Run]:
    """The runs that match."""
    lookups = {"state": "state", "outcome": "outcome", "kind": "media__kind", "media": "media_id"}
    lookups["camera"] = "camera_id"
    return runs.filter(_condition(wanted, lookups, prefix="media__"))


def _condition(wanted: dict[str, Any], lookups: dict[str, str], *, prefix: str) -> Q:
    lookups = lookups | {"created_after": "created__gte", "created_before": "created__lt"}
    condition = Q(**{lookup: wanted[name] for name, lookup in lookups.items() if name in wanted})
    if text := wanted.get("q"):
        condition &= (
            Q(**{f"{prefix}filename__icontains": text})
            | Q(**{f"{prefix}description__icontains": text})
            | Q(**{f"{prefix}sha256": text.lower()})
        )
    return condition
