"""A client may send anything: it is told what was wrong, and nobody else notices."""

import contextlib

import pytest
from websockets.exceptions import ConnectionClosed

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
        ('{"type":"ack","seq":1e400}', "bad_value"),
        ('{"type":"ack","seq":9007199254740992}', "bad_value"),
        pytest.param('{"type":"ack","seq":1' + "0" * 6000 + "}", "malformed", id="a number of 6001 digits"),
        pytest.param('{"type":' * 1500 + "1" + "}" * 1500, "malformed", id="1500 objects in each other"),
        ('{"type":"ping","type":"nothing"}', "unknown_type"),
        ('{"type":"\\ud800"}', "unknown_type"),
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


async def test_a_frame_in_fragments_is_one_frame(server: Server, watch: Watch) -> None:
    run = await ask(make_run)
    socket = await watch(server, f"/ws/topics/{run.topic_id}/", run.owner)

    await socket.socket.send(['{"ty', "", 'pe":"pi', 'ng"}'])

    assert await socket.frame("pong")


@pytest.mark.parametrize(
    ("frame", "code"),
    [
        pytest.param(b'{"type":"\xff"}', 1007, id="text that is no UTF-8"),
        pytest.param(b"x" * 2**21, 1009, id="two megabytes"),
        pytest.param([b"x" * 2**16] * 33, 1009, id="two megabytes in fragments"),
    ],
)
async def test_what_no_socket_may_carry_ends_its_socket_alone(
    server: Server, watch: Watch, frame: bytes | list[bytes], code: int
) -> None:
    run = await ask(make_run)
    hostile = await watch(server, f"/ws/topics/{run.topic_id}/", run.owner, compression=None)
    other = await watch(server, f"/ws/topics/{run.topic_id}/", run.owner)
    await other.frame("caught_up")

    with contextlib.suppress(ConnectionClosed):
        await hostile.socket.send(frame, text=True)
    with pytest.raises(ConnectionClosed):
        await hostile.frame("never")
    await append(run.topic_id, stage())

    assert hostile.socket.close_code == code
    assert await other.see(until=1) == [1]
