"""What the alert pages show: what was raised, and what a rule asks for in words."""

import json
from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.db.models import Exists, OuterRef, Q, QuerySet, Subquery
from django.utils.functional import Promise
from pydantic import ValidationError

from accounts.models import User
from analysis import alert_words, camera_events, sightings
from analysis.alerts.conditions import Conditions
from analysis.alerts.raising import ALERT_TYPE
from analysis.camera_events import Seen
from analysis.camera_sheet import address, title_of
from analysis.models import Alert, AlertRule, Camera, Sighting
from realtime import log
from realtime.models import Webhook
from realtime.webhooks import keeping as webhooks
from realtime.webhooks import types

ALERTS_PER_PAGE = 25
# what else happened there, on the camera's own page
AROUND = timedelta(seconds=30)


@dataclass(frozen=True)
class Shown:
    """An alert as a line of the list. seen: None where the event is gone, or is of a kind that is not searched."""

    alert: Alert
    rule: str
    message: str
    watched: Mapping[str, Any]
    seen: Seen | None

    @property
    def distance(self) -> str:
        """To the watched plate, and which signs were read for which where the line may say it."""
        return self.watched.get("distance_words") or f"{self.watched.get('distance', 0):g}"

    @property
    def camera(self) -> str:
        """Where the camera's page is."""
        return address(self.alert.camera)

    @property
    def there(self) -> str:
        """Where the camera's page shows the event among what it saw around it."""
        begin, end = (f"{self.alert.time + by:%Y-%m-%dT%H:%M:%S}" for by in (-AROUND, AROUND))
        return f"{self.camera}?{urlencode({'start_time': begin, 'end_time': end})}#events-title"


@dataclass(frozen=True)
class Page:
    """A page of alerts; `newer` and `older` are what to ask for next, or "" where there is nothing."""

    alerts: Sequence[Alert]
    newer: str = ""
    older: str = ""


def page_of(found: QuerySet[Alert], query: Mapping[str, str]) -> Page:
    """Alerts newest first, from a place in them on: what is raised meanwhile moves nothing to the next page."""
    after, before = _place(query.get("after")), _place(query.get("before"))
    if after:
        rows = list(found.filter(_beyond("gt", *after)).order_by("time", "pk")[: ALERTS_PER_PAGE + 1])
        if len(rows) > ALERTS_PER_PAGE:
            rows = rows[ALERTS_PER_PAGE - 1 :: -1]
            return Page(rows, _named("after", rows[0]), _named("before", rows[-1]))
        before = None  # so near to the top that it is the first page
    if before:
        found = found.filter(_beyond("lt", *before))
    rows = list(found.order_by("-time", "-pk")[: ALERTS_PER_PAGE + 1])
    shown = rows[:ALERTS_PER_PAGE]
    older = _named("before", shown[-1]) if len(rows) > ALERTS_PER_PAGE else ""
    return Page(shown, _named("after", shown[0]) if before and shown else "", older)


def told(alerts: Sequence[Alert]) -> list[Shown]:
    """With what their lines say and what was seen; three queries, however many they are."""
    lines = log.find([(alert.camera.topic_id, alert.alert_seq) for alert in alerts])
    data = {(line.topic, line.seq): json.loads(line.body) for line in lines if line.body}
    seen = _seen(alerts)
    return [
        Shown(
            alert,
            rule=line["data"]["rule"]["name"],
            message=line["message"],
            watched=line["data"].get("watchlist") or {},
            seen=seen.get((alert.camera.topic_id, alert.seq)),
        )
        for alert in alerts
        if (line := data.get((alert.camera.topic_id, alert.alert_seq)))
    ]


def rules_to_choose(reader: User) -> QuerySet[AlertRule]:
    """Those one may see, and those that raised what one may see."""
    raised = Alert.objects.owned_by(reader).filter(rule=OuterRef("pk"))
    seen = AlertRule.objects.owned_by(reader).values("pk")
    return AlertRule.objects.filter(Q(pk__in=seen) | Exists(raised)).order_by("name", "pk")


def cameras_to_choose(reader: User) -> QuerySet[Camera]:
    """Those one may see."""
    return Camera.objects.owned_by(reader).order_by("key")


def with_latest(rules: QuerySet[AlertRule], reader: User) -> QuerySet[AlertRule]:
    """When each was raised last, as `latest`, as far as the reader may see it."""
    raised = Alert.objects.owned_by(reader).filter(rule=OuterRef("pk")).order_by("-time")
    return rules.annotate(latest=Subquery(raised.values("time")[:1]))


@dataclass(frozen=True)
class Named:
    """The cameras that a rule holds for: those the reader may see by name, and how many others."""

    names: list[str]
    others: int


def cameras_of(rule: AlertRule, known: Set[UUID]) -> Named:
    """known: the cameras that the reader may see; a rule shared with them may hold for more."""
    cameras = list(rule.cameras.all())
    names = [camera.name for camera in cameras if camera.pk in known]
    return Named(names, len(cameras) - len(names))


def listening(owner: User) -> list[Webhook]:
    """The owner's webhooks that are sent alerts."""
    return [hook for hook in webhooks.of(owner) if hook.enabled and types.matches(hook.types, ALERT_TYPE)]


def asked(rule: AlertRule) -> list[tuple[str | Promise, str]]:
    """What a rule asks for, as label and words; empty where it is not understood any more."""
    try:
        return list(_asked(Conditions.model_validate(rule.conditions)))
    except ValidationError:
        return []


def _asked(conditions: Conditions) -> Iterator[tuple[str | Promise, str]]:
    words = {
        "types": ", ".join(str(alert_words.TYPES[kind]) for kind in conditions.types),
        "zones": ", ".join(conditions.zones),
        "lines": ", ".join(conditions.lines),
        "classes": ", ".join(title_of("tracking", name) for name in conditions.classes),
    }
    if conditions.least_confidence is not None:
        words["least_confidence"] = _said(alert_words.FROM_CONFIDENCE, confidence=conditions.least_confidence)
    if conditions.watchlist:
        words["watchlist"] = _said(alert_words.WITHIN, distance=conditions.most_distance)
    words["time"] = _when(conditions)
    words["cooldown_seconds"] = _said(alert_words.SECONDS, seconds=conditions.cooldown_seconds)
    yield from ((alert_words.LABELS[name], said) for name, said in words.items() if said)


def _when(conditions: Conditions) -> str:
    said = []
    if conditions.weekdays:
        said.append(
            ", ".join(str(alert_words.WEEKDAYS[str(day)]) for day in sorted(set(conditions.weekdays)))
        )
    if conditions.from_time:
        said.append(f"{conditions.from_time}–{conditions.until_time}")
    return f"{' · '.join(said)} ({conditions.time_zone})" if said else ""


def _said(template: str | Promise, **numbers: float) -> str:
    return str(template).format(**{name: f"{number:g}" for name, number in numbers.items()})


def _seen(alerts: Sequence[Alert]) -> dict[tuple[UUID, int], Seen]:
    """What was seen, by topic and line; as REST tells it to whoever may see the camera."""
    by_topic: dict[UUID, list[int]] = {}
    for alert in alerts:
        by_topic.setdefault(alert.camera.topic_id, []).append(alert.seq)
    if not by_topic:
        return {}
    places = Q()
    for topic, seqs in by_topic.items():
        places |= Q(topic=topic, seq__in=seqs)
    records = sightings.records(list(Sighting.objects.filter(places)))
    return {(UUID(str(record["topic"])), record["seq"]): camera_events.seen(record) for record in records}


def _named(name: str, alert: Alert) -> str:
    return urlencode({name: f"{alert.time.astimezone(UTC):%Y-%m-%dT%H:%M:%S.%f}_{alert.pk}"})


def _place(text: str | None) -> tuple[datetime, UUID] | None:
    """None for what no page of ours asks for: that is the first page."""
    time, _, pk = (text or "").partition("_")
    try:
        return datetime.strptime(time, "%Y-%m-%dT%H:%M:%S.%f").replace(tzinfo=UTC), UUID(pk)
    except ValueError:
        return None


def _beyond(way: str, time: datetime, pk: UUID) -> Q:
    return Q(**{f"time__{way}": time}) | Q(**{"time": time, f"pk__{way}": pk})
