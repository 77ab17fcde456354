"""A resume outlives a database that cannot be asked for a moment."""

import json
from collections.abc import Sequence
from typing import Any
from uuid import UUID

import pytest
from django.db import DatabaseError

from realtime import listeners, topics
from realtime.lines import Line
from realtime.listeners import Listener
from realtime.outbox import Outbox
from realtime.readers import ask
from realtime.topics import Found, UserFrame
from realtime.user_feeds import UserFeed
from tests.factories import make_run
from tests.realtime.conftest import append, progress
from tests.waiting import eventually

pytestmark = pytest.mark.django_db(transaction=True)


async def test_an_error_while_frames_are_made_is_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    run = await ask(make_run)
    await append(run.topic_id, progress(1), progress(2))
    sent: list[dict[str, Any]] = []

    async def send(message: dict[str, Any]) -> None:
        sent.append(json.loads(message["text"]))

    make, tries = topics.frames, iter([DatabaseError("the server is going away")])

    def failing_once(kind: str, topic_id: UUID, lines: Sequence[Line], *dialect: str) -> list[UserFrame]:
        for error in tries:
            raise error
        return make(kind, topic_id, lines, *dialect)

    monkeypatch.setattr(topics, "frames", failing_once)
    monkeypatch.setattr(listeners, "RETRY_SECONDS", 0.01)
    feed = UserFeed(run.owner_id)
    feed.start({run.topic_id: ("media_run", 2)})
    listener = Listener(feed, Outbox(send))
    listener.join()
    listener.release()

    listener.resume([(Found(run.topic_id, "media_run", 2), 0)])

    await eventually(lambda: len(sent) == 3, what="both lines, and the word that it has caught up")
    assert [frame.get("seq", frame["type"]) for frame in sent] == [1, 2, "resumed"]
    listener.leave()
