"""Writes lines: locks their topics, numbers and links them, stores rows and heads, announces after the commit.

In a transaction of the caller's this is part of it. Without one it opens its own, in as few round trips to
the database as there can be: they are what a single event costs.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import Error as DatabaseError
from django.db import connection, transaction

from realtime import publisher, topics
from realtime.envelope import Prepared, Sealed, seal
from realtime.lines import Announcement, Line

_NAMES = "topic_id, seq, type, subject, message, run, attempt, time, body, data, digest, hash"
_COPY = f"COPY realtime_event ({_NAMES}) FROM STDIN"
# In the order of their ids: two writers of the same topics would otherwise wait for each other.
_LOCK = (
    "SELECT id, kind, owner_id, head, head_hash FROM realtime_topic WHERE id = ANY(%s::uuid[])"
    " ORDER BY id FOR UPDATE"
)
_MOVE = (
    "UPDATE realtime_topic t SET head = now.head, head_hash = now.hash, touched = clock_timestamp(),"
    " touched_minute = date_trunc('minute', clock_timestamp())"
    " FROM unnest(%s::uuid[], %s::bigint[], %s::bytea[]) AS now(id, head, hash) WHERE t.id = now.id"
)
# A single line goes with its head in one statement: a COPY is two round trips more.
_INSERT = (
    f"WITH stored AS (INSERT INTO realtime_event ({_NAMES})"  # noqa: S608  # names of ours
    f" VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s::jsonb, %s, %s)) {_MOVE}"
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
        written = _write_alone(batches, origin)
    except _Indexed:
        return _write_in_transaction(batches, origin)
    _announce(written)
    return {one.topic: one.lines for one in written}


def _write_in_transaction(batches: Batches, origin: Origin) -> dict[UUID, Sequence[Line]]:
    with transaction.atomic(savepoint=False):
        with connection.cursor() as cursor:
            cursor.execute(_LOCK, [list(batches)])
            written = _sealed(cursor.fetchall(), batches)
            _store(cursor, written, origin)
        for one in written:
            topics.index(one.kind, one.topic, one.lines)
        # Robust: a committed write must never turn into an error because Redis is gone.
        transaction.on_commit(lambda: _announce(written), robust=True)
    return {one.topic: one.lines for one in written}


def _write_alone(batches: Batches, origin: Origin) -> list[_Written]:
    """BEGIN travels with the first statement and COMMIT with the last one."""
    with connection.cursor() as cursor, _rolled_back_on_error(cursor):
        cursor.execute(f"BEGIN; {_LOCK}", [list(batches)])
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
    heads: list[Any] = [list(column) for column in zip(*(one.head for one in written), strict=True)]
    if len(rows) == 1:
        cursor.execute(_INSERT + then, [*rows[0], *heads])
        return
    if rows:
        with connection.wrap_database_errors, cursor.copy(_COPY) as copy:
            for row in rows:
                copy.write_row(row)
    cursor.execute((_MOVE if rows else "SELECT 1") + then, heads or None)


def _announce(written: Sequence[_Written]) -> None:
    for one in written:
        publisher.announce(Announcement.of(one.kind, one.owner, one.lines))
