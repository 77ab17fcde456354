"""What docs/asyncapi.yaml lets clients say is understood, and nothing else."""

import re

import pytest

from tests.product import Server
from tests.realtime.conftest import Watch
from tests.realtime.described import kind, kinds, messages
from tests.realtime.scenes import answered, queued, served

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.parametrize("channel", ["topic", "user", "jobs", "analysis", "events"])
async def test_what_a_client_may_say_is_understood_and_nothing_else(
    server: Server, watch: Watch, channel: str
) -> None:
    run = await queued()
    path = re.sub(r"{\w+}", str(run.topic_id if channel == "topic" else run.id), served(channel))
    said = {
        "ping": {"type": "ping"},
        "ack": {"type": "ack", "seq": 0},
        "resume": {"type": "resume", str(run.topic_id): 0},
        "subscribe": {"type": "subscribe", "task_id": str(run.id)},
    }
    known = messages(channel, "receive").keys() - {"authenticate"}
    watcher = await watch(server, path, run.owner)

    for name in known:
        assert kind(channel, said[name], action="receive") == name
        await answered(watcher, **said[name])
    assert [frame for frame in watcher.frames if frame.get("type") == "error"] == []
    for name in known:
        odd = {**said[name], "colour": "red"}
        assert kinds(channel, odd, action="receive") == []
        await watcher.say(**odd)
        assert await watcher.frame("error")


async def test_the_first_message_may_say_who_it_is(server: Server, watch: Watch) -> None:
    watcher = await watch(server, "/ws/user/", None)
    introduction = {"type": "authenticate", "token": "nobody's"}

    await watcher.say(**introduction)
    refusal = await watcher.frame("error")

    assert kind("user", introduction, action="receive") == "authenticate"
    assert kind("user", refusal) == "error"
