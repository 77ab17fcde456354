"""Sockets of a user in several dialects: each line is told once per dialect, to whoever listens in it."""

import asyncio
import json
from collections.abc import Sequence
from typing import Any
from uuid import UUID

import pytest

from realtime import topics
from realtime.lines import Announcement, Line
from realtime.listeners import Listener
from realtime.outbox import Outbox
from realtime.readers import ask
from realtime.topics import UserFrame
from realtime.user_feeds import UserFeed
from tests.analysis.footage import track
from tests.factories import make_run
from tests.realtime.conftest import append, progress
from tests.waiting import eventually

pytestmark = pytest.mark.django_db(transaction=True)
Sent = list[dict[str, Any]]


def listening(feed: UserFeed, dialect: str) -> tuple[Listener, Sent]:
    sent: Sent = []

    async def send(message: dict[str, Any]) -> None:
        sent.append(json.loads(message["text"]))

    listener = Listener(feed, Outbox(send), dialect=dialect)
    listener.join()
    listener.release()
    return listener, sent


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The dialects lines were told in, in that order."""
    asked: list[str] = []
    make = topics.frames

    def counted(kind: str, topic_id: UUID, lines: Sequence[Line], dialect: str) -> list[UserFrame]:
        asked.append(dialect)
        return make(kind, topic_id, lines, dialect)

    monkeypatch.setattr(topics, "frames", counted)
    return asked


async def test_a_line_is_told_once_per_dialect_however_many_listen(told: list[str]) -> None:
    run = await ask(make_run)
    feed = UserFeed(run.owner_id)
    feed.start({run.topic_id: ("media_run", 0)})
    several = [listening(feed, dialect) for dialect in ("footage", "progress", "footage", "progress")]

    lines = await append(run.topic_id, progress(1), track())
    feed.offer(Announcement.of("media_run", run.owner_id, lines))
    await eventually(lambda: all(sent for _, sent in several), what="all were told")

    assert sorted(told) == ["footage", "progress"]
    assert [[frame["seq"] for frame in sent] for _, sent in several] == [[2], [1], [2], [1]]


async def test_a_dialect_nobody_listens_in_is_not_told(told: list[str]) -> None:
    run = await ask(make_run)
    feed = UserFeed(run.owner_id)
    feed.start({run.topic_id: ("media_run", 0)})
    _, sent = listening(feed, "footage")

    feed.offer(Announcement.of("media_run", run.owner_id, await append(run.topic_id, progress(1), track())))
    await eventually(lambda: sent, what="it was told")

    assert told == ["footage"]


async def test_who_comes_while_lines_are_being_told_hears_them_too(monkeypatch: pytest.MonkeyPatch) -> None:
    run = await ask(make_run)
    feed = UserFeed(run.owner_id)
    feed.start({run.topic_id: ("media_run", 0)})
    _, first = listening(feed, "progress")
    later: list[Sent] = []
    make, loop = feed.may_tell, asyncio.get_running_loop()

    async def joined_meanwhile(topic: UUID) -> bool:
        allowed = await make(topic)
        # told in the first dialect from here on; somebody of another one joins before that has happened
        loop.call_soon(lambda: later.append(listening(feed, "footage")[1]))
        return allowed

    monkeypatch.setattr(feed, "may_tell", joined_meanwhile)

    feed.offer(Announcement.of("media_run", run.owner_id, await append(run.topic_id, track(), progress(1))))
    await eventually(lambda: first and later and later[0], what="both were told")

    assert [frame["seq"] for frame in later[0]] == [1]


async def test_a_reader_of_footage_that_falls_behind_misses_no_record() -> None:
    run = await ask(make_run)
    feed = UserFeed(run.owner_id)
    feed.start({run.topic_id: ("media_run", 0)})
    reads, seqs = asyncio.Event(), []

    async def send(message: dict[str, Any]) -> None:
        await reads.wait()
        seqs.append(json.loads(message["text"])["seq"])

    listener = Listener(feed, Outbox(send), dialect="footage")
    listener.join()
    listener.release()
    for _ in range(10):
        lines = await append(run.topic_id, *[track("updated") for _ in range(200)])
        feed.offer(Announcement.of("media_run", run.owner_id, lines))

    await eventually(lambda: feed.cursors[run.topic_id] == 2000, what="all were told")
    full = listener.outbox.full
    reads.set()
    await eventually(lambda: len(seqs) >= 2000, limit=30, what="all arrived")

    assert full
    assert seqs == list(range(1, 2001))
    listener.leave()
