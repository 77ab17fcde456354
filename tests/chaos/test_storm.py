"""Whatever is killed on the way: every client ends with exactly the history that is in the database."""

from collections.abc import Callable

import pytest
from django.db import connection

from accounts.credentials import issue_api_key
from accounts.models import User
from config.engines.postgres import with_database
from realtime import log
from realtime.models import Topic
from realtime.readers import ask
from tests.chaos.storm import Client, Follower, Storm, raging
from tests.factories import make_run, make_user
from tests.product import Server
from tests.realtime.own_redis import OwnRedis

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(180)]


def prepared() -> tuple[User, str, list[Topic]]:
    ana = make_user()
    return ana, issue_api_key(ana)[1], [make_run(owner=ana).topic for _ in range(4)]


@pytest.mark.parametrize("seed", [1, 2])
async def test_every_client_ends_with_the_whole_history(
    seed: int, start_server: Callable[..., Server], own_redis: OwnRedis, settings: object
) -> None:
    server = start_server(REDIS_URL=own_redis.url)
    _, key, topics = await ask(prepared)
    clients = [Client(server, topics[at % 4].pk, key) for at in range(16)]
    database = with_database(settings.ENV.database_url, str(connection.settings_dict["NAME"]))  # type: ignore[attr-defined]
    follower = Follower(own_redis)
    storm = Storm(
        seed=seed,
        seconds=10,
        rate=100,
        topics=[topic.pk for topic in topics],
        clients=clients,
        server=server,
        redis=own_redis,
        database=database,
    )

    heads = await raging(storm, follower, limit=60)

    assert all(client.seqs == list(range(1, heads[client.topic] + 1)) for client in clients), storm.suffered
    assert [follower.first_seen(topic) for topic in heads] == [
        list(range(1, head + 1)) for head in heads.values()
    ]
    assert [(await ask(log.verify, topic)).ok for topic in heads] == [True] * 4
    assert sum(heads.values()) >= storm.written > 200
