"""Numbers, order, transactions: what append promises."""

import threading
from collections.abc import Callable
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.db import connection, transaction

from realtime import log
from realtime.log import Draft, EventRefused, UnknownTopic
from realtime.models import Event, Topic
from tests.factories import make_run, make_user
from tests.realtime.conftest import progress, stage

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def topic() -> UUID:
    return make_run().topic_id


def in_threads(work: Callable[[int], None], count: int) -> None:
    def one(number: int) -> None:
        try:
            work(number)
        finally:
            connection.close()

    threads = [threading.Thread(target=one, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)


def test_numbers_have_no_gap_and_no_duplicate_when_many_write(topic: UUID) -> None:
    def work(number: int) -> None:
        for done in range(10):
            log.append(topic, [progress(done, detector=f"d{number}"), stage()])

    in_threads(work, 6)

    assert [line.seq for line in log.read(topic)] == list(range(1, 121))
    assert log.head(topic) == 120
    assert log.verify(topic).ok


def test_a_rolled_back_append_leaves_no_number_behind(topic: UUID) -> None:
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        log.append(topic, [stage()])
        _ = 1 / 0
    log.append(topic, [stage()])

    assert [line.seq for line in log.read(topic)] == [1]


def test_a_refused_draft_stores_nothing_of_its_batch(topic: UUID) -> None:
    with pytest.raises(EventRefused):
        log.append(topic, [stage(), Draft("run.progressed", data={"score": float("nan")})])

    assert log.head(topic) == 0
    assert not Event.objects.exists()


@pytest.mark.parametrize(
    ("lines", "statements"),
    [(200, 3), (1, 2)],  # begin and lock, copy, head and commit; of one line the copy goes with the head
)
def test_a_batch_is_stored_in_a_few_statements_however_large(
    topic: UUID, django_assert_num_queries: Any, lines: int, statements: int
) -> None:
    with django_assert_num_queries(statements):
        log.append(topic, [progress(done) for done in range(lines)])


def test_lines_carry_the_columns_people_search_by(topic: UUID) -> None:
    run = uuid4()
    log.append(topic, [progress(7)], run=run, attempt=2)

    event = Event.objects.get(topic=topic)
    assert (event.type, event.subject, event.message) == ("run.progressed", "spectrum", "7 of 100")
    assert (event.run, event.attempt) == (run, 2)
    assert event.data["done"] == 7


def test_reading_is_paged_and_in_order(topic: UUID, django_assert_num_queries: Any) -> None:
    log.append(topic, [progress(done) for done in range(10)])

    with django_assert_num_queries(1):
        page = log.read(topic, after=3, limit=4)

    assert [line.seq for line in page] == [4, 5, 6, 7]


@pytest.mark.parametrize(
    ("limit_bytes", "seqs"), [(1, [1]), (30_000, [1]), (40_000, [1, 2]), (10**6, [1, 2, 3])]
)
def test_a_page_ends_where_its_bytes_are_reached(topic: UUID, limit_bytes: int, seqs: list[int]) -> None:
    log.append(topic, [Draft("stage.started", data={"filling": "x" * 30_000}) for _ in range(3)])

    assert [line.seq for line in log.read(topic, limit_bytes=limit_bytes)] == seqs


def test_an_append_returns_what_is_sent(topic: UUID) -> None:
    written = log.append(topic, [stage(), progress(1)])

    assert written == log.read(topic)


def test_a_topic_that_is_not_there_is_named() -> None:
    missing = uuid4()
    with pytest.raises(UnknownTopic, match=str(missing)):
        log.append(missing, [stage()])
    with pytest.raises(UnknownTopic):
        log.head(missing)


def test_nothing_to_append_is_nothing(topic: UUID, django_assert_num_queries: Any) -> None:
    with django_assert_num_queries(0):
        assert log.append(topic, []) == []


def test_a_new_topic_starts_at_zero() -> None:
    topic = log.create_topic("media_run", make_user())

    assert (topic.head, bytes(Topic.objects.get(pk=topic.pk).head_hash)) == (0, bytes(32))
