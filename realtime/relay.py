"""What was committed but never told outside: found by the published mark, read back, told in order.

The mark is moved about once a second, not with every line. It may lag behind; then Redis is asked what it
was told. It never runs ahead of an untold line.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from uuid import UUID

from django.db import connection

from realtime import reading
from realtime.lines import COALESCED, Announcement, Line
from realtime.models import Event, Mark, Topic

PAGE = 500
PAGE_BYTES = 2 * 2**20
SETTLED_SECONDS = 5
_HISTORY = (
    "SELECT seq FROM realtime_event WHERE topic_id = %(topic)s AND seq <= %(until)s AND body <> ''"
    " AND type <> ALL(%(ignoring)s) AND type <> ALL(%(thin)s) UNION ALL"
    " SELECT seq FROM (SELECT DISTINCT ON (type, subject, attempt) seq FROM realtime_event"
    " WHERE topic_id = %(topic)s AND seq <= %(until)s AND body <> '' AND type = ANY(%(thin)s)"
    " AND type <> ALL(%(ignoring)s) ORDER BY type, subject, attempt, seq DESC) AS newest ORDER BY seq"
)


def unannounced() -> list[tuple[UUID, int]]:
    """Topics with lines nobody told outside, each with the first such seq; one query.

    Topics touched a moment ago are left out: whoever wrote the lines is telling them right now.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT t.id, m.published + 1 FROM realtime_topic t JOIN realtime_mark m ON m.topic_id = t.id"
            " WHERE t.head > m.published AND t.touched < clock_timestamp() - make_interval(secs => %s)",
            [SETTLED_SECONDS],
        )
        return list(cursor.fetchall())


def read(topic_id: UUID, *, after: int) -> Announcement | None:
    """The next lines of a topic as an announcement; None when there are none, or no such topic.

    Lines emptied by retention are left out: nobody needs to be told of them.
    """
    found = Topic.objects.filter(pk=topic_id).values_list("kind", "owner_id").first()
    reached = after
    while found and (page := reading.lines(topic_id, after=reached, limit=PAGE, limit_bytes=PAGE_BYTES)):
        if lines := [line for line in page if line.body]:
            return Announcement.of(found[0], found[1], lines, after=after)
        reached = page[-1].seq
    return None


def telling(topic_id: UUID, *, until: int, ignoring: Collection[str]) -> list[int]:
    """What a voice must have heard to go on after a line, in order: of progress the newest of each attempt."""
    with connection.cursor() as cursor:
        cursor.execute(
            _HISTORY, {"topic": topic_id, "until": until, "ignoring": [*ignoring], "thin": [*COALESCED]}
        )
        return [seq for (seq,) in cursor.fetchall()]


def lines_at(topic_id: UUID, seqs: Sequence[int]) -> list[Line]:
    """The lines of a topic at these seqs, those that are there, in order; one query."""
    rows = Event.objects.filter(topic_id=topic_id, seq__in=seqs).order_by("seq")
    return [Line(topic_id, *row) for row in rows.values_list("seq", "type", "body", "subject")]


def history(topic_id: UUID, *, until: int, ignoring: Collection[str]) -> Iterator[Line]:
    """The lines of `telling`, a page at a time."""
    seqs = telling(topic_id, until=until, ignoring=ignoring)
    for start in range(0, len(seqs), PAGE):
        yield from lines_at(topic_id, seqs[start : start + PAGE])


def settle(topic_id: UUID) -> None:
    """Moves the mark of a topic to its head where every line behind it was emptied: there is nothing to tell."""
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE realtime_mark m SET published = t.head FROM realtime_topic t WHERE t.id = m.topic_id"
            " AND t.id = %s AND t.head > m.published AND NOT EXISTS (SELECT FROM realtime_event e"
            " WHERE e.topic_id = t.id AND e.seq > m.published AND e.body <> '')",
            [topic_id],
        )


def published(topic_id: UUID) -> int:
    """The seq up to which a topic is known to have been told outside; 0 when it was deleted."""
    return Mark.objects.filter(pk=topic_id).values_list("published", flat=True).first() or 0


def mark(told: Mapping[UUID, int]) -> None:
    """Moves the published marks on to what was told; one query."""
    with connection.cursor() as cursor:
        # In id order: two processes that mark the same topics must not wait for each other.
        cursor.execute(
            "UPDATE realtime_mark m SET published = told.seq FROM (SELECT m.topic_id, s.seq FROM"
            " unnest(%s::uuid[], %s::bigint[]) AS s(topic, seq) JOIN realtime_mark m ON m.topic_id = s.topic"
            " WHERE m.published < s.seq ORDER BY m.topic_id FOR UPDATE OF m) AS told"
            " WHERE m.topic_id = told.topic_id AND m.published < told.seq",
            [[str(topic) for topic in told], list(told.values())],
        )
