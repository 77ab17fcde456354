"""Pages of a topic, as the log hands them out and as they are told outside."""

from uuid import UUID

from django.db import connection

from realtime.lines import Line

# octet_length does not fetch a long text: what lies beyond the limit is neither read nor sent to us.
_READ = (
    "SELECT seq, type, body, subject FROM (SELECT seq, type, body, subject, sum(octet_length(body))"
    " OVER (ORDER BY seq ROWS UNBOUNDED PRECEDING) - octet_length(body) AS bytes_before"
    " FROM realtime_event WHERE topic_id = %s AND seq > %s ORDER BY seq LIMIT %s) AS page"
    " WHERE bytes_before < %s ORDER BY seq"
)


def lines(topic_id: UUID, *, after: int, limit: int, limit_bytes: int) -> list[Line]:
    """The lines after `after`, in order, and none that begins beyond `limit_bytes`; one query."""
    with connection.cursor() as cursor:
        cursor.execute(_READ, [topic_id, after, limit, limit_bytes])
        return [Line(topic_id, seq, kind, body, subject) for seq, kind, body, subject in cursor.fetchall()]
