"""The storm of tests/chaos, long: everything between a line and who reads it is killed at random.

    python bench/chaos.py [--minutes 10] [--seed 1] [--rate 200] [--clients 50] [--no-worker]

Redis, the web server, database connections, the clients' network and a worker that sends webhooks are cut down
every 0.3 to 1.2 s while two writers append to each of ten topics. At the end everything runs again, and is held
against the database: what every client saw, the stream, and the webhook; and every chain is verified. Exits with 1
if anybody saw anything else.
"""

import argparse
import asyncio
import os
import sys
import tempfile
import time
from ipaddress import ip_network
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from bench import figures
from bench.installation import installation

TOPICS = 10
SETTLE_SECONDS = 300.0
STALLED_SECONDS = 60.0
HERE = "127.0.0.0/8"


def first_seen(ids: list[str], topic: Any) -> list[int]:
    """The seqs of a topic in the order a receiver first met them; webhook ids are <topic>/<seq>."""
    return list(dict.fromkeys(int(one.rpartition("/")[2]) for one in ids if one.startswith(f"{topic}/")))


async def quiet(receiver: Any) -> None:
    """Waits until no webhook has come for a while: how far it is behind after a storm is no fault."""
    count, since = -1, time.monotonic()
    while time.monotonic() - since < STALLED_SECONDS:
        if len(receiver.ids()) != count:
            count, since = len(receiver.ids()), time.monotonic()
        await asyncio.sleep(1)


async def measure(place: Any, options: argparse.Namespace, folder: Path) -> dict[str, Any]:
    from django.conf import settings

    from accounts.credentials import issue_api_key
    from realtime import log
    from realtime.readers import ask
    from realtime.webhooks import keeping
    from tests.chaos.storm import Client, Follower, Storm, raging
    from tests.factories import make_run, make_user
    from tests.product import make_server, make_worker
    from tests.realtime.own_redis import OwnRedis
    from tests.realtime.webhooks.conftest import Receiver

    redis = OwnRedis(folder)
    redis.start()
    settings.REDIS_URL = redis.url
    layers: Any = settings.CHANNEL_LAYERS
    layers["default"]["CONFIG"]["hosts"] = [redis.url]
    settings.WEBHOOK_NETWORKS = [ip_network(HERE)]
    env = {**place.env, "REDIS_URL": redis.url, "ASSAY_WEBHOOK_NETWORKS": HERE}
    server = make_server(env, folder)
    await asyncio.to_thread(server.start)
    owner = await ask(make_user)
    topics = [(await ask(make_run, owner=owner, state="succeeded")).topic_id for _ in range(TOPICS)]
    key = (await ask(issue_api_key, owner))[1]
    receiver, worker = Receiver(), None
    if not options.no_worker:
        await ask(keeping.create, owner, receiver.url())
        worker = make_worker(env, folder, "--device", "cpu")
        worker.start()
    clients = [Client(server, topics[at % TOPICS], key) for at in range(options.clients)]
    storm = Storm(
        seed=options.seed,
        seconds=60 * options.minutes,
        rate=options.rate,
        topics=topics,
        clients=clients,
        server=server,
        redis=redis,
        database=os.environ["DATABASE_URL"],
        worker=worker,
    )
    follower = Follower(redis)
    try:
        heads = await raging(storm, follower, limit=SETTLE_SECONDS)
        wanted = {topic: list(range(1, head + 1)) for topic, head in heads.items()}
        if worker:
            await quiet(receiver)
        broken = [topic for topic in topics if not (await ask(log.verify, topic)).ok]
        return {
            "events": sum(heads.values()),
            "deaths": {what: storm.suffered.count(what) for what in sorted(set(storm.suffered))},
            "reconnections": sum(client.cuts for client in clients),
            "clients": len(clients),
            "clients_with_another_history": sum(one.seqs != wanted[one.topic] for one in clients),
            "topics_wrong_in_the_stream": sum(follower.first_seen(one) != wanted[one] for one in topics),
            "topics_wrong_at_the_webhook": sum(
                first_seen(receiver.ids(), one) != wanted[one] for one in topics
            )
            if worker
            else None,
            "webhook_requests": len(receiver.ids()),
            "broken_chains": len(broken),
        }
    finally:
        for program in (worker, server):
            if program is not None:
                program.stop()
        redis.stop()
        receiver.close()


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--rate", type=float, default=200.0)
    parser.add_argument("--clients", type=int, default=50)
    parser.add_argument("--no-worker", action="store_true")
    options = parser.parse_args()
    before = figures.machine()
    with installation() as place, tempfile.TemporaryDirectory() as folder:
        found = asyncio.run(measure(place, options, Path(folder)))
    wrong = ("clients_with_another_history", "topics_wrong_in_the_stream", "topics_wrong_at_the_webhook")
    reached = {name: not found[name] for name in (*wrong, "broken_chains")}
    figures.report("chaos", before, found, reached)
    sys.exit(0 if all(reached.values()) else 1)


if __name__ == "__main__":
    main()
