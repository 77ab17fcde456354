"""The fixtures of realtime, for tests that break things on the way."""

from tests.realtime.conftest import _shared_server, own_redis, server, server_on_own_redis, watch

__all__ = ["_shared_server", "own_redis", "server", "server_on_own_redis", "watch"]
