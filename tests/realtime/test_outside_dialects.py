"""What programs outside hear of jobs and runs through Redis: the frames of the sockets, and the last state."""

import asyncio
import json
from collections.abc import Callable
from typing import Any

import pytest
from redis import Redis

from realtime import outside
from realtime.readers import ask
from tests.factories import make_run, make_user
from tests.realtime.conftest import progress
from tests.realtime.dialects import queued_run, report, succeeded, tell
from tests.realtime.own_redis import OwnRedis
from tests.realtime.programs import Listener
from tests.waiting import eventually

pytestmark = pytest.mark.django_db(transaction=True)


async def kept(redis: OwnRedis, job_id: str, **fields: Any) -> tuple[dict[str, Any], int]:
    """The last state of a job and how many seconds it is kept, as soon as it has these fields."""
    with Redis.from_url(redis.url, decode_responses=True) as client:
        key = outside.public(f"job_status:{job_id}")

        async def said() -> dict[str, Any] | None:
            found = json.loads(await asyncio.to_thread(client.get, key) or "{}")
            return found if found.items() >= fields.items() else None

        state = await eventually(said, limit=15, what=f"{key} says {fields}")
        return state or {}, int(client.ttl(key))


async def test_a_job_is_told_on_its_channel_and_kept_for_an_hour(
    own_redis: OwnRedis, listening: Callable[..., Listener]
) -> None:
    ana = await ask(make_user)
    program = listening("job_progress:render-7")

    await report(ana, "render-7", 0.25, 0.5)
    heard = await program.hear(3)
    state, seconds = await kept(own_redis, "render-7", progress=0.5)

    told = [(said["job_id"], said["status"], said["progress"]) for _, said in heard]
    assert told == [("render-7", "processing", value) for value in (0, 0.25, 0.5)]
    assert state == heard[-1][1]
    assert 3500 < seconds <= 3600


async def test_an_id_speaks_of_whoever_used_it_first(
    own_redis: OwnRedis, listening: Callable[..., Listener]
) -> None:
    ana, ben = await ask(make_user), await ask(make_user)
    program = listening("job_progress:nightly")

    await report(ana, "nightly", 0.25)
    await report(ben, "nightly", 0.9)
    await report(ana, "nightly", 0.5)

    heard = await program.hear(3)
    assert [said["progress"] for _, said in heard] == [0, 0.25, 0.5]
    assert (await kept(own_redis, "nightly", progress=0.5))[0]["job_id"] == "nightly"


async def test_progress_of_a_media_is_told_by_nobody_but_its_owner(
    own_redis: OwnRedis, listening: Callable[..., Listener]
) -> None:
    run, eve = await ask(make_run), await ask(make_user)
    program = listening("media:progress", f"user:{eve.pk}")

    await report(eve, str(run.media_id), 0.9)
    await report(await ask(lambda: run.owner), str(run.media_id), 0.25)
    heard = await program.hear(4)

    told = [said["user_id"] for channel, said in heard if channel == "media:progress"]
    assert told == [str(run.owner_id)] * 2


async def test_a_run_is_told_in_both_dialects(
    own_redis: OwnRedis, listening: Callable[..., Listener]
) -> None:
    run = await queued_run()
    await kept(own_redis, str(run.pk), stage="queued")
    program = listening(f"job_progress:{run.pk}", f"analysis:{run.pk}")

    await tell(run, progress(50), succeeded())
    heard = await program.hear(5)
    state, _ = await kept(own_redis, str(run.pk), status="completed")

    jobs = [said for name, said in heard if name.startswith("job_progress")]
    analysis = [said["type"] for name, said in heard if name.startswith("analysis")]
    assert [said["progress"] for said in jobs] == [0.5, 1]
    assert analysis == ["status_update", "status_update", "result_update"]
    assert state["result"]["run"] == str(run.pk)
