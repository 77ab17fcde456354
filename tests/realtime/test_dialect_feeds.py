"""A dialect is spoken once for all sockets of a process; who falls behind costs little and loses nothing."""

import asyncio
import json
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID

import pytest
from django.db import OperationalError

from realtime import log, relay, topics
from realtime.dialect_feeds import DialectFeed, DialectFollower
from realtime.dialects import Event, Frame, Voice
from realtime.envelope import Draft
from realtime.feeds import Feed
from realtime.hub import Hub
from realtime.lines import Line
from realtime.models import Topic
from realtime.outbox import LIMIT_BYTES, Outbox
from realtime.readers import ask
from realtime.topics import Snapshot, TopicKind
from tests.factories import make_user
from tests.waiting import eventually

pytestmark = pytest.mark.django_db(transaction=True)
KIND = "counted"


class Counting(Voice):
    """Says how many events it has heard; a word for all but notes."""

    heard = 0

    def __init__(self) -> None:
        self._count = 0
        self._last: list[Frame] = []

    def hear(self, event: Event) -> Sequence[Frame]:
        Counting.heard += 1
        self._count += 1
        if event["type"] == "note.taken":
            return ()
        if event["type"] == "word.missing":
            raise KeyError("the word")
        self._last = [
            {"count": self._count, "seq": event["seq"], "filling": event["data"].get("filling", "")}
        ]
        return self._last

    def last(self) -> Sequence[Frame]:
        return self._last


@pytest.fixture(autouse=True)
def _counted_kind(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A kind of topic of our own."""
    kind = TopicKind(
        watchable=set,
        snapshot=lambda _: Snapshot({}, {}),
        frames=lambda *_: [],
        voices={"count": lambda _: Counting()},
    )
    monkeypatch.setattr(topics, "_kinds", {**topics._kinds, KIND: kind})
    monkeypatch.setattr(Counting, "heard", 0)
    yield


class Client:
    """A socket's outbox and whoever reads from it, when `reads` is set."""

    def __init__(self) -> None:
        self.texts: list[str] = []
        self.reads = asyncio.Event()
        self.reads.set()
        self.outbox = Outbox(self._send)

    async def _send(self, message: dict[str, Any]) -> None:
        await self.reads.wait()
        self.texts.append(message["text"])

    @property
    def seqs(self) -> list[int]:
        return [json.loads(text)["seq"] for text in self.texts]


class Stream:
    """A topic, its feed, and its dialect."""

    def __init__(self, topic: UUID) -> None:
        self.topic = topic
        self.feed = Feed(topic)
        self.dialect = DialectFeed(self.feed, KIND, "count")

    async def begin(self) -> None:
        self.feed.start(await ask(topics.head_of, self.topic))
        await self.dialect.start()

    async def append(self, *drafts: Draft) -> None:
        self.feed.offer(await ask(log.append, self.topic, drafts))

    def join(self, client: Client, after: int | None = None) -> DialectFollower:
        follower = DialectFollower(self.dialect, client.outbox)
        follower.join() if after is None else follower.resume(after)
        return follower


@asynccontextmanager
async def stream(*drafts: Draft) -> AsyncIterator[Stream]:
    """A dialect that was started when these lines were there."""
    topic: Topic = await ask(log.create_topic, KIND, await ask(make_user))
    await ask(log.append, topic.pk, drafts)
    one = Stream(topic.pk)
    await one.begin()
    yield one
    one.dialect.stop()
    for follower in list(one.dialect.followers):
        follower.leave()


def said(number: int = 1, kind: str = "word.said", filling: int = 0, subject: str = "") -> list[Draft]:
    return [Draft(kind, "", {"filling": "x" * filling}, subject) for _ in range(number)]


async def test_a_hundred_sockets_share_one_translation_and_one_text() -> None:
    async with stream(*said(3)) as topic:
        clients = [Client() for _ in range(100)]
        for client in clients:
            topic.join(client)

        await topic.append(*said())
        await eventually(lambda: all(len(client.texts) == 2 for client in clients))

    assert Counting.heard == 4
    assert len({id(text) for client in clients for text in client.texts}) == 2
    assert clients[0].seqs == [3, 4]


async def test_lines_without_a_word_and_lines_that_break_a_voice_stop_nobody() -> None:
    async with stream(*said(2), *said(1, "note.taken")) as topic:
        client = Client()
        topic.join(client)

        await topic.append(*said(1, "note.taken"), *said(1, "word.missing"), *said())
        await eventually(lambda: client.seqs[-1:] == [6])

    assert [json.loads(text)["count"] for text in client.texts] == [2, 6]


@pytest.mark.parametrize("after", [0, 1, 3, 4])
async def test_who_resumes_goes_live_without_gap_or_duplicate(after: int) -> None:
    async with stream(*said(4)) as topic:
        client = Client()
        topic.join(client, after)
        for _ in range(20):
            await topic.append(*said())

        await eventually(lambda: client.seqs[-1:] == [24])

    assert client.seqs == list(range(after + 1, 25))
    assert [json.loads(text)["count"] for text in client.texts] == client.seqs


async def test_who_does_not_read_holds_little_and_misses_nothing() -> None:
    async with stream(*said()) as topic:
        slow, quick = Client(), Client()
        for client in (slow, quick):
            topic.join(client)
        slow.reads.clear()

        held = []
        for _ in range(40):
            await topic.append(*said(2, filling=30_000))
            held.append(slow.outbox.held_bytes)
        await eventually(lambda: quick.seqs[-1:] == [81])
        slow.reads.set()
        await eventually(lambda: slow.seqs[-1:] == [81])

    assert max(held) < LIMIT_BYTES
    assert slow.seqs == quick.seqs == list(range(1, 82))
    assert slow.texts == quick.texts


async def test_who_fell_behind_does_not_begin_the_log_again() -> None:
    async with stream(*said(300)) as topic:
        slow = Client()
        topic.join(slow)
        slow.reads.clear()
        for _ in range(30):
            await topic.append(*said(1, filling=60_000))
        heard = Counting.heard

        slow.reads.set()
        await eventually(lambda: slow.seqs[-1:] == [330])

    assert heard == 330
    assert Counting.heard < 330 + 30
    assert slow.seqs == list(range(300, 331))


async def test_only_outdated_progress_is_left_out_for_who_fell_behind() -> None:
    async with stream(*said()) as topic:
        slow = Client()
        topic.join(slow)
        slow.reads.clear()
        for _ in range(40):
            await topic.append(
                *said(1, "run.progressed", 30_000, "a"),
                *said(1, "job.reported", 100),
                *said(1, "run.progressed", 10, "b"),
            )
        slow.reads.set()
        await eventually(lambda: slow.seqs[-1:] == [121])

    left_out = set(range(1, 122)) - set(slow.seqs)
    assert left_out
    assert slow.seqs == sorted(set(slow.seqs))
    assert {seq % 3 for seq in left_out} <= {1, 2}
    assert {119, 121} <= set(slow.seqs)


async def test_the_state_asked_for_while_catching_up_comes_when_that_is_done() -> None:
    async with stream(*said(5)) as topic:
        client = Client()
        follower = topic.join(client, after=2)

        follower.tell_last()
        await eventually(lambda: len(client.texts) == 4)

    assert client.seqs == [3, 4, 5, 5]


async def test_a_long_topic_is_heard_in_pages_before_the_first_socket_joins() -> None:
    async with stream(*said(2500)) as topic:
        client = Client()
        topic.join(client)
        await eventually(lambda: client.texts)

    assert json.loads(client.texts[0])["count"] == 2500


@pytest.mark.parametrize("after", [None, 400])
async def test_of_a_long_topic_only_the_newest_progress_is_heard(after: int | None) -> None:
    async with stream(
        *said(), *said(400, "run.progressed", subject="meso4"), *said(1, "note.taken"), *said()
    ) as topic:
        begun = Counting.heard
        client = Client()
        topic.join(client, after)
        await topic.append(*said())
        await eventually(lambda: client.seqs[-1:] == [404])

    assert begun == 4
    assert client.seqs == ([403, 404] if after is None else [401, 403, 404])


async def test_a_page_of_history_that_could_not_be_read_is_asked_for_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(relay, "PAGE", 2)
    lines_at, refused = relay.lines_at, iter([False, True, False, True])

    def sometimes(*wanted: Any) -> list[Line]:
        if next(refused, False):
            raise OperationalError("the connection is gone")
        return lines_at(*wanted)

    monkeypatch.setattr(relay, "lines_at", sometimes)
    async with stream(*said(7)) as topic:
        client = Client()
        topic.join(client)
        await eventually(lambda: client.seqs == [7])

    assert [json.loads(text)["count"] for text in client.texts] == [7]


async def test_lines_emptied_after_they_were_listed_stop_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    telling = relay.telling

    def listed_before(topic: UUID, **wanted: Any) -> list[int]:
        seqs = telling(topic, **wanted)
        log.empty(topic, 2, 3)
        return seqs

    monkeypatch.setattr(relay, "telling", listed_before)
    async with stream(*said(5)) as topic:
        client = Client()
        topic.join(client)
        await eventually(lambda: client.seqs == [5])

    assert [json.loads(text)["count"] for text in client.texts] == [3]


async def test_the_last_one_to_leave_takes_the_dialect_with_it() -> None:
    async with stream(*said()) as topic:
        hub, before = Hub(), set(topic.feed.followers)
        first, second = [await hub.dialect(topic.feed, KIND, "count") for _ in range(2)]

        hub.release(first)
        kept = dict(hub.dialects)
        hub.release(second)

        assert kept == {(topic.topic, "count"): first}
        assert second is first
        assert hub.dialects == {}
        assert topic.feed.followers == before


async def test_who_leaves_before_the_dialect_has_started_leaves_nothing_behind() -> None:
    async with stream(*said(1500)) as topic:
        hub, before = Hub(), set(topic.feed.followers)
        opening = asyncio.create_task(hub.dialect(topic.feed, KIND, "count"))
        await eventually(lambda: topic.feed.followers > before, every=0)

        opening.cancel()
        await asyncio.wait([opening])

        assert opening.cancelled()
        assert hub.dialects == {}
        assert topic.feed.followers == before
