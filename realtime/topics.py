"""The kinds of topic other packages register: who may watch, and how a user's sockets speak of them.

realtime has never heard of a video; whoever has registers a kind at start.
"""

import json
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import connection
from django.utils import timezone

from realtime.dialects import UNSAYABLE, Channel, Channels, Voice, Voices, complain
from realtime.lines import Line
from realtime.models import PROGRESS_TYPES, Event, Topic

# How long a topic counts as having moved lately: longer than any transaction that appends may take.
RECENT_SECONDS = 60
# How far back a process that begins to watch a user's topics learns their heads.
KNOWN_SECONDS = 600
# The dialect of `/ws/user/`.
PROGRESS = "progress"
Pair = tuple[UUID, UUID]


@dataclass(frozen=True, slots=True)
class UserFrame:
    """A frame for `/ws/user/` made from line `seq`.

    `key` is set when, towards a reader that has fallen behind, only the newest frame of this key counts.
    `about` is what sockets may narrow the dialect by; a frame without it is for all of them.
    """

    seq: int
    text: str
    key: str | None = None
    about: Mapping[str, str] = field(default_factory=dict)


Frames = Callable[[UUID, Sequence[Line]], list[UserFrame]]
# By name: what a value a client sent is written like; None when there is no such value.
Filters = Mapping[str, Callable[[str], str | None]]


@dataclass(frozen=True)
class UserDialect:
    """A further dialect in which a user's sockets may hear of a kind, and what it can be narrowed by."""

    frames: Frames
    filters: Filters = field(default_factory=dict)


@dataclass(frozen=True)
class Snapshot:
    """What a `/ws/user/` socket is told first: fields of the frame, and the seq they stand for, per topic."""

    fields: Mapping[str, Any]
    heads: Mapping[UUID, int]


@dataclass(frozen=True)
class TopicKind:
    """What realtime must know of a kind of topic. All functions read the database, each in one query or two.

    watchable: of pairs (user, topic) those allowed. snapshot: of a user.
    frames: the frames for lines of one topic, in order; some lines have none, some several. These are of
    the dialect PROGRESS; user_dialects: the others, by name.
    voices: the dialects sockets may speak of such a topic, by name. channels: what is said of it in Redis.
    index: told of new lines within the transaction that writes them, to keep what is searched by;
    indexed: the types it keeps anything of, None for all.
    claims: whether an id is that of something of the kind that is somebody else's than the user's.
    forget: told, likewise, that these lines (by seq; a range where it is all between) are being emptied: what was
    kept of them must go.
    webhooks: whether webhooks of its owner are told of it.
    """

    watchable: Callable[[Sequence[Pair]], set[Pair]]
    snapshot: Callable[[UUID], Snapshot]
    frames: Frames
    voices: Voices = field(default_factory=dict)
    channels: Channels = lambda _topic: ()
    index: Callable[[UUID, Sequence[Line]], None] | None = None
    indexed: Collection[str] | None = None
    forget: Callable[[UUID, Sequence[int]], None] | None = None
    claims: Callable[[UUID, UUID], bool] = lambda _id, _user: False
    user_dialects: Mapping[str, UserDialect] = field(default_factory=dict)
    webhooks: bool = True


@dataclass(frozen=True)
class Found:
    """A topic somebody may watch."""

    id: UUID
    kind: str
    head: int


_kinds: dict[str, TopicKind] = {}


def register(name: str, kind: TopicKind) -> None:
    """Makes a kind known; called once per process, when the application that owns it is ready."""
    _kinds[name] = kind


def find(topic_id: UUID, *, user: UUID) -> Found | None:
    """The topic, if it is there and `user` may watch it: a foreign one and a missing one look alike."""
    row = Topic.objects.filter(pk=topic_id).values_list("kind", "head").first()
    if row is None or not watchable(row[0], [(user, topic_id)]):
        return None
    return Found(topic_id, row[0], row[1])


def find_run(run: UUID, *, user: UUID) -> Found | None:
    """The topic a run writes into, like `find`."""
    lines = Event.objects.filter(run=run).exclude(type__in=PROGRESS_TYPES).order_by("seq")
    topic = lines.values_list("topic_id", flat=True).first()
    return find(topic, user=user) if topic else None


def find_own(topic_ids: Collection[UUID], *, user: UUID) -> dict[UUID, Found]:
    """Of these topics those that are the user's and that they may still watch."""
    rows = Topic.objects.filter(pk__in=topic_ids, owner_id=user).values_list("pk", "kind", "head")
    found = [Found(*row) for row in rows]
    pairs: dict[str, list[Pair]] = {}
    for one in found:
        pairs.setdefault(one.kind, []).append((user, one.id))
    allowed = set[Pair]().union(*(watchable(kind, asked) for kind, asked in pairs.items()))
    return {one.id: one for one in found if (user, one.id) in allowed}


def watchable(kind: str, pairs: Iterable[Pair]) -> set[Pair]:
    """Of pairs (user, topic of this kind) those allowed; none of a kind nobody registered."""
    known = _kinds.get(kind)
    return known.watchable(list(pairs)) if known else set()


def frames(kind: str, topic_id: UUID, lines: Sequence[Line], dialect: str = PROGRESS) -> list[UserFrame]:
    """What lines of a topic are for its owner's sockets that speak `dialect`."""
    make = _frames(kind, dialect)
    if make is None or not lines:
        return []
    try:
        return make(topic_id, lines)
    except UNSAYABLE:
        # Anybody on this machine may append lines of any shape; one that cannot be said must not silence the rest.
        if len(lines) == 1:
            complain(f"{dialect} of {kind}", lines[0].type, f"{topic_id}/{lines[0].seq}")
            return []
        return [frame for line in lines for frame in frames(kind, topic_id, [line], dialect)]


def speaks(kind: str, dialect: str) -> bool:
    """Whether a user's sockets may hear of a kind in a dialect."""
    return _frames(kind, dialect) is not None


def filters(dialect: str) -> Filters:
    """What a user dialect can be narrowed by, whatever the kind."""
    spoken = [known.user_dialects[dialect] for known in _kinds.values() if dialect in known.user_dialects]
    return {name: value for one in spoken for name, value in one.filters.items()}


def _frames(kind: str, dialect: str) -> Frames | None:
    known = _kinds.get(kind)
    if known is None or dialect == PROGRESS:
        return known.frames if known else None
    spoken = known.user_dialects.get(dialect)
    return spoken.frames if spoken else None


def voice(kind: str, dialect: str, topic_id: UUID) -> Voice | None:
    """A voice for a topic of this kind, at its beginning; None when the kind does not speak the dialect."""
    known = _kinds.get(kind)
    make = known.voices.get(dialect) if known else None
    return make(topic_id) if make else None


def has_voice(kind: str, dialect: str) -> bool:
    """Whether topics of this kind speak a dialect."""
    return kind in _kinds and dialect in _kinds[kind].voices


def channels(kind: str, topic_id: UUID) -> Sequence[Channel]:
    """What is said of a topic in Redis, each voice at the topic's beginning."""
    known = _kinds.get(kind)
    return known.channels(topic_id) if known else ()


def untold() -> list[str]:
    """The kinds webhooks are told nothing of."""
    return [name for name, kind in _kinds.items() if not kind.webhooks]


def is_indexed(kind: str, lines: Iterable[Line]) -> bool:
    """Whether a kind keeps anything of these lines to search by."""
    known = _kinds.get(kind)
    if known is None or known.index is None:
        return False
    return known.indexed is None or any(line.type in known.indexed for line in lines)


def index(kind: str, topic_id: UUID, lines: Sequence[Line]) -> None:
    """Lets a kind keep what its lines are searched by; in the transaction that writes them."""
    known = _kinds.get(kind)
    if known and known.index:
        known.index(topic_id, lines)


def forget(kind: str, topic_id: UUID, seqs: Sequence[int]) -> None:
    """Lets a kind drop what it kept of lines that are being emptied; in the same transaction."""
    known = _kinds.get(kind)
    if known and known.forget:
        known.forget(topic_id, seqs)


def claimed(name: str, user: UUID) -> bool:
    """Whether a name is the id of somebody else's topic, or of what somebody else's topics are about."""
    try:
        given = UUID(name)
    except ValueError:
        return False
    if Topic.objects.filter(pk=given).exclude(owner=user).exists():
        return True
    return any(kind.claims(given, user) for kind in _kinds.values())


def snapshot(user_id: UUID) -> Snapshot:
    """What a user's sockets are told first, of all kinds together."""
    fields: dict[str, Any] = {}
    heads: dict[UUID, int] = {}
    for kind in _kinds.values():
        part = kind.snapshot(user_id)
        fields.update(part.fields)
        heads.update(part.heads)
    return Snapshot(fields, heads)


def standing(user_id: UUID, dialect: str) -> Snapshot:
    """Where the topics of a user are that moved lately and speak a dialect, without those they may not see now."""
    known = [topic for topic, (kind, _) in heads_of(user_id).items() if speaks(kind, dialect)]
    return Snapshot({}, {found.id: found.head for found in find_own(known, user=user_id).values()})


def heads_of(user_id: UUID) -> dict[UUID, tuple[str, int]]:
    """Kind and head of every topic of a user that moved in the last KNOWN_SECONDS; one query."""
    since = timezone.now() - timedelta(seconds=KNOWN_SECONDS)
    rows = Topic.objects.filter(owner_id=user_id, touched_minute__gte=since)
    return {topic: (kind, head) for topic, kind, head in rows.values_list("id", "kind", "head")}


def head_before(topic_id: UUID, moment: datetime) -> int:
    """The head a topic had when `heads_of` did not name it at `moment`; 0 for one that is newer.

    It had not moved for KNOWN_SECONDS then: halfway back, no clock of a worker can be so wrong that an
    event from before looks like one from after.
    """
    halfway = moment - timedelta(seconds=KNOWN_SECONDS / 2)
    old = Event.objects.filter(topic_id=topic_id, time__lt=halfway).order_by("-seq")
    return old.values_list("seq", flat=True).first() or 0


def head_of(topic_id: UUID) -> int:
    """The last seq of a topic; 0 when it was deleted."""
    return Topic.objects.filter(pk=topic_id).values_list("head", flat=True).first() or 0


def moved(topic_ids: Sequence[UUID], user_ids: Sequence[UUID]) -> list[tuple[UUID, str, UUID, int]]:
    """(topic, kind, owner, head) of these topics and of what moved lately of these users; one query."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT id, kind, owner_id, head FROM realtime_topic WHERE id = ANY(%s::uuid[])"
            " OR (owner_id = ANY(%s::uuid[])"
            # Stable, unlike clock_timestamp(): only then the index is used.
            " AND touched_minute >= date_trunc('minute', statement_timestamp() - make_interval(secs => %s)))",
            [list(topic_ids), list(user_ids), RECENT_SECONDS],
        )
        return list(cursor.fetchall())


def parsed(line: Line) -> dict[str, Any]:
    """The event in a line that was not emptied."""
    event: dict[str, Any] = json.loads(line.body)
    return event


def compact(frame: Mapping[str, Any]) -> str:
    """A control frame as text."""
    return json.dumps(frame, separators=(",", ":"), ensure_ascii=False)
