"""Writes lines: locks their topics, numbers and links them, stores rows and heads, announces after the commit.

In a transaction of the caller's this is part of it. Without one it opens its own, in as few round trips to
the database as there can be: they are what a single event costs. Whoever goes on with a topic it wrote to
last needs one.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from django.db import Error as DatabaseError
from django.db import connection, transaction

from realtime import publisher, topics
from realtime.ends import End, Ends
from realtime.envelope import Prepared, Sealed, seal
from realtime.lines import Announcement, Line

_NAMES = "topic_id, seq, type, subject, message, run, attempt, time, body, data, digest, hash"
_COPY = f"COPY realtime_event ({_NAMES}) FROM STDIN"
# In the order of their ids: two writers of the same topics would otherwise wait for each other.
_LOCK = (
    "SELECT id, kind, owner_id, head, head_hash FROM realtime_topic WHERE id = ANY(%s::uuid[])"
    " ORDER BY id FOR UPDATE"
)
_LOCK_ONE = "SELECT id, kind, owner_id, head, head_hash FROM realtime_topic WHERE id = %s FOR UPDATE"
_MOVED = "touched = clock_timestamp(), touched_minute = date_trunc('minute', clock_timestamp())"
_MOVE = (
    f"UPDATE realtime_topic t SET head = now.head, head_hash = now.hash, {_MOVED}"  # noqa: S608  # names of ours
    " FROM unnest(%s::uuid[], %s::bigint[], %s::bytea[]) AS now(id, head, hash) WHERE t.id = now.id"
)
# A single line goes with its head in one statement: a COPY is two round trips more, and lists cost planning.
_INSERT = (
    f"WITH stored AS (INSERT INTO realtime_event ({_NAMES})"  # noqa: S608  # names of ours
    " VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s::jsonb, %s, %s))"
    f" UPDATE realtime_topic SET head = %s, head_hash = %s, {_MOVED} WHERE id = %s"
)
# One line for a topic that ends where we last left it: the whole transaction is one statement.
_CONTINUE = (
    f"WITH moved AS (UPDATE realtime_topic SET head = %s, head_hash = %s, {_MOVED}"  # noqa: S608  # names of ours
    " WHERE id = %s AND head = %s AND head_hash = %s RETURNING owner_id),"
    f" stored AS (INSERT INTO realtime_event ({_NAMES})"
    " SELECT %s, %s, %s, %s, %s, %s, %s, %s, %s, %s::jsonb, %s, %s FROM moved)"
    " SELECT owner_id FROM moved"
)
Batches = Mapping[UUID, Sequence[Prepared]]


@dataclass(frozen=True)
class Origin:
    """On whose behalf lines are written: a run and its attempt, or nobody's."""

    run: UUID | None = None
    attempt: int | None = None


@dataclass(frozen=True)
class _Written:
    """The lines that were added to one topic."""

    topic: UUID
    kind: str
    owner: UUID
    prepared: Sequence[Prepared]
    sealed: Sequence[Sealed]
    lines: Sequence[Line]

    @property
    def head(self) -> tuple[UUID, int, bytes]:
        return self.topic, self.lines[-1].seq, self.sealed[-1].hash

    def rows(self, origin: Origin) -> Iterator[tuple[Any, ...]]:
        for line, prepared, sealed in zip(self.lines, self.prepared, self.sealed, strict=True):
            draft = prepared.draft
            named = (self.topic, line.seq, draft.type, draft.subject, draft.message)
            stored = (prepared.time, sealed.body, sealed.data, sealed.digest, sealed.hash)
            yield (*named, origin.run, origin.attempt, *stored)


_ends = Ends()


class _Indexed(Exception):
    """A kind keeps what it is searched by in the same transaction, which then has to be one Django knows of."""


def write(batches: Batches, origin: Origin = Origin()) -> dict[UUID, Sequence[Line]]:
    """Adds prepared lines to their topics, all or none; returns the lines by topic.

    A topic that is not there is left out of what is returned, and the others are written.
    """
    if not batches:
        return {}
    if connection.in_atomic_block or not connection.get_autocommit():
        return _write_in_transaction(batches, origin)
    try:
        written = _continue(batches, origin) or _write_alone(batches, origin)
    except _Indexed:
        return _write_in_transaction(batches, origin)
    for one in written:
        _, seq, digest = one.head
        _ends.note(one.topic, End(one.kind, seq, digest))
    _announce(written)
    return {one.topic: one.lines for one in written}


def _write_in_transaction(batches: Batches, origin: Origin) -> dict[UUID, Sequence[Line]]:
    with transaction.atomic(savepoint=False):
        with connection.cursor() as cursor:
            cursor.execute(*_locking(batches))
            written = _sealed(cursor.fetchall(), batches)
            _store(cursor, written, origin)
        for one in written:
            topics.index(one.kind, one.topic, one.lines)
        # Robust: a committed write must never turn into an error because Redis is gone.
        transaction.on_commit(lambda: _announce(written), robust=True)
    return {one.topic: one.lines for one in written}


def _continue(batches: Batches, origin: Origin) -> list[_Written]:
    """A single line where our guess of the topic's end holds, in one round trip; else nothing."""
    [(topic, prepared), *more] = batches.items()
    end = None if more or len(prepared) > 1 else _ends.take(topic)
    if end is None:
        return []
    # the owner may have changed, and comes with the answer
    [guess] = _sealed([(topic, end.kind, topic, end.seq, end.hash)], batches)
    if topics.is_indexed(end.kind, guess.lines):
        raise _Indexed
    [row] = guess.rows(origin)
    _, seq, digest = guess.head
    with connection.cursor() as cursor, _rolled_back_on_error(cursor):
        cursor.execute(_CONTINUE, [seq, digest, topic, end.seq, end.hash, *row])
        return [replace(guess, owner=owner) for (owner,) in cursor.fetchall()]


def _write_alone(batches: Batches, origin: Origin) -> list[_Written]:
    """BEGIN travels with the first statement and COMMIT with the last one."""
    with connection.cursor() as cursor, _rolled_back_on_error(cursor):
        lock, topics_locked = _locking(batches)
        cursor.execute(f"BEGIN; {lock}", topics_locked)
        cursor.nextset()
        written = _sealed(cursor.fetchall(), batches)
        if any(topics.is_indexed(one.kind, one.lines) for one in written):
            raise _Indexed
        _store(cursor, written, origin, then="; COMMIT")
    return written


@contextmanager
def _rolled_back_on_error(cursor: Any) -> Iterator[None]:
    try:
        yield
    except BaseException:
        try:
            cursor.execute("ROLLBACK")
        except DatabaseError:
            connection.close()
        raise


def _locking(batches: Batches) -> tuple[str, list[Any]]:
    return (_LOCK_ONE, list(batches)) if len(batches) == 1 else (_LOCK, [list(batches)])


def _sealed(locked: Sequence[tuple[Any, ...]], batches: Batches) -> list[_Written]:
    written = []
    for topic, kind, owner, head, head_hash in locked:
        prepared = batches[topic]
        sealed = _linked(topic, prepared, head, bytes(head_hash))
        lines = [
            Line(topic, seq, one.draft.type, done.body, one.draft.subject)
            for seq, (one, done) in enumerate(zip(prepared, sealed, strict=True), start=head + 1)
        ]
        written.append(_Written(topic, kind, owner, prepared, sealed, lines))
    return written


def _linked(topic: UUID, prepared: Sequence[Prepared], head: int, prev: bytes) -> list[Sealed]:
    sealed: list[Sealed] = []
    for seq, one in enumerate(prepared, start=head + 1):
        sealed.append(seal(one, topic=topic, seq=seq, prev=prev))
        prev = sealed[-1].hash
    return sealed


def _store(cursor: Any, written: Sequence[_Written], origin: Origin, *, then: str = "") -> None:
    rows = [row for one in written for row in one.rows(origin)]
    if len(rows) == 1:
        [(topic, seq, digest)] = [one.head for one in written]
        cursor.execute(_INSERT + then, [*rows[0], seq, digest, topic])
        return
    heads: list[Any] = [list(column) for column in zip(*(one.head for one in written), strict=True)]
    if rows:
        with connection.wrap_database_errors, cursor.copy(_COPY) as copy:
            for row in rows:
                copy.write_row(row)
    cursor.execute((_MOVE if rows else "SELECT 1") + then, heads or None)


def _announce(written: Sequence[_Written]) -> None:
    for one in written:
        publisher.announce(Announcement.of(one.kind, one.owner, one.lines))
