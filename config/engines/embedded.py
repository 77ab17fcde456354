"""The engines one installation needs: those the environment does not name are started here."""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from config.engines import postgres, redis
from config.engines.paths import Sockets, own_folder, record_sockets, socket_folder
from config.engines.placement import place
from config.engines.processes import Pause, Record

Starter = Callable[[Pause], Record]


@dataclass(frozen=True)
class Engines:
    """How to start each embedded engine, by name, in order; and the addresses they then have."""

    starters: Mapping[str, Starter]
    urls: Mapping[str, str] = field(default_factory=dict)


def plan_engines(
    home: Path, *, with_postgres: bool, with_redis: bool, redis_port: int | None = None, durable: bool = True
) -> Engines:
    """Prepares folders and tells what to start; raises EngineFailed, NotInstalled, UnsafeFolder."""
    own = own_folder(socket_folder(home, uid=os.getuid()), uid=os.getuid())
    starters: dict[str, Starter] = {}
    urls: dict[str, str] = {}
    sockets = Sockets(postgres=own, redis=own)
    if with_postgres:
        placement = place(home)
        sockets = Sockets(postgres=placement.sockets, redis=own)
        starters[postgres.NAME] = postgres.Postgres(home, placement, durable=durable).start
        urls["DATABASE_URL"] = postgres.address(home, placement.sockets)
    if with_redis:
        starters[redis.NAME] = redis.Redis(home, own, redis_port).start
        urls["REDIS_URL"] = redis.address(home, own)
    record_sockets(home, sockets)
    return Engines(starters, urls)
