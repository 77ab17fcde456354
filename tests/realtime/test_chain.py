"""An edited, removed or added line shows; an emptied one does not break the chain."""

import json
from collections.abc import Callable
from uuid import UUID

import pytest
from django.db import connection

from realtime import log
from realtime.envelope import canonical, digest_of, link
from realtime.models import Event, Topic
from tests.factories import make_run
from tests.realtime.conftest import progress

pytestmark = pytest.mark.django_db


@pytest.fixture
def topic() -> UUID:
    topic = make_run().topic_id
    log.append(topic, [progress(done) for done in range(3)])
    log.append(topic, [progress(done) for done in range(3, 6)])
    return topic


def line(topic: UUID, seq: int) -> Event:
    return Event.objects.get(topic_id=topic, seq=seq)


def change(seq: int, **fields: object) -> Callable[[UUID], object]:
    return lambda topic: Event.objects.filter(topic_id=topic, seq=seq).update(**fields)


def rewrite(seq: int, before: str, after: str) -> Callable[[UUID], object]:
    def tamper(topic: UUID) -> None:
        event = line(topic, seq)
        event.body = event.body.replace(before, after)
        event.save()

    return tamper


def leave_out(seq: int, *keys: str) -> Callable[[UUID], object]:
    """Replaces a text by its canonical form without these keys, with a digest and a hash that fit."""

    def tamper(topic: UUID) -> None:
        event = line(topic, seq)
        said = json.loads(event.body)
        prev = bytes.fromhex(said["prev"])
        bare = {key: value for key, value in said.items() if key not in keys}
        event.digest = digest_of(bare)
        event.hash = link(prev, event.digest)
        bare |= {"hash": event.hash.hex()} if "hash" not in keys else {}
        event.body = canonical(bare)
        event.save()

    return tamper


def swap(topic: UUID) -> None:
    with connection.cursor() as cursor:
        for before, after in ((2, -2), (3, 2), (-2, 3)):
            cursor.execute(
                "UPDATE realtime_event SET seq = %s WHERE topic_id = %s AND seq = %s", [after, topic, before]
            )


def add_beyond(topic: UUID) -> None:
    event = line(topic, 6)
    event.pk, event.seq = None, 7
    event.save()


def test_an_untouched_topic_verifies(topic: UUID) -> None:
    last = json.loads(line(topic, 6).body)["hash"]
    assert log.verify(topic) == log.Verification(ok=True, head=6, checked=6, hash=last)


@pytest.mark.parametrize(
    ("tamper", "broken"),
    [
        (rewrite(4, '"done":3', '"done":4'), 4),
        (rewrite(4, '"done":3', '"done": 3'), 4),
        (rewrite(2, '"1 of 100"', '"2 of 100"'), 2),
        (change(3, body='{"specversion":"1.0"}'), 3),
        (change(3, body="not json"), 3),
        (change(3, body="5"), 3),
        (change(3, body="[]"), 3),
        (leave_out(3, "prev", "hash"), 3),
        (leave_out(6, "topic"), 6),
        (leave_out(6, "message"), 6),
        (leave_out(6, "data"), 6),
        (change(3, body=""), 3),
        (change(5, data={"done": 99}), 5),
        (change(5, message="nothing"), 5),
        (change(5, type="run.started"), 5),
        (change(5, subject="meso4"), 5),
        (change(5, digest=bytes(32)), 5),
        (change(5, hash=bytes(32)), 5),
        (lambda topic: line(topic, 3).delete(), 3),
        (lambda topic: line(topic, 1).delete(), 1),
        (lambda topic: line(topic, 6).delete(), 6),
        (lambda topic: Topic.objects.filter(pk=topic).update(head=5), 5),
        (lambda topic: Topic.objects.filter(pk=topic).update(head_hash=bytes(32)), 6),
        (swap, 2),
        (add_beyond, 7),
    ],
)
def test_tampering_names_the_first_line_that_does_not_fit(
    topic: UUID, tamper: Callable[[UUID], object], broken: int
) -> None:
    tamper(topic)

    found = log.verify(topic)

    assert not found.ok
    assert found.broken == broken
    assert found.reason


def test_emptied_lines_keep_the_chain(topic: UUID) -> None:
    assert log.empty(topic, 2, 4) == 3

    last = bytes(line(topic, 6).hash).hex()
    assert log.verify(topic) == log.Verification(ok=True, head=6, checked=6, emptied=3, hash=last)
    emptied = line(topic, 3)
    assert (emptied.body, emptied.message, emptied.subject, emptied.data) == ("", "", "", None)
    assert emptied.type == "run.progressed"


def test_an_append_after_emptied_lines_goes_on(topic: UUID) -> None:
    log.empty(topic, 1, 6)
    log.append(topic, [progress(6)])

    assert log.verify(topic).ok
