"""A client may send anything: it is told what was wrong, and nobody else notices."""

import pytest

from realtime.readers import ask
from tests.factories import make_run
from tests.product import Server
from tests.realtime.conftest import Watch, append, stage

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.parametrize(
    ("frame", "code"),
    [
        ('{"type":"log.lines","topic":"x"}', "unknown_type"),
        ('{"type":"websocket.close"}', "unknown_type"),
        ('{"type":["ping"]}', "unknown_type"),
        ('{"kind":"ping"}', "unknown_type"),
        ('{"type":"ping","extra":1}', "unknown_field"),
        ('{"type":"ack"}', "missing_field"),
        ('{"type":"ack","seq":"1"}', "bad_value"),
        ('{"type":"ack","seq":true}', "bad_value"),
        ('{"type":"ack","seq":-1}', "bad_value"),
        ('{"type":"ack","seq":NaN}', "bad_value"),
        ("", "malformed"),
        ("[1,2]", "malformed"),
        ("{" * 10, "malformed"),
        ("[" * 16_000, "malformed"),
        ('{"type":"ping"' + " " * 20_000 + "}", "too_large"),
        (b'{"type":"ping"}', "binary_frame"),
        (b"\xff\xfe", "binary_frame"),
    ],
)
async def test_what_is_not_understood_is_named_and_the_socket_goes_on(
    server: Server, watch: Watch, frame: str | bytes, code: str
) -> None:
    run = await ask(make_run)
    hostile = await watch(server, f"/ws/topics/{run.topic_id}/", run.owner)
    other = await watch(server, f"/ws/topics/{run.topic_id}/", run.owner)
    await hostile.frame("caught_up")
    await other.frame("caught_up")

    await hostile.socket.send(frame)
    error = await hostile.frame("error")
    await append(run.topic_id, stage())

    assert error["code"] == code
    assert error["message"]
    assert await hostile.see(until=1) == [1]
    assert await other.see(until=1) == [1]


async def test_a_flood_of_frames_ends_its_socket_alone(server: Server, watch: Watch) -> None:
    run = await ask(make_run)
    flood = await watch(server, f"/ws/topics/{run.topic_id}/", run.owner)
    other = await watch(server, f"/ws/topics/{run.topic_id}/", run.owner)

    for _ in range(2100):
        await flood.say(type="ping")
    error = await flood.frame("error")
    await append(run.topic_id, stage())

    assert error["code"] == "too_many"
    assert await other.see(until=1) == [1]
