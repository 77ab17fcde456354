from collections.abc import Callable

import pytest
import redis

from config.secrets import kept_secret
from tests.installation import Installation
from tests.product import free_port


def test_redis_listens_for_outside_programs_when_asked_and_only_with_the_password(
    make_installation: Callable[..., Installation],
) -> None:
    port = free_port()
    installation = make_installation(ASSAY_REDIS_PORT=str(port))
    installation.start()
    password = kept_secret(installation.home, "redis")

    with redis.Redis.from_url(f"redis://:{password}@127.0.0.1:{port}/0") as outside:
        assert outside.ping()

    with redis.Redis(port=port) as stranger, pytest.raises(redis.AuthenticationError):
        stranger.ping()
