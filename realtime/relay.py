"""What was committed but never told outside: found by the published mark, read back, told in order.

The mark is moved about once a second, not with every line. It may lag behind; then Redis is asked what it
was told. It never runs ahead of an untold line.
"""

from collections.abc import Mapping
from uuid import UUID

from django.db import connection

from realtime.lines import Announcement, Line
from realtime.models import Event, Mark, Topic

PAGE = 500
SETTLED_SECONDS = 5


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
    rows = Event.objects.filter(topic_id=topic_id, seq__gt=after).exclude(body="").order_by("seq")
    lines = [
        Line(topic_id, seq, kind, body, subject)
        for seq, kind, body, subject in rows.values_list("seq", "type", "body", "subject")[:PAGE]
    ]
    return Announcement.of(found[0], found[1], lines, after=after) if found and lines else None


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
