"""What a camera saw, as its page lists it: narrowed like in REST, each event as a sentence."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.core.paginator import Page, Paginator
from django.db.models import QuerySet
from django.utils.functional import Promise
from rest_framework.exceptions import ValidationError

from accounts.models import User
from analysis import camera_words, sightings
from analysis.api.sighting_filters import Search, asked_for
from analysis.camera_sheet import Span, span_of, title_of
from analysis.models import Camera, Sighting

EVENTS_PER_PAGE = 25
FILTERS = ("event_type", "object_class", "license_plate", "start_time", "end_time")


@dataclass(frozen=True)
class Seen:
    """One event as it is shown."""

    id: int
    time: datetime
    kind: str
    said: str
    confidence: float | None
    has_snapshot: bool

    @property
    def type(self) -> str | Promise:
        """Its type as a word."""
        return camera_words.TYPES[self.kind]


@dataclass(frozen=True)
class Asked:
    """What the filters of a page ask for; `refused` says what is wrong with them, by name."""

    given: Mapping[str, str]
    span: Span
    search: Search | None
    refused: Mapping[str, str]

    def narrowed(self, camera: Camera, reader: User) -> QuerySet[Sighting]:
        """What was seen in the span, of what is asked for; a search for a plate is noted."""
        everything = Sighting.objects.filter(
            topic=camera.topic_id, time__gte=self.span.begin, time__lte=self.span.end
        )
        if self.search is None:
            return everything.none()
        with self.search.noted(reader) as note:
            found = self.search.narrowed(everything)
            if self.search.plate:
                note.found = found.count()
        return found


def asked(query: Mapping[str, str]) -> Asked:
    """The filters of a page's address."""
    given = {name: value for name in (*FILTERS, "span") if (value := query.get(name, "").strip())}
    try:
        search = asked_for({name: given.get(name, "") for name in FILTERS})
    except ValidationError as error:
        detail: Any = error.detail
        refused = {name: str(said[0]) for name, said in detail.items()}
        return Asked(given, span_of("day", None, None), None, refused)
    begin, end = search.lookups.get("time__gte"), search.lookups.get("time__lte")
    return Asked(given, span_of(given.get("span", ""), begin, end), search, {})


def page_of(found: QuerySet[Sighting], number: str | None) -> Page[Sighting]:
    """One page of them, newest first; its rows are told by `told`."""
    return Paginator(found.order_by("-time", "-pk"), EVENTS_PER_PAGE).get_page(number)


def told(page: Page[Sighting]) -> Sequence[Seen]:
    """The events of a page as sentences; without those taken away meanwhile."""
    return [seen(record) for record in sightings.records(list(page))]


def seen(record: Mapping[str, Any]) -> Seen:
    """A record of the footage dialect as a sentence."""
    data = record["event_data"]
    confidence = data.get("confidence", data.get("anpr_result", {}).get("confidence"))
    return Seen(
        id=record["id"],
        time=datetime.fromisoformat(record["timestamp"]),
        kind=record["event_type"],
        said=_said(record["event_type"], data),
        confidence=confidence,
        has_snapshot=bool(record["snapshot_path"]),
    )


def _said(kind: str, data: Mapping[str, Any]) -> str:
    if kind == "motion":
        return str(camera_words.SAID[f"motion.{data['motion_action']}"])
    if kind == "anpr":
        read = data["anpr_result"]
        template = "plate.region" if read["region"] else "plate"
        return str(camera_words.SAID[template]).format(
            plate=read["license_plate"] or "–", region=read["region"]
        )
    what = title_of("tracking", data["class_name"] or "")
    return str(camera_words.SAID[data["tracking_action"]]).format(what=what, track=data["track_id"])
