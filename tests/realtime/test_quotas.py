"""What one user may have open: counted exactly, given back when it is closed, nobody else's business."""

from collections.abc import Callable
from uuid import uuid4

import pytest

from analysis import queue
from realtime import jobs
from realtime.quotas import WINDOW_SECONDS, Quotas
from realtime.readers import ask
from tests.factories import make_media, make_run
from tests.product import Server
from tests.realtime.conftest import Watch

pytestmark = pytest.mark.django_db(transaction=True)


async def test_one_topic_too_many_is_refused_until_one_is_left(
    start_server: Callable[..., Server], watch: Watch
) -> None:
    server = start_server(ASSAY_TOPICS_PER_USER="2")
    media = await ask(make_media)
    first, second, third = [(await ask(make_run, media=media)).topic_id for _ in range(3)]
    sockets = [await watch(server, f"/ws/topics/{topic}/", media.owner) for topic in (first, first, second)]
    for socket in sockets:
        await socket.frame("caught_up")

    refused = await watch(server, f"/ws/topics/{third}/", media.owner)
    error = await refused.frame("error")
    await sockets[2].socket.close()
    again = await watch(server, f"/ws/topics/{third}/", media.owner)

    assert error["code"] == "too_many"
    assert (await again.frame("caught_up"))["head"] == 0


@pytest.mark.parametrize("address", ["/ws/analysis/{run}/", "/ws/jobs/{run}/"])
async def test_a_dialect_counts_as_a_watcher_of_its_topic(
    start_server: Callable[..., Server], watch: Watch, address: str
) -> None:
    server = start_server(ASSAY_TOPICS_PER_USER="1")
    media = await ask(make_media)
    first, second = [await ask(queue.enqueue, media, owner=media.owner) for _ in range(2)]
    watching = await watch(server, address.format(run=first.pk), media.owner)
    also = await watch(server, f"/ws/topics/{first.topic_id}/", media.owner)
    await watching.read()
    await also.frame("caught_up")

    refused = await watch(server, address.format(run=second.pk), media.owner)
    error = await refused.frame("error")

    assert error["code"] == "too_many"


async def test_a_job_that_appears_for_a_socket_counts_too(
    start_server: Callable[..., Server], watch: Watch
) -> None:
    server = start_server(ASSAY_TOPICS_PER_USER="1")
    run = await ask(make_run)
    waiting = await watch(server, "/ws/jobs/later/", run.owner)
    await waiting.frame("connected")
    watching = await watch(server, f"/ws/topics/{run.topic_id}/", run.owner)
    await watching.frame("caught_up")

    await ask(jobs.report, run.owner, "later", jobs.Report("begun", 0.1, "Begun.", None))
    error = await waiting.frame("error")

    assert error["code"] == "too_many"


async def test_frames_of_all_sockets_of_a_user_count_together(
    start_server: Callable[..., Server], watch: Watch
) -> None:
    server = start_server(ASSAY_FRAMES_PER_SECOND="10")
    mine, others = await ask(make_run), await ask(make_run)
    first, second = [await watch(server, f"/ws/topics/{mine.topic_id}/", mine.owner) for _ in range(2)]
    other = await watch(server, f"/ws/topics/{others.topic_id}/", others.owner)

    for _ in range(30):
        await first.say(type="ping")
        await second.say(type="ping")
    error = await second.frame("error")
    await other.say(type="ping")

    assert error["code"] == "too_many"
    assert await other.frame("pong")


def test_frames_are_allowed_again_in_the_next_window(settings: object) -> None:
    settings.ASSAY_FRAMES_PER_SECOND = 1  # type: ignore[attr-defined]  # pytest-django's
    quotas, user = Quotas(), uuid4()

    first = [quotas.take_frame(user, 100.0) for _ in range(6)]
    later = quotas.take_frame(user, 100.1 + WINDOW_SECONDS)

    assert first == [True] * 5 + [False]
    assert later


def test_nothing_is_remembered_of_who_has_left() -> None:
    quotas, user, topic = Quotas(), uuid4(), uuid4()
    quotas.take_socket(user)
    quotas.take_topic(user, topic)

    quotas.give_topic(user, topic)
    quotas.give_socket(user)

    assert (dict(quotas.sockets), quotas._topics) == ({}, {})
