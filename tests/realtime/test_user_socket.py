"""One socket for all of a user's topics, in the progress dialect."""

from typing import Any

import pytest
from rest_framework.test import APIClient

from analysis.models import Run
from realtime import publisher
from realtime.log import Draft
from realtime.readers import ask
from tests.factories import make_run, make_user
from tests.product import Server
from tests.realtime.conftest import Watch, Watcher, append, progress, stage

pytestmark = pytest.mark.django_db(transaction=True)


def queued(run: Run) -> Draft:
    return Draft("run.queued", "Waiting for a worker.", {"run": str(run.id), "media": str(run.media_id)})


def failed(run: Run) -> Draft:
    data = {"run": str(run.id), "attempt": 1, "code": "reader_lost", "error": "The reader died."}
    return Draft("run.failed", "The run failed.", {**data, "filename": "clip.mp4"}, ending=True)


def seen(watcher: Watcher) -> list[tuple[str, int]]:
    return [(frame["event"], frame["seq"]) for frame in watcher.frames if frame["type"] == "progress_update"]


async def until(watcher: Watcher, seq: int) -> list[tuple[str, int]]:
    while not seen(watcher) or seen(watcher)[-1][1] < seq:
        await watcher.read()
    return seen(watcher)


async def test_the_snapshot_shows_the_users_own_runs(server: Server, watch: Watch) -> None:
    run = await ask(make_run)
    await ask(make_run)
    await append(run.topic_id, queued(run))

    watcher = await watch(server, "/ws/user/", run.owner)
    snapshot = await watcher.frame("snapshot")

    assert [media["id"] for media in snapshot["media"]] == [str(run.media_id)]
    assert snapshot["media"][0]["run"]["id"] == str(run.id)
    assert snapshot["heads"] == {str(run.topic_id): 1}


async def test_progress_is_spoken_in_the_dialect(server: Server, watch: Watch) -> None:
    run = await ask(make_run)
    watcher = await watch(server, "/ws/user", run.owner)
    await watcher.frame("snapshot")

    lines = await append(run.topic_id, progress(7))
    frame = await watcher.frame("progress_update")

    assert frame["data"] == {
        "model_name": "spectrum",
        "progress": 7,
        "total": 100,
        "details": {"phase": "frame_processing", "fps": 25},
    }
    assert (frame["event"], frame["message"]) == ("FRAME_ANALYSIS_PROGRESS", "7 of 100")
    assert (frame["mediaId"], frame["topic"]) == (str(run.media_id), str(run.topic_id))
    assert (frame["seq"], frame["timestamp"]) == (1, lines[0].body.split('"time":"')[1].split('"')[0])


async def test_runs_begun_after_connecting_are_seen_from_their_first_line(
    server: Server, watch: Watch
) -> None:
    user = await ask(make_user)
    watcher = await watch(server, "/ws/user/", user)
    await watcher.frame("snapshot")

    run = await ask(make_run, owner=user)
    await append(run.topic_id, queued(run))
    await append(run.topic_id, progress(1), progress(2))

    assert await until(watcher, 3) == [
        ("ANALYSIS_QUEUED", 1),
        ("FRAME_ANALYSIS_PROGRESS", 2),
        ("FRAME_ANALYSIS_PROGRESS", 3),
    ]


async def test_a_failed_run_sends_the_error_and_the_media(server: Server, watch: Watch) -> None:
    run = await ask(make_run, state="failed", error_code="reader_lost", error_message="The reader died.")
    watcher = await watch(server, "/ws/user/", run.owner)
    await watcher.frame("snapshot")

    await append(run.topic_id, failed(run))
    error = await watcher.frame("processing_error")
    media = await watcher.frame("media_update")

    assert error == {
        "type": "processing_error",
        "mediaId": str(run.media_id),
        "runId": str(run.id),
        "code": "reader_lost",
        "message": "The reader died.",
        "topic": str(run.topic_id),
        "seq": 1,
    }
    assert media["media"]["id"] == str(run.media_id)
    assert media["media"]["run"]["state"] == "failed"
    assert seen(watcher) == [("ANALYSIS_FAILED", 1)]


@pytest.mark.parametrize("form", ["flat", "topics", "pair"])
async def test_resume_starts_a_topic_again_after_the_clients_seq(
    server: Server, watch: Watch, form: str
) -> None:
    run = await ask(make_run)
    await append(run.topic_id, *[progress(done) for done in range(6)], stage())
    topic = str(run.topic_id)
    fields: dict[str, Any] = {
        "flat": {topic: 3},
        "topics": {"topics": {topic: 3}},
        "pair": {"topic": topic, "seq": 3},
    }[form]
    watcher = await watch(server, "/ws/user/", run.owner)
    await watcher.frame("snapshot")

    await watcher.say(type="resume", **fields)
    resumed = await watcher.frame("resumed")
    await append(run.topic_id, progress(7))

    assert resumed == {"type": "resumed", "topic": topic, "head": 7, "recovered": True}
    assert [seq for _, seq in await until(watcher, 8)] == [4, 5, 6, 8]


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({}, "bad_value"),
        ({"x": 1}, "unknown_field"),
        ({"00000000-0000-4000-8000-000000000000": 1}, "not_found"),
        ({"00000000-0000-4000-8000-000000000000": "1"}, "bad_value"),
    ],
)
async def test_a_resume_that_makes_no_sense_is_named(
    server: Server, watch: Watch, fields: dict[str, Any], code: str
) -> None:
    watcher = await watch(server, "/ws/user/", await ask(make_user))
    await watcher.frame("snapshot")

    await watcher.say(type="resume", **fields)

    assert (await watcher.frame("error"))["code"] == code


async def test_a_resume_beyond_the_head_is_of_another_history_and_starts_anew(
    server: Server, watch: Watch
) -> None:
    run = await ask(make_run)
    await append(run.topic_id, progress(1), progress(2))
    watcher = await watch(server, "/ws/user/", run.owner)
    await watcher.frame("snapshot")

    await watcher.say(type="resume", **{str(run.topic_id): 9})
    resumed = await watcher.frame("resumed")
    await append(run.topic_id, progress(3))

    assert resumed == {"type": "resumed", "topic": str(run.topic_id), "head": 2, "recovered": False}
    assert [seq for _, seq in await until(watcher, 3)] == [1, 2, 3]


async def test_an_unknown_topic_does_not_keep_the_known_ones_from_being_resumed(
    server: Server, watch: Watch
) -> None:
    run = await ask(make_run)
    await append(run.topic_id, progress(1), progress(2))
    watcher = await watch(server, "/ws/user/", run.owner)
    await watcher.frame("snapshot")
    missing = "00000000-0000-4000-8000-000000000000"

    await watcher.say(type="resume", **{missing: 4, str(run.topic_id): 1})
    error = await watcher.frame("error")
    resumed = await watcher.frame("resumed")

    assert error["code"] == "not_found"
    assert missing in error["message"]
    assert (resumed["topic"], resumed["head"]) == (str(run.topic_id), 2)
    assert seen(watcher) == [("FRAME_ANALYSIS_PROGRESS", 2)]


async def test_nobody_elses_topic_can_be_resumed(server: Server, watch: Watch) -> None:
    run = await ask(make_run)
    await append(run.topic_id, stage())
    watcher = await watch(server, "/ws/user/", await ask(make_user))
    await watcher.frame("snapshot")

    await watcher.say(type="resume", **{str(run.topic_id): 0})

    assert (await watcher.frame("error"))["code"] == "not_found"


async def test_a_changed_description_reaches_open_pages(server: Server, watch: Watch) -> None:
    run = await ask(make_run)
    watcher = await watch(server, "/ws/user/", run.owner)
    await watcher.frame("snapshot")
    program = APIClient()
    program.force_authenticate(run.owner)
    address = f"/api/v1/media/{run.media_id}/"

    await ask(lambda: program.patch(address, {"description": "Sent by a reader."}, format="json"))
    publisher.flush()

    assert (await watcher.frame("media_update"))["media"]["description"] == "Sent by a reader."
