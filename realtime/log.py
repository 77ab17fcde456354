"""The log: append and read numbered lines. PostgreSQL is the truth; nothing else adds events.

Lock order, everywhere: runs, then topics, each in id order.
"""

from collections.abc import Collection, Mapping, Sequence
from uuid import UUID

from django.db import connection, transaction
from django.db.models import QuerySet

from accounts.models import User
from realtime import reading, topics, writing
from realtime.chain import Verification, verify
from realtime.envelope import Draft, EventRefused, Prepared, prepare
from realtime.errors import UnknownTopic
from realtime.lines import Line
from realtime.models import Event, Mark, Topic

__all__ = [
    "Draft",
    "EventRefused",
    "Line",
    "Prepared",
    "UnknownTopic",
    "Verification",
    "append",
    "append_all",
    "create_topic",
    "empty",
    "empty_some",
    "find",
    "head",
    "prepare",
    "read",
    "verify",
]

PAGE = 1000
PAGE_BYTES = 4 * 2**20


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
    written = writing.write({topic_id: prepared}, writing.Origin(run, attempt))
    if topic_id not in written:
        raise UnknownTopic(f"There is no topic {topic_id}.")
    return list(written[topic_id])


def append_all(batches: Mapping[UUID, Sequence[Prepared]]) -> set[UUID]:
    """Appends what `prepare` made to several topics in one transaction; returns the topics there are not.

    What was meant for those is not written; all the rest is, or nothing when this raises.
    """
    written = writing.write({topic: prepared for topic, prepared in batches.items() if prepared})
    return {topic for topic, prepared in batches.items() if prepared} - written.keys()


def read(topic_id: UUID, *, after: int = 0, limit: int = PAGE, limit_bytes: int = PAGE_BYTES) -> list[Line]:
    """The lines after `after`, in order; one query. Emptied lines have no body.

    At most `limit` lines, and none that begins beyond `limit_bytes`; so one at least, if there is one.
    """
    return reading.lines(topic_id, after=after, limit=limit, limit_bytes=limit_bytes)


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
    return _empty(topic_id, lines, range(first, last + 1))


def empty_some(topic_id: UUID, seqs: Sequence[int]) -> int:
    """The same for these lines, a few hundred: others lie between them."""
    return _empty(topic_id, Event.objects.filter(topic_id=topic_id, seq__in=seqs), seqs) if seqs else 0


def _empty(topic_id: UUID, lines: QuerySet[Event], seqs: Sequence[int]) -> int:
    with transaction.atomic(savepoint=False):
        kind = Topic.objects.filter(pk=topic_id).values_list("kind", flat=True).first()
        topics.forget(kind or "", topic_id, seqs)
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
