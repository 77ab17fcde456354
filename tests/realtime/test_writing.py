"""Lines of several topics in one transaction, and what happens when it cannot be ended."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest
from django.db import DatabaseError, connection, transaction

from realtime import log, topics
from realtime.lines import Line
from realtime.log import Draft, UnknownTopic, prepare
from realtime.models import Event, Topic
from realtime.topics import Snapshot, TopicKind
from tests.factories import make_user

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """A kind of topic, "indexed", that is told of its lines; what it was told. A type ends in .broken: it fails."""
    seen: list[int] = []

    def index(topic: UUID, lines: Sequence[Line]) -> None:
        with transaction.atomic():  # as bulk_create does
            seen.extend(line.seq for line in lines)
        if lines[-1].type.endswith(".broken"):
            raise RuntimeError("the index is full")

    kind = TopicKind(lambda pairs: set(), lambda user: Snapshot({}, {}), lambda topic, lines: [], index=index)
    monkeypatch.setitem(topics._kinds, "indexed", kind)
    return seen


def make_topic(kind: str = "job") -> UUID:
    return log.create_topic(kind, make_user()).pk


def lines(*kinds: str) -> list[log.Prepared]:
    return [prepare(Draft(kind)) for kind in kinds]


def types(topic: UUID) -> list[str]:
    return [line.type for line in log.read(topic)]


def test_several_topics_are_written_in_three_statements(django_assert_num_queries: Any) -> None:
    topics_ = [make_topic() for _ in range(5)]
    with django_assert_num_queries(3):
        missing = log.append_all({topic: lines("a.b", "a.c") for topic in topics_})

    assert missing == set()
    assert [types(topic) for topic in topics_] == [["a.b", "a.c"]] * 5
    assert all(log.verify(topic).ok for topic in topics_)


def test_a_topic_that_is_not_there_does_not_keep_the_others_from_being_written() -> None:
    known, unknown = make_topic(), uuid4()

    missing = log.append_all({known: lines("a.b"), unknown: lines("a.b")})

    assert missing == {unknown}
    assert types(known) == ["a.b"]
    assert log.append_all({unknown: lines("a.b")}) == {unknown}


@pytest.mark.parametrize("inside", [False, True])
def test_a_kind_that_is_searched_by_is_told_within_the_transaction(told: list[int], inside: bool) -> None:
    topic = make_topic("indexed")
    if inside:
        with transaction.atomic():
            log.append(topic, [Draft("a.b"), Draft("a.c")])
    else:
        log.append(topic, [Draft("a.b"), Draft("a.c")])

    assert told == [1, 2]
    assert log.head(topic) == 2


def test_nothing_is_written_when_the_index_fails(told: list[int]) -> None:
    topic = make_topic("indexed")

    with pytest.raises(RuntimeError):
        log.append(topic, [Draft("index.broken")])
    log.append(topic, [Draft("a.b")])

    assert types(topic) == ["a.b"]


@pytest.mark.parametrize("count", [1, 3])
def test_a_connection_that_dies_on_the_way_leaves_nothing_and_the_next_append_works(count: int) -> None:
    topic = make_topic()
    log.append(topic, [Draft("a.first")])
    _end_our_backend()

    with pytest.raises(DatabaseError):
        log.append(topic, [Draft("a.lost")] * count)
    log.append(topic, [Draft("a.second")])

    assert types(topic) == ["a.first", "a.second"]


def test_who_goes_on_with_a_topic_needs_one_statement(django_assert_num_queries: Any) -> None:
    topic = make_topic()
    log.append(topic, [Draft("a.first")])

    with django_assert_num_queries(1):
        log.append(topic, [Draft("a.second")])

    assert types(topic) == ["a.first", "a.second"]
    assert log.verify(topic).ok


def test_what_others_wrote_in_between_is_gone_on_from() -> None:
    topic = make_topic()
    log.append(topic, [Draft("a.first")])
    # out of sight of what this process knows of the topic's end
    with transaction.atomic():
        log.append(topic, [Draft("b.second"), Draft("b.third")])

    written = log.append(topic, [Draft("a.fourth")])

    assert [line.seq for line in written] == [4]
    assert types(topic) == ["a.first", "b.second", "b.third", "a.fourth"]
    assert log.verify(topic).ok


def test_a_topic_that_was_deleted_meanwhile_is_named() -> None:
    topic = make_topic()
    log.append(topic, [Draft("a.first")])
    Topic.objects.filter(pk=topic).delete()

    with pytest.raises(UnknownTopic):
        log.append(topic, [Draft("a.second")])


def test_lines_go_to_whom_the_topic_belongs_by_now(monkeypatch: pytest.MonkeyPatch) -> None:
    announced: list[UUID] = []
    monkeypatch.setattr("realtime.publisher.announce", lambda one: announced.append(one.owner))
    topic, heir = make_topic(), make_user()
    log.append(topic, [Draft("a.first")])
    Topic.objects.filter(pk=topic).update(owner=heir)

    log.append(topic, [Draft("a.second")])

    assert announced[1] == heir.pk


def test_single_lines_of_many_threads_have_no_gap_and_no_duplicate() -> None:
    topic = make_topic()

    def write(number: int) -> None:
        try:
            for done in range(40):
                log.append(topic, [Draft("a.b", data={"by": number, "done": done})])
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as threads:
        list(threads.map(write, range(4)))

    assert [line.seq for line in log.read(topic)] == list(range(1, 161))
    assert log.verify(topic).ok


@pytest.mark.parametrize("count", [1, 3])
def test_a_statement_that_fails_leaves_no_transaction_open(count: int) -> None:
    topic = make_topic()
    Event.objects.create(
        topic_id=topic, seq=1, type="a.squatter", time="2026-01-01T00:00Z", digest=b"", hash=b""
    )

    with pytest.raises(DatabaseError):
        log.append(topic, [Draft("a.b")] * count)

    assert connection.connection.info.transaction_status == psycopg.pq.TransactionStatus.IDLE
    assert log.head(topic) == 0


def _end_our_backend() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        pid = cursor.fetchone()[0]
    other = connection.copy()
    try:
        with other.cursor() as cursor:
            cursor.execute("SELECT pg_terminate_backend(%s, 5000)", [pid])
    finally:
        other.close()
