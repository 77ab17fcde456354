"""The kind of topic an external job has: who may watch it, and what its owner's sockets say of it."""

from collections.abc import Sequence
from uuid import UUID

from django.db import connection

from realtime import topics
from realtime.jobs import KIND
from realtime.lines import Line
from realtime.topics import Pair, Snapshot, TopicKind, UserFrame


def register() -> None:
    """Makes the kind known; called when the application is ready."""
    topics.register(KIND, TopicKind(watchable=watchable, snapshot=snapshot, frames=frames))


def watchable(pairs: Sequence[Pair]) -> set[Pair]:
    """Of pairs (user, topic) those where the job is the user's, or the user an admin; one query."""
    users, watched = [user for user, _ in pairs], [topic for _, topic in pairs]
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT u.id, j.topic_id FROM unnest(%s::uuid[], %s::uuid[]) AS p(user_id, topic_id)"
            " JOIN realtime_job j ON j.topic_id = p.topic_id"
            " JOIN accounts_user u ON u.id = p.user_id AND u.is_active"
            " WHERE u.is_superuser OR j.owner_id = u.id",
            [users, watched],
        )
        return set(cursor.fetchall())


def snapshot(user_id: UUID) -> Snapshot:
    """What a user's sockets are told of jobs first."""
    return Snapshot({}, {})


def frames(topic_id: UUID, lines: Sequence[Line]) -> list[UserFrame]:
    """What lines of a job are for its owner's sockets."""
    return []
