"""Looks through what cameras saw and raises alerts: each a line of the camera's own log.

There it is chained like everything else, and the webhooks of its owner tell it, signed and tried again as they are. Who
records is not held up: this reads behind, from a cursor per camera, which moves in the transaction that writes
the alerts. So a killed worker loses none and raises none twice, and they keep the order of their events.
"""

import json
import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import BigIntegerField, Case, Exists, F, OuterRef, Q, When
from django.db.models.functions import Coalesce
from pydantic import ValidationError

from accounts.models import User
from analysis import plates
from analysis.alerts.conditions import Conditions
from analysis.dialects import footage
from analysis.engine.analytics.plates.watchlist import MOST_ENTRIES, Hit, Wanted, Watchlist
from analysis.models import Alert, AlertCursor, AlertRule, Camera, WatchedPlate
from analysis.plate_keys import is_keyed
from realtime import log
from realtime.log import Draft
from realtime.models import Event, Topic

logger = logging.getLogger(__name__)
LINES_AT_ONCE = 500
ALERT_TYPE = "alert.raised"


@dataclass
class _Rule:
    """A rule while one portion of a camera's lines is looked through; `last` is when it was raised last."""

    row: AlertRule
    conditions: Conditions
    last: datetime | None

    def rests(self, time: datetime) -> bool:
        # either way: a clock that was ahead and was put right must not silence the rule until then
        rest = timedelta(seconds=self.conditions.cooldown_seconds)
        return self.last is not None and abs(time - self.last) < rest


@dataclass(frozen=True)
class _Raised:
    rule: AlertRule
    event: Event
    hit: Hit | None


def raise_due() -> int:
    """Looks through one portion of lines of each camera that moved; how many lines. Safe in several workers."""
    return sum(map(_look, _moved()))


def forget(topic_id: UUID, seqs: Sequence[int]) -> None:
    """Empties the alerts that lines raised which are being emptied: they say the same."""
    within = Q(seq__gte=seqs.start, seq__lt=seqs.stop) if isinstance(seqs, range) else Q(seq__in=seqs)
    raised = Alert.objects.filter(within, camera__topic=topic_id)
    told = list(raised.values_list("alert_seq", flat=True))
    if told:
        raised.delete()
        log.empty_some(topic_id, told)


def _moved() -> list[UUID]:
    """Cameras with lines nobody looked through, and with rules."""
    rules = AlertRule.objects.filter(enabled=True, owner=OuterRef("owner"))
    seen = Coalesce("alert_cursor__seq", 0, output_field=BigIntegerField())
    cameras = Camera.objects.annotate(seen=seen).filter(Exists(rules), topic__head__gt=F("seen"))
    return list(cameras.order_by("pk").values_list("pk", flat=True))


def _look(camera_id: UUID) -> int:
    AlertCursor.objects.get_or_create(camera_id=camera_id)
    with transaction.atomic():
        # the camera first, as everywhere: whoever deletes it holds it too
        cameras = Camera.objects.select_for_update(of=("self",), no_key=True, skip_locked=True)
        camera = cameras.filter(pk=camera_id).first()
        cursor = AlertCursor.objects.filter(camera=camera_id).first()
        if camera is None or cursor is None:
            return 0
        rules = _rules(camera)
        # read before the lines: what is committed after it is for the next look
        head = Topic.objects.values_list("head", flat=True).get(pk=camera.topic_id)
        events = _events(camera, cursor.seq, head, rules)
        _write(camera, list(_raised(events, rules)))
        cursor.seq = events[-1].seq if len(events) == LINES_AT_ONCE else head
        cursor.save(update_fields=["seq"])
    return len(events)


def _rules(camera: Camera) -> list[_Rule]:
    theirs = AlertRule.objects.filter(enabled=True, owner=camera.owner_id)
    holding = (
        theirs.filter(Q(cameras=None) | Q(cameras=camera))
        .distinct()
        .select_related("owner")
        .order_by("created", "pk")
    )
    return [_Rule(rule, known, _last(rule, camera)) for rule in holding if (known := _conditions(rule))]


def _conditions(rule: AlertRule) -> Conditions | None:
    """None where they are none any more (a time zone may go with an update): one rule must not end the others."""
    try:
        return Conditions.model_validate(rule.conditions)
    except ValidationError as error:
        logger.warning("alert rule %s cannot be read: %s", rule.pk, [one["loc"] for one in error.errors()])
        return None


def _last(rule: AlertRule, camera: Camera) -> datetime | None:
    raised = Alert.objects.filter(rule=rule, camera=camera).order_by("-seq")
    return raised.values_list("time", flat=True).first()


def _events(camera: Camera, after: int, head: int, rules: Sequence[_Rule]) -> list[Event]:
    if not rules:
        return []
    since = min(rule.row.since for rule in rules)
    found = Event.objects.filter(
        topic=camera.topic_id, seq__gt=after, seq__lte=head, type__in=footage.TYPES, time__gte=since
    )
    return list(found.exclude(body="").order_by("seq")[:LINES_AT_ONCE])


def _raised(events: Sequence[Event], rules: Sequence[_Rule]) -> Iterator[_Raised]:
    watched: Watchlist | None = None
    for event in events:
        data = json.loads(event.body)["data"]
        for rule in rules:
            if event.time < rule.row.since or rule.rests(event.time):
                continue
            if not rule.conditions.hold(event.type, event.time, data):
                continue
            hit = None
            if rule.conditions.watchlist:
                watched = watched or _watchlist(rule.row.owner)
                hit = watched.nearest(_plate(data), most=rule.conditions.most_distance)
                if hit is None:
                    continue
            rule.last = event.time
            yield _Raised(rule.row, event, hit)


def _plate(data: dict[str, Any]) -> str:
    plate = plates.opened(data).get("plate")
    return plate if isinstance(plate, str) else ""


def _watchlist(owner: User) -> Watchlist:
    """The owner's own first, then what is shared with them; what no key of ours can read is left out.

    `note` carries the entry's id and name.
    """
    own = Case(When(owner=owner, then=0), default=1)
    kept = WatchedPlate.objects.waited_for_by(owner).order_by(own, "created", "pk")[:MOST_ENTRIES]
    texts = [(one, plates.text_of(one.plate, one.plate_sealed)) for one in kept]
    return Watchlist(Wanted(text, f"{one.pk} {one.name}") for one, text in texts if text)


def _write(camera: Camera, raised: Sequence[_Raised]) -> None:
    lines = log.append(camera.topic_id, [_draft(camera, one) for one in raised])
    Alert.objects.bulk_create(
        Alert(rule=one.rule, camera=camera, seq=one.event.seq, alert_seq=line.seq, time=one.event.time)
        for one, line in zip(raised, lines, strict=True)
    )


def _draft(camera: Camera, one: _Raised) -> Draft:
    event = json.loads(one.event.body)
    data: dict[str, Any] = {
        "rule": {"id": str(one.rule.pk), "name": one.rule.name},
        "camera": {"id": str(camera.pk), "key": camera.key},
        "cause": {"seq": one.event.seq, "type": one.event.type, "time": event["time"]},
        **{name: event["data"].get(name) for name in ("class", "zone", "line", "confidence", "pts_seconds")},
    }
    if one.hit:
        entry, _, name = one.hit.wanted.note.partition(" ")
        distance = one.hit.distance.total
        # the words say which signs were read for which: under a key the line must not
        words = {} if is_keyed() else {"distance_words": one.hit.words}
        data["watchlist"] = {"id": entry, "name": name, "distance": round(distance, 3), **words}
    message = f"Alert “{one.rule.name}”: {event['message']}"
    return Draft(ALERT_TYPE, message, data, subject=f"rule/{one.rule.pk}")
