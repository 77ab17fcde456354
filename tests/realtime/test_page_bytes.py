"""A socket that does not read holds a megabyte at most, however long the lines are that it still has to get."""

import asyncio
import gc
from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest

from analysis.models import Run
from realtime import publisher
from realtime.feeds import Feed, Follower
from realtime.lines import Line
from realtime.listeners import Listener
from realtime.log import Draft
from realtime.outbox import Outbox
from realtime.readers import ask
from realtime.topics import Found, UserFrame
from realtime.user_feeds import UserFeed
from tests.factories import make_run
from tests.realtime.conftest import append
from tests.waiting import eventually

pytestmark = pytest.mark.django_db(transaction=True)
MEGABYTE = 2**20
LINES = 160


def fat_progress(done: int) -> Draft:
    data = {"detector": "meso4", "done": done, "total": LINES, "unit": "frames", "filling": "x" * 60_000}
    return Draft("run.progressed", "x" * 8000, data, subject="meso4")


async def _never(_: Any) -> None:
    await asyncio.Event().wait()


def follow(run: Run, outbox: Outbox) -> Callable[[], None]:
    feed = Feed(run.topic_id)
    feed.start(LINES)
    follower = Follower(feed, outbox, 0)
    follower.join()
    return follower.leave


def listen(run: Run, outbox: Outbox) -> Callable[[], None]:
    feed = UserFeed(run.owner_id)
    feed.start({run.topic_id: ("media_run", LINES)})
    listener = Listener(feed, outbox)
    listener.join()
    listener.resume([(Found(run.topic_id, "media_run", LINES), 0)])
    return listener.leave


def held_texts(topic: UUID) -> int:
    """Bytes of all texts of lines and frames that are in memory."""
    gc.collect()
    texts = {}
    for one in gc.get_objects():
        # by type: isinstance asks weak proxies of others, whose objects may be gone
        if type(one) is Line and one.topic == topic:
            texts[id(one.body)] = len(one.body)
        elif type(one) is UserFrame:
            texts[id(one.text)] = len(one.text)
    return sum(texts.values())


@pytest.mark.parametrize("watch", [follow, listen])
async def test_a_reader_that_does_not_read_holds_a_megabyte_at_most(
    watch: Callable[[Run, Outbox], Callable[[], None]], monkeypatch: pytest.MonkeyPatch
) -> None:
    # what is being announced holds lines too, and is bounded elsewhere
    monkeypatch.setattr(publisher, "announce", lambda announcement: None)
    run = await ask(make_run)
    for number in range(LINES // 8):
        await append(run.topic_id, *[fat_progress(number * 8 + n) for n in range(8)])
    outbox = Outbox(_never)

    leave = watch(run, outbox)
    await eventually(lambda: outbox.full, limit=20, what="the queue is full")

    assert outbox.queued_bytes + held_texts(run.topic_id) <= MEGABYTE
    assert outbox.held_bytes <= MEGABYTE
    leave()
    outbox.close()
