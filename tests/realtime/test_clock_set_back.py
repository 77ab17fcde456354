"""A writer's clock is set back between two events: numbers, not times, say what came after what."""

from datetime import UTC, datetime, timedelta, tzinfo

import pytest

from realtime import envelope, log
from realtime.readers import ask
from tests.factories import make_run
from tests.product import Server
from tests.realtime.conftest import Watch, append, progress
from tests.realtime.test_user_socket import until

pytestmark = pytest.mark.django_db(transaction=True)


class SetBack(datetime):
    """A clock that is a day late."""

    @classmethod
    def now(cls, tz: tzinfo | None = None) -> "SetBack":
        return cls.fromtimestamp((datetime.now(UTC) - timedelta(days=1)).timestamp(), tz)


async def test_every_watcher_sees_all_events_in_their_order(
    server: Server, watch: Watch, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = await ask(make_run)
    topic = await watch(server, f"/ws/topics/{run.topic_id}/", run.owner)
    user = await watch(server, "/ws/user/", run.owner)
    await user.frame("snapshot")

    await append(run.topic_id, progress(1))
    monkeypatch.setattr(envelope, "datetime", SetBack)
    await append(run.topic_id, progress(2), progress(3))
    late = await watch(server, f"/ws/topics/{run.topic_id}/?after=1", run.owner)

    assert await topic.see(until=3) == [1, 2, 3]
    assert await late.see(until=3) == [2, 3]
    assert [seq for _, seq in await until(user, 3)] == [1, 2, 3]
    times = [frame["time"] for frame in topic.frames if "specversion" in frame]
    assert times[1] < times[0]
    assert (await ask(log.verify, run.topic_id)).ok
