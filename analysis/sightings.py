"""Keeps the sightings beside the log, and says them in the footage dialect.

The log stays the truth: a sighting is what a line is found by. It is written with the line, goes with its
content, and can be made again from it.
"""

import json
import re
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Count, F, Max, Min, Q, QuerySet, Value
from django.db.models.functions import Coalesce, NullIf

from analysis import plates, snapshots
from analysis.cameras.models import KEY_PATTERN
from analysis.dialects import footage
from analysis.models import Run, Sighting
from analysis.retention import holds, quota
from realtime import log
from realtime.lines import Line
from realtime.topics import UserDialect, UserFrame, compact

MEDIA = "media:"
MOST_COUNTED = 100
# one plate, whichever of the two it is kept as; null for what has none
_PLATE = Coalesce(NullIf("plate_hash", Value("")), NullIf("plate", Value("")))
_CAMERA_KEY = re.compile(KEY_PATTERN)


def index(topic_id: UUID, lines: Sequence[Line]) -> None:
    """Keeps what was seen in new lines, in the transaction that writes them; done again it changes nothing.

    Reads and writes nothing when nothing was seen, which is so for almost all lines.
    """
    shown = [line for line in lines if line.type in footage.TYPES and line.body]
    if not shown:
        return
    # of the runs of a camera the one that began last: another begins only when it has ended, or never began
    runs = Run.objects.filter(topic_id=topic_id).order_by(F("started").desc(nulls_last=True), "-created")
    run = runs.values_list("pk", "media_id", "camera__key").first()
    if run is not None:
        made = [_sighting(line, run[2] or f"{MEDIA}{run[1]}", run[0]) for line in shown]
        _count_new(topic_id, made)
        Sighting.objects.bulk_create(made, ignore_conflicts=True, batch_size=1000)


def _count_new(topic_id: UUID, made: Sequence[Sighting]) -> None:
    """Counts the bytes of snapshots that were not on record before."""
    pictured = {sighting.seq: sighting.snapshot_bytes or 0 for sighting in made if sighting.snapshot_path}
    if pictured:
        known = Sighting.objects.filter(topic_id=topic_id, seq__in=pictured).values_list("seq", flat=True)
        quota.count(topic_id, sum(pictured.values()) - sum(pictured[seq] for seq in known))


def forget(topic_id: UUID, seqs: Sequence[int]) -> None:
    """Drops what was kept of lines that are being emptied; their snapshots go once this is committed."""
    which = Q(seq__gte=seqs.start, seq__lt=seqs.stop) if isinstance(seqs, range) else Q(seq__in=seqs)
    gone = Sighting.objects.filter(which, topic_id=topic_id)
    pictured = list(gone.exclude(snapshot_path="").values_list("snapshot_path", "snapshot_bytes"))
    paths = [path for path, _ in pictured]
    gone.delete()
    quota.count(topic_id, -sum(size_bytes or 0 for _, size_bytes in pictured))
    if paths:
        # robust: the event is gone; files that cannot be deleted now are left to the sweep
        transaction.on_commit(lambda: snapshots.remove(paths), robust=True)


def remove(sighting: Sighting) -> None:
    """Takes away a sighting with the content of its line; the line's number and hash stay in the chain.

    Raises Held.
    """
    with transaction.atomic():
        holds.refuse_event(sighting)
        log.empty(sighting.topic_id, sighting.seq, sighting.seq)


def records(sightings: Sequence[Sighting]) -> list[dict[str, Any]]:
    """The footage records of sightings, in their order, without those emptied meanwhile; one query."""
    places = [(sighting.topic_id, sighting.seq) for sighting in sightings]
    bodies = {(line.topic, line.seq): line.body for line in log.find(places)}
    found = [(sighting, bodies.get((sighting.topic_id, sighting.seq))) for sighting in sightings]
    return [footage.spoken(json.loads(body), sighting) for sighting, body in found if body]


def frames(topic_id: UUID, lines: Sequence[Line]) -> list[UserFrame]:
    """The records of a topic's lines for sockets, with what these may be narrowed by."""
    shown = [line for line in lines if line.type in footage.TYPES]
    if not shown:
        return []
    # Asked by range: lines come in runs, and a page may have hundreds.
    kept = Sighting.objects.filter(topic_id=topic_id, seq__gte=shown[0].seq, seq__lte=shown[-1].seq)
    by_seq = {sighting.seq: sighting for sighting in kept}
    return [_frame(line, by_seq[line.seq]) for line in shown if line.seq in by_seq]


def counts(found: QuerySet[Sighting]) -> dict[str, Any]:
    """How many sightings there are, by type, camera and class, of how many plates, and when; three queries."""
    ranges = {"count": Count("pk"), "first": Min("time"), "last": Max("time")}
    different = {"plates": Count(_PLATE, distinct=True)}
    types: list[Any] = list(found.order_by("event_type").values("event_type").annotate(**ranges, **different))
    return {
        "total": sum(row["count"] for row in types),
        "by_type": dict.fromkeys(Sighting.EventType.values, 0)
        | {row["event_type"]: row["count"] for row in types},
        "by_camera": _most(found, "camera_id"),
        "by_class": _most(found.exclude(object_class=""), "object_class"),
        "plates": sum(row["plates"] for row in types),
        "date_range": {
            "start": min((row["first"] for row in types), default=None),
            "end": max((row["last"] for row in types), default=None),
        },
    }


def _most(found: QuerySet[Sighting], column: str) -> dict[str, int]:
    counted = found.order_by().values(column).annotate(count=Count("pk"))
    return dict(counted.order_by("-count", column).values_list(column, "count")[:MOST_COUNTED])


def camera_id(text: str) -> str | None:
    """The name of a source as sightings carry it; None for what no source can be called."""
    if not text.startswith(MEDIA):
        return text if _CAMERA_KEY.fullmatch(text) else None
    try:
        return f"{MEDIA}{UUID(text.removeprefix(MEDIA))}"
    except ValueError:
        return None


def event_type(text: str) -> str | None:
    """One of the three types of the dialect, or None."""
    return text if text in Sighting.EventType.values else None


FILTERS = {"camera_id": camera_id, "event_type": event_type}
DIALECT = UserDialect(frames, FILTERS)


def _sighting(line: Line, source: str, run: UUID) -> Sighting:
    event = json.loads(line.body)
    found = asdict(footage.seen(event))
    path = snapshots.path_in(event["data"], run)
    return Sighting(
        topic_id=line.topic,
        seq=line.seq,
        camera_id=source,
        snapshot_path=path,
        snapshot_bytes=snapshots.size_bytes(path),
        **plates.columns(found.pop("plate")),
        **found,
    )


def _frame(line: Line, sighting: Sighting) -> UserFrame:
    about = {"camera_id": sighting.camera_id, "event_type": sighting.event_type}
    return UserFrame(line.seq, compact(footage.spoken(json.loads(line.body), sighting)), about=about)
