"""What was committed but never announced: found by the published mark, read back, announced in order.

The mark is moved about once a second, not with every announcement. It may lag behind; then lines are
announced twice, which no watcher sees. It never runs ahead of an unannounced line.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from django.db import connection

from realtime.lines import Announcement, Line
from realtime.models import Event, Topic

PAGE = 500
SETTLED_SECONDS = 5


@dataclass(frozen=True)
class Span:
    """Seqs of one topic that were announced without a gap."""

    first: int
    last: int

    def joined(self, other: "Span") -> "Span":
        """Both as one where they touch; else the later one."""
        if max(self.first, other.first) > min(self.last, other.last) + 1:
            return max(self, other, key=lambda span: span.last)
        return Span(min(self.first, other.first), max(self.last, other.last))


def unannounced() -> list[tuple[UUID, int]]:
    """Topics with lines nobody announced, each with the first such seq; one query.

    Topics touched a moment ago are left out: whoever wrote the lines is announcing them right now.
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
    rows = Event.objects.filter(topic_id=topic_id, seq__gt=after).exclude(body="").order_by("seq")
    lines = [
        Line(topic_id, seq, kind, body, subject)
        for seq, kind, body, subject in rows.values_list("seq", "type", "body", "subject")[:PAGE]
    ]
    return Announcement.of(found[0], found[1], lines) if found and lines else None


def mark(spans: Mapping[UUID, Span]) -> list[UUID]:
    """Moves the published marks over what was announced; one query.

    Returns the topics where lines before the span are not marked yet: another process announces those.
    """
    topics = [str(topic) for topic in spans]
    firsts = [span.first for span in spans.values()]
    lasts = [span.last for span in spans.values()]
    with connection.cursor() as cursor:
        cursor.execute(
            "WITH span AS (SELECT * FROM unnest(%s::uuid[], %s::bigint[], %s::bigint[]) AS s(topic, first, last)),"
            " moved AS (UPDATE realtime_mark m SET published = span.last FROM span WHERE m.topic_id = span.topic"
            " AND m.published >= span.first - 1 AND m.published < span.last)"
            " SELECT span.topic FROM span JOIN realtime_mark m ON m.topic_id = span.topic"
            " WHERE m.published < span.first - 1",
            [topics, firsts, lasts],
        )
        return [topic for (topic,) in cursor.fetchall()]
