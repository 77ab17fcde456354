"""A client that names its files itself finds them again by its own names."""

from collections.abc import Callable
from typing import Any

import pytest

from realtime.log import Draft
from realtime.readers import ask
from tests.factories import make_media, make_run
from tests.product import Server
from tests.realtime.conftest import Watch, append, progress
from tests.realtime.own_redis import OwnRedis
from tests.realtime.programs import Listener

pytestmark = pytest.mark.django_db(transaction=True)


def failed(run: Any) -> Draft:
    data = {"run": str(run.pk), "attempt": 1, "code": "reader_lost", "error": "Lost.", "filename": "a.mp4"}
    return Draft("run.failed", "The reader died.", data, ending=True)


async def test_media_progress_speaks_of_the_file_as_its_client_does(
    own_redis: OwnRedis, listening: Callable[..., Listener]
) -> None:
    media = await ask(make_media, external_id="m" * 200)
    run = await ask(make_run, media=media)
    program = listening("media:progress")

    await append(run.topic_id, progress(7))

    [(_, said)] = await program.hear(1)
    assert (said["media_id"], said["media"]) == ("m" * 200, str(media.pk))


async def test_without_such_a_name_it_speaks_of_the_file_as_we_do(
    own_redis: OwnRedis, listening: Callable[..., Listener]
) -> None:
    run = await ask(make_run)
    program = listening("media:progress")

    await append(run.topic_id, progress(7))

    [(_, said)] = await program.hear(1)
    assert (said["media_id"], said["media"]) == (str(run.media_id), str(run.media_id))


async def test_the_sockets_of_a_user_say_it_beside_our_id(server: Server, watch: Watch) -> None:
    media = await ask(make_media, external_id="m-17")
    run = await ask(make_run, media=media)
    watcher = await watch(server, "/ws/user/", run.owner)

    snapshot = await watcher.frame("snapshot")
    await append(run.topic_id, progress(7), failed(run))
    told = [await watcher.frame(name) for name in ("progress_update", "processing_error")]
    update = await watcher.frame("media_update")

    assert snapshot["media"][0]["external_id"] == "m-17"
    assert [(said["mediaId"], said["external_id"]) for said in told] == [(str(media.pk), "m-17")] * 2
    assert update["media"]["external_id"] == "m-17"


async def test_progress_of_a_file_without_such_a_name_mentions_none(server: Server, watch: Watch) -> None:
    run = await ask(make_run)
    watcher = await watch(server, "/ws/user/", run.owner)
    await watcher.frame("snapshot")

    await append(run.topic_id, progress(7))

    assert "external_id" not in await watcher.frame("progress_update")
