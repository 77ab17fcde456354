"""The kind of topic a camera has: who may watch it, and what sockets and channels say of it."""

from collections.abc import Sequence
from uuid import UUID

from django.conf import settings
from django.db import connection

from analysis import sightings
from analysis.alerts import raising
from analysis.cameras import states
from analysis.cameras.keeping import TOPIC_KIND
from analysis.cameras.models import Camera
from analysis.dialects import footage
from realtime import outside, topics
from realtime.dialects import Channel
from realtime.lines import Line
from realtime.topics import Pair, Snapshot, TopicKind


def register() -> None:
    """Makes the kind known to realtime; called when the application is ready."""
    kind = TopicKind(
        watchable=watchable,
        # existing clients would take it for a file that is examined
        snapshot=lambda _: Snapshot({}, {}),
        frames=lambda _topic, _lines: [],
        voices={footage.NAME: footage.FootageVoice},
        channels=channels,
        index=index,
        indexed=footage.TYPES.keys() | states.TYPES,
        forget=forget,
        claims=claims,
        user_dialects={footage.NAME: sightings.DIALECT},
    )
    topics.register(TOPIC_KIND, kind)


def watchable(pairs: Sequence[Pair]) -> set[Pair]:
    """Of pairs (user, topic) those where the user may see the camera; one query."""
    users, watched = [user for user, _ in pairs], [topic for _, topic in pairs]
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT u.id, c.topic_id FROM unnest(%s::uuid[], %s::uuid[]) AS p(user_id, topic_id)"
            " JOIN analysis_camera c ON c.topic_id = p.topic_id"
            " JOIN accounts_user u ON u.id = p.user_id AND u.is_active"
            " WHERE u.is_superuser OR c.owner_id = u.id OR EXISTS (SELECT 1 FROM accounts_team_members t"
            " WHERE t.team_id = c.team_id AND t.user_id = u.id)",
            [users, watched],
        )
        return set(cursor.fetchall())


def channels(topic_id: UUID) -> Sequence[Channel]:
    """What programs outside hear of a camera."""
    return [Channel(outside.public(settings.EVENTS_CHANNEL), footage.FootageVoice(topic_id))]


def claims(given: UUID, user_id: UUID) -> bool:
    """Whether it is the id of somebody else's camera."""
    return Camera.objects.filter(pk=given).exclude(owner=user_id).exists()


def forget(topic_id: UUID, seqs: Sequence[int]) -> None:
    """Lets go of what was seen, and of the alerts it raised."""
    raising.forget(topic_id, seqs)
    sightings.forget(topic_id, seqs)


def index(topic_id: UUID, lines: Sequence[Line]) -> None:
    """Keeps what was seen, and whether the camera gives pictures."""
    states.note(topic_id, lines)
    sightings.index(topic_id, lines)
