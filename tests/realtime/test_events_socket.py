"""One socket for the footage of all of a user's topics, filtered by the server."""

import json
from typing import Any

import pytest
from rest_framework.test import APIClient
from websockets.exceptions import ConnectionClosed

from accounts.models import Team
from analysis.models import Run, Sighting
from realtime import log
from realtime.log import Draft
from realtime.readers import ask
from tests.analysis.footage import motion, plate, track
from tests.factories import make_media, make_run, make_user
from tests.product import Server
from tests.realtime.conftest import Watch, Watcher, append, progress, stage
from tests.waiting import eventually

pytestmark = pytest.mark.django_db(transaction=True)
FILTERS = "camera_id=media:00000000-0000-4000-8000-000000000000"


def camera(run: Run) -> str:
    return f"media:{run.media_id}"


def seen(watcher: Watcher, run: Run) -> list[int]:
    """The seqs of the records of a run, in the order they came."""
    records = [frame for frame in watcher.frames if "event_type" in frame]
    return [record["seq"] for record in records if record["topic"] == str(run.topic_id)]


async def opened(watch: Watch, server: Server, run: Run, query: str = "") -> Watcher:
    watcher = await watch(server, f"/ws/events{query}", run.owner)
    await watcher.frame("connected")
    return watcher


async def until(watcher: Watcher, run: Run, seq: int) -> list[int]:
    while seq not in seen(watcher, run):
        await watcher.read()
    return seen(watcher, run)


async def answered(watcher: Watcher) -> None:
    """Reads what was sent until now."""
    await watcher.say(type="ping")
    await watcher.frame("pong")


async def test_the_first_frame_says_where_the_topics_are(server: Server, watch: Watch) -> None:
    run = await ask(make_run)
    await ask(make_run)
    await append(run.topic_id, track(), motion())

    for path in ("/ws/events", "/ws/events/"):
        watcher = await watch(server, path, run.owner)
        assert await watcher.read() == {"type": "connected", "heads": {str(run.topic_id): 2}}


async def test_what_is_seen_arrives_as_rest_answers_it(server: Server, watch: Watch) -> None:
    run = await ask(make_run)
    watcher = await opened(watch, server, run)
    program = APIClient()
    program.force_authenticate(run.owner)

    await append(run.topic_id, track(), progress(1), motion("ended"), stage(), plate())
    assert await until(watcher, run, 5) == [1, 3, 5]

    listed = (await ask(program.get, "/api/v1/events/")).json()["results"]
    assert watcher.frames[1:] == list(reversed(listed))
    assert [record["event_type"] for record in watcher.frames[1:]] == ["tracking", "motion", "anpr"]


async def test_footage_of_a_file_that_comes_later_is_seen_from_its_first_line(
    server: Server, watch: Watch
) -> None:
    run = await ask(make_run)
    watcher = await opened(watch, server, run)

    later = await ask(make_run, owner=run.owner)
    await append(later.topic_id, track())
    await append(later.topic_id, track("updated"), track("left"))

    assert await until(watcher, later, 3) == [1, 2, 3]


async def test_the_server_filters_by_camera_and_type(server: Server, watch: Watch) -> None:
    run = await ask(make_run)
    other = await ask(make_run, owner=run.owner)
    one = await opened(watch, server, run, f"?camera_id={camera(run)}")
    both = await opened(watch, server, run, f"/?camera_id={camera(run)},{camera(other)}&event_type=anpr")
    types = await opened(watch, server, run, "?event_type=motion&event_type=anpr&camera_id=")
    none = await opened(watch, server, run, "?camera_id=front-door")

    await append(run.topic_id, track(), motion(), plate())
    await append(other.topic_id, track(), motion(), plate())
    await until(both, other, 3)
    await until(types, other, 3)
    await until(one, run, 3)
    for watcher in (one, none):
        await answered(watcher)

    assert (seen(one, run), seen(one, other)) == ([1, 2, 3], [])
    assert (seen(both, run), seen(both, other)) == ([3], [3])
    assert (seen(types, run), seen(types, other)) == ([2, 3], [2, 3])
    assert (seen(none, run), seen(none, other)) == ([], [])


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("camera=1", "unknown_filter"),
        (f"{FILTERS}&after=3", "unknown_filter"),
        ("event_type=plates", "bad_filter"),
        ("event_type=motion,plates", "bad_filter"),
        ("camera_id=media:1", "bad_filter"),
        ("camera_id=a%20b", "bad_filter"),
        ("camera_id=" + "x" * 101, "bad_filter"),
        ("camera_id=" + ",".join(f"c{number}" for number in range(101)), "bad_filter"),
    ],
    ids=lambda value: value[:32],
)
async def test_a_filter_that_does_not_exist_is_refused(
    server: Server, watch: Watch, query: str, code: str
) -> None:
    watcher = await watch(server, f"/ws/events?{query}", await ask(make_user))

    error = await watcher.read()
    with pytest.raises(ConnectionClosed) as closed:
        await watcher.read()

    assert (error["type"], error["code"]) == ("error", code)
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == 1008


async def test_a_filter_beside_a_good_one_is_accepted(server: Server, watch: Watch) -> None:
    watcher = await watch(server, f"/ws/events?{FILTERS}", await ask(make_user))

    assert (await watcher.read())["type"] == "connected"


async def test_resume_brings_what_was_missed_and_what_follows_once(server: Server, watch: Watch) -> None:
    run = await ask(make_run)
    await append(run.topic_id, track(), motion(), stage(), plate(), track("left"))
    watcher = await opened(watch, server, run, "?event_type=tracking,anpr")

    await watcher.say(type="resume", **{str(run.topic_id): 1})
    resumed = await watcher.frame("resumed")
    await append(run.topic_id, motion(), plate())

    assert await until(watcher, run, 7) == [4, 5, 7]
    assert resumed == {"type": "resumed", "topic": str(run.topic_id), "head": 5, "recovered": True}


async def test_nobody_elses_footage_can_be_resumed_or_is_seen(server: Server, watch: Watch) -> None:
    foreign, own = await ask(make_run), await ask(make_run)
    await append(foreign.topic_id, plate())
    watcher = await opened(watch, server, own, f"?camera_id={camera(foreign)},{camera(own)}")

    await watcher.say(type="resume", **{str(foreign.topic_id): 0})
    error = await watcher.frame("error")
    await append(foreign.topic_id, plate())
    await append(own.topic_id, plate())
    await until(watcher, own, 1)

    assert error["code"] == "not_found"
    assert seen(watcher, foreign) == []


async def test_a_right_that_is_gone_ends_the_footage(server: Server, watch: Watch) -> None:
    run = await ask(lambda: make_run(media=make_media(), owner=make_user()))
    team = await ask(Team.objects.create, name="desk")
    await ask(team.members.add, run.owner)
    await ask(lambda: type(run.media).objects.filter(pk=run.media_id).update(team=team))
    await append(run.topic_id, plate())
    before = await watch(server, "/ws/events", run.owner)
    heads = (await before.frame("connected"))["heads"]
    await append(run.topic_id, plate())
    assert await until(before, run, 2) == [2]

    await ask(team.members.remove, run.owner)
    after = await watch(server, "/ws/events", run.owner)
    hidden = await after.frame("connected")

    assert (heads, hidden["heads"]) == ({str(run.topic_id): 1}, {})
    await after.say(type="resume", **{str(run.topic_id): 0})
    assert (await after.frame("error"))["code"] == "not_found"
    await eventually(lambda: hidden_from(before, run), limit=10, every=0.1, what="it is hidden")


async def hidden_from(watcher: Watcher, run: Run) -> bool:
    """Whether heartbeats and records would name the run no more: nothing came of a line that was appended."""
    own = await ask(make_run, owner=run.owner)
    (line,) = await append(run.topic_id, plate())
    await append(own.topic_id, plate())
    await until(watcher, own, 1)
    await answered(watcher)
    return line.seq not in seen(watcher, run)


async def test_an_emptied_line_is_named_and_what_it_said_is_not(server: Server, watch: Watch) -> None:
    run = await ask(make_run)
    await append(run.topic_id, plate("AB12 CDE"), plate("XY34 ZZZ"))
    await ask(log.empty, run.topic_id, 1, 1)
    watcher = await opened(watch, server, run)

    await watcher.say(type="resume", **{str(run.topic_id): 0})
    await watcher.frame("resumed")

    assert seen(watcher, run) == [2]
    assert {"type": "thinned", "topic": str(run.topic_id), "first": 1, "last": 1} in watcher.frames
    assert "AB12" not in json.dumps(watcher.frames)


async def test_an_emptied_footage_is_told_to_nobody(server: Server, watch: Watch) -> None:
    run = await ask(make_run)
    await append(run.topic_id, plate("AB12 CDE"))
    await ask(lambda: Sighting.objects.all().delete())
    watcher = await opened(watch, server, run)

    await watcher.say(type="resume", **{str(run.topic_id): 0})
    await watcher.frame("resumed")

    assert seen(watcher, run) == []


async def test_both_dialects_are_heard_side_by_side_each_by_who_asked(server: Server, watch: Watch) -> None:
    run = await ask(make_run)
    footage = await opened(watch, server, run)
    desk = await watch(server, "/ws/user/", run.owner)
    await desk.frame("snapshot")
    program = APIClient()
    program.force_authenticate(run.owner)

    await append(run.topic_id, progress(1), track())
    address, change = f"/api/v1/media/{run.media_id}/", {"description": "Sent by a reader."}
    await ask(lambda: program.patch(address, change, format="json"))
    update = await desk.frame("media_update")
    await append(run.topic_id, track("left"), progress(2))
    while desk.frames[-1].get("seq") != 4:
        await desk.read()
    await until(footage, run, 3)
    await answered(footage)

    assert update["media"]["description"] == "Sent by a reader."
    assert [frame["seq"] for frame in desk.frames if frame["type"] == "progress_update"] == [1, 4]
    assert seen(footage, run) == [2, 3]
    assert {frame["type"] for frame in footage.frames if "type" in frame} == {"connected", "pong"}


async def test_heartbeats_carry_the_heads(server: Server, watch: Watch) -> None:
    run = await ask(make_run)
    watcher = await opened(watch, server, run, "?event_type=anpr")
    await append(run.topic_id, track(), motion())

    heartbeat = await watcher.frame("heartbeat", limit=20)

    assert heartbeat == {"type": "heartbeat", "heads": {str(run.topic_id): 2}}


@pytest.mark.parametrize(
    ("said", "code"),
    [
        ({"type": "subscribe"}, "unknown_type"),
        ({"type": "ping", "x": 1}, "unknown_field"),
        ({"type": "resume", "camera": 1}, "unknown_field"),
    ],
    ids=["type", "field", "topic"],
)
async def test_a_frame_that_makes_no_sense_is_named_and_the_socket_goes_on(
    server: Server, watch: Watch, said: dict[str, Any], code: str
) -> None:
    run = await ask(make_run)
    watcher = await opened(watch, server, run)

    await watcher.say(**said)
    error = await watcher.frame("error")
    await append(run.topic_id, Draft("plate.read"))

    assert error["code"] == code
    assert await until(watcher, run, 1) == [1]
