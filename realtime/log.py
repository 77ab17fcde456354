"""The log: append and read numbered lines. PostgreSQL is the truth; nothing else adds events.

Lock order, everywhere: runs, then topics, each in id order.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import connection, transaction

from accounts.models import User
from realtime import publisher, topics
from realtime.chain import Verification, verify
from realtime.envelope import Draft, EventRefused, Prepared, Sealed, prepare, seal
from realtime.errors import UnknownTopic
from realtime.lines import Announcement, Line
from realtime.models import Event, Mark, Topic

__all__ = [
    "Draft",
    "EventRefused",
    "Line",
    "UnknownTopic",
    "Verification",
    "append",
    "create_topic",
    "empty",
    "find",
    "head",
    "read",
    "verify",
]

PAGE = 1000
PAGE_BYTES = 4 * 2**20
_COPY = (
    "COPY realtime_event (topic_id, seq, type, subject, message, run, attempt, time, body, data, digest, hash)"
    " FROM STDIN"
)
# octet_length does not fetch a long text: what lies beyond the limit is neither read nor sent to us.
_READ = (
    "SELECT seq, type, body, subject FROM (SELECT seq, type, body, subject, sum(octet_length(body))"
    " OVER (ORDER BY seq ROWS UNBOUNDED PRECEDING) - octet_length(body) AS bytes_before"
    " FROM realtime_event WHERE topic_id = %s AND seq > %s ORDER BY seq LIMIT %s) AS page"
    " WHERE bytes_before < %s ORDER BY seq"
)


@dataclass(frozen=True)
class _Locked:
    kind: str
    owner: UUID
    head: int
    head_hash: bytes


def create_topic(kind: str, owner: User) -> Topic:
    """A new, empty topic of `owner`; `kind` is a name registered in realtime.topics."""
    with transaction.atomic(savepoint=False):
        topic = Topic.objects.create(kind=kind, owner=owner)
        Mark.objects.create(topic=topic)
    return topic


def append(
    topic_id: UUID, drafts: Sequence[Draft], *, run: UUID | None = None, attempt: int | None = None
) -> list[Line]:
    """Numbers and stores the drafts, in the caller's transaction if there is one, and announces on commit.

    Raises EventRefused before anything is written, UnknownTopic when there is no such topic. The topic
    stays locked until the transaction ends: do no slow work after this.
    """
    prepared = [prepare(draft) for draft in drafts]
    if not prepared:
        return []
    with transaction.atomic(savepoint=False):
        locked = _lock(topic_id)
        sealed = _seal_all(topic_id, prepared, locked)
        _store(topic_id, prepared, sealed, first=locked.head + 1, run=run, attempt=attempt)
        lines = [
            Line(topic_id, seq, draft.draft.type, done.body, draft.draft.subject)
            for seq, (draft, done) in enumerate(zip(prepared, sealed, strict=True), start=locked.head + 1)
        ]
        topics.index(locked.kind, topic_id, lines)
        announcement = Announcement.of(locked.kind, locked.owner, lines)
        # Robust: a committed write must never turn into an error because Redis is gone.
        transaction.on_commit(lambda: publisher.announce(announcement), robust=True)
    return lines


def read(topic_id: UUID, *, after: int = 0, limit: int = PAGE, limit_bytes: int = PAGE_BYTES) -> list[Line]:
    """The lines after `after`, in order; one query. Emptied lines have no body.

    At most `limit` lines, and none that begins beyond `limit_bytes`; so one at least, if there is one.
    """
    with connection.cursor() as cursor:
        cursor.execute(_READ, [topic_id, after, limit, limit_bytes])
        return [Line(topic_id, seq, kind, body, subject) for seq, kind, body, subject in cursor.fetchall()]


def head(topic_id: UUID) -> int:
    """The last seq of the topic. Raises UnknownTopic."""
    found = Topic.objects.filter(pk=topic_id).values_list("head", flat=True).first()
    if found is None:
        raise UnknownTopic(f"There is no topic {topic_id}.")
    return found


def empty(topic_id: UUID, first: int, last: int) -> int:
    """Takes subject, message and data out of the lines first–last; the chain still verifies. Returns how many.

    What the topic's kind keeps of these lines to search by goes in the same transaction.
    """
    lines = Event.objects.filter(topic_id=topic_id, seq__gte=first, seq__lte=last)
    with transaction.atomic(savepoint=False):
        kind = Topic.objects.filter(pk=topic_id).values_list("kind", flat=True).first()
        topics.forget(kind or "", topic_id, first, last)
        return lines.update(subject="", message="", body="", data=None)


def find(places: Collection[tuple[UUID, int]]) -> list[Line]:
    """The lines at these (topic, seq), those that are there; one query."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT e.topic_id, e.seq, e.type, e.body, e.subject FROM realtime_event e"
            " JOIN unnest(%s::uuid[], %s::bigint[]) AS p(topic_id, seq)"
            " ON e.topic_id = p.topic_id AND e.seq = p.seq",
            [[topic for topic, _ in places], [seq for _, seq in places]],
        )
        return [Line(*row) for row in cursor.fetchall()]


def _lock(topic_id: UUID) -> _Locked:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT kind, owner_id, head, head_hash FROM realtime_topic WHERE id = %s FOR UPDATE", [topic_id]
        )
        row = cursor.fetchone()
    if row is None:
        raise UnknownTopic(f"There is no topic {topic_id}.")
    kind, owner, head_seq, head_hash = row
    return _Locked(kind, owner, head_seq, bytes(head_hash))


def _seal_all(topic_id: UUID, prepared: Sequence[Prepared], locked: _Locked) -> list[Sealed]:
    sealed: list[Sealed] = []
    prev = locked.head_hash
    for seq, draft in enumerate(prepared, start=locked.head + 1):
        sealed.append(seal(draft, topic=topic_id, seq=seq, prev=prev))
        prev = sealed[-1].hash
    return sealed


def _store(
    topic_id: UUID,
    prepared: Sequence[Prepared],
    sealed: Sequence[Sealed],
    *,
    first: int,
    run: UUID | None,
    attempt: int | None,
) -> None:
    with connection.cursor() as cursor:
        with cursor.copy(_COPY) as copy:
            for seq, (draft, done) in enumerate(zip(prepared, sealed, strict=True), start=first):
                copy.write_row(_row(topic_id, seq, draft, done, run, attempt))
        cursor.execute(
            "UPDATE realtime_topic SET head = %s, head_hash = %s, touched = clock_timestamp(),"
            " touched_minute = date_trunc('minute', clock_timestamp()) WHERE id = %s",
            [first + len(sealed) - 1, sealed[-1].hash, topic_id],
        )


def _row(
    topic_id: UUID, seq: int, prepared: Prepared, sealed: Sealed, run: UUID | None, attempt: int | None
) -> tuple[Any, ...]:
    draft = prepared.draft
    return (
        topic_id,
        seq,
        draft.type,
        draft.subject,
        draft.message,
        run,
        attempt,
        prepared.time,
        sealed.body,
        sealed.data,
        sealed.digest,
        sealed.hash,
    )
