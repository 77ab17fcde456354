"""Topics that moved are found without reading all a user ever had, and without making appends dear."""

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.db.models import F
from django.utils import timezone

from analysis.models import Run
from realtime import log, topics
from realtime.models import Event, Topic
from realtime.readers import ask
from tests.factories import make_run, make_user
from tests.product import Server
from tests.realtime.conftest import Watch, append, progress
from tests.realtime.test_lost_messages import losing
from tests.realtime.test_user_socket import until

__all__ = ["losing"]
HOUR = timedelta(hours=1)


def quiet_run(*, lines: int = 3) -> Run:
    """A run of which nothing has happened for an hour."""
    run = make_run()
    log.append(run.topic_id, [progress(done) for done in range(lines)])
    hour_ago = timezone.now() - HOUR
    Topic.objects.filter(pk=run.topic_id).update(touched=hour_ago, touched_minute=hour_ago)
    Event.objects.filter(topic_id=run.topic_id).update(time=F("time") - HOUR)
    return run


def read_rows(plan: dict[str, Any]) -> int:
    """How many rows of topics were looked at, for nothing too."""
    own = (plan["Actual Rows"] + plan.get("Rows Removed by Filter", 0)) * plan["Actual Loops"]
    mine = own if plan.get("Relation Name") == "realtime_topic" else 0
    return int(mine) + sum(read_rows(part) for part in plan.get("Plans", []))


@pytest.mark.django_db
def test_only_what_moved_is_read(django_assert_num_queries: Any) -> None:
    user = make_user()
    hour_ago = timezone.now() - HOUR
    old = {"kind": "media_run", "owner": user, "touched": hour_ago, "touched_minute": hour_ago}
    Topic.objects.bulk_create(Topic(**old) for _ in range(3000))
    moved = make_run(owner=user)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE realtime_topic")

    with django_assert_num_queries(2) as asked:
        found = topics.moved([], [user.pk]), topics.heads_of(user.pk)
    plans = [json.loads(explained(query["sql"])) for query in asked.captured_queries]

    assert found == ([(moved.topic_id, "media_run", user.pk, 0)], {moved.topic_id: ("media_run", 0)})
    assert [read_rows(plan[0]["Plan"]) for plan in plans] == [1, 1]


def explained(sql: str) -> str:
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN (ANALYZE, FORMAT JSON) {sql}")
        return json.dumps(cursor.fetchone()[0])


@pytest.mark.django_db
def test_appends_to_a_topic_update_no_index() -> None:
    topic = make_run().topic_id
    for done in range(20):
        log.append(topic, [progress(done)])

    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_stat_get_xact_tuples_hot_updated('realtime_topic'::regclass)")
        (hot,) = cursor.fetchone()

    assert hot >= 19  # all, unless a minute ended meanwhile


@pytest.mark.parametrize("lost", [False, True], ids=["announced", "found by the poll"])
@pytest.mark.django_db(transaction=True)
async def test_a_quiet_topic_that_moves_again_is_told_of_from_there(
    server: Server, watch: Watch, losing: Callable[..., None], *, lost: bool
) -> None:
    run = await ask(quiet_run)
    watcher = await watch(server, "/ws/user/", run.owner)
    await watcher.frame("snapshot")
    losing(lambda _: lost)

    await append(run.topic_id, progress(3), progress(4))
    await append(run.topic_id, progress(5))

    assert [seq for _, seq in await until(watcher, 6)] == [4, 5, 6]


@pytest.mark.django_db(transaction=True)
async def test_a_quiet_topic_longer_than_a_page_is_resumed_as_a_whole(server: Server, watch: Watch) -> None:
    run = await ask(quiet_run, lines=600)
    watcher = await watch(server, "/ws/user/", run.owner)
    await watcher.frame("snapshot")

    await watcher.say(type="resume", **{str(run.topic_id): 0})
    resumed = await watcher.frame("resumed")
    await append(run.topic_id, progress(600))

    assert resumed["head"] == 600
    assert [seq for _, seq in await until(watcher, 601)] == list(range(1, 602))


@pytest.mark.django_db(transaction=True)
async def test_heartbeats_name_quiet_topics_and_those_that_moved(server: Server, watch: Watch) -> None:
    run = await ask(quiet_run)
    watcher = await watch(server, "/ws/user/", run.owner)
    await watcher.frame("snapshot")
    other = await ask(make_run, owner=run.owner)
    await append(other.topic_id, progress(1))

    heartbeat = await watcher.frame("heartbeat", limit=20)

    assert heartbeat["heads"] == {str(run.topic_id): 3, str(other.topic_id): 1}
