"""A connection may be cut at any point; whoever comes back with the cursor sees the same history."""

import asyncio
import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from websockets.asyncio.client import connect

from accounts import tokens
from analysis.live_state import EMPTY, fold
from analysis.models import Run
from realtime import log
from realtime.readers import ask
from tests.factories import make_run
from tests.product import Server
from tests.realtime.conftest import append, progress, stage

pytestmark = pytest.mark.django_db(transaction=True)
EVENTS = 40


async def write(run: Run) -> None:
    for done in range(0, EVENTS, 2):
        await append(run.topic_id, progress(done), stage())


async def watch_with_cuts(server: Server, run: Run, cuts: list[int]) -> list[dict[str, object]]:
    """Reads `cuts[i]` frames, drops the connection without a word, comes back; reads to the end at last."""
    headers = {"Authorization": f"Bearer {(await ask(tokens.start_family, run.owner)).access}"}
    seen: list[dict[str, object]] = []
    for frames in [*cuts, None]:
        after = seen[-1]["seq"] if seen else 0
        url = f"{server.ws_url}/ws/topics/{run.topic_id}/?after={after}"
        socket = await connect(url, additional_headers=headers, compression=None)
        read = 0
        while (frames is None or read < frames) and not (seen and seen[-1]["seq"] == EVENTS):
            frame = json.loads(await asyncio.wait_for(socket.recv(), 10))
            read += 1
            if "specversion" in frame:
                seen.append(frame)
        socket.transport.abort()
    return seen


@settings(
    max_examples=12,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(cuts=st.lists(st.integers(0, 12), max_size=6))
def test_the_same_history_however_it_is_cut(
    server: Server, cuts: list[int], event_loop_runner: asyncio.Runner
) -> None:
    async def scenario() -> tuple[list[dict[str, object]], list[dict[str, object]]]:
        run = await ask(make_run)
        writing = asyncio.create_task(write(run))
        seen = await watch_with_cuts(server, run, cuts)
        await writing
        return seen, [json.loads(line.body) for line in await ask(log.read, run.topic_id)]

    seen, history = event_loop_runner.run(scenario())

    assert seen == history
    assert fold(EMPTY, seen) == fold(EMPTY, history)


@pytest.fixture(scope="module")
def event_loop_runner() -> asyncio.Runner:
    """Hypothesis drives synchronous tests; one loop serves all its examples."""
    return asyncio.Runner()
