"""A program that follows a run sees every event once, in order, whatever happens to the connection."""

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
from assay_client import AsyncClient, Client, Event, NotAuthenticated, NotFound, NotRecovered, Thinned

from accounts import tokens
from accounts.models import Credential, User
from analysis.models import Run
from realtime.envelope import Draft
from realtime.models import Event as Row
from realtime.readers import ask
from tests.clients.relay import Relay
from tests.factories import make_run, make_user
from tests.pages.conftest import leased_run
from tests.product import Server
from tests.realtime.conftest import append, progress, stage
from tests.waiting import eventually

pytestmark = pytest.mark.django_db(transaction=True)
MakeClient = Callable[..., AsyncClient]


@pytest.fixture
async def run(user: User) -> Run:
    return await ask(leased_run, owner=user)


def ended(run: Run, kind: str = "run.succeeded") -> Draft:
    return Draft(kind, "It ended.", {"run": str(run.id), "attempt": 1}, ending=True)


class Seen:
    """Follows in the background and keeps what it was given."""

    def __init__(self, events: AsyncIterator[Event]) -> None:
        self.events: list[Event] = []
        self.task = asyncio.create_task(self._read(events))

    async def _read(self, events: AsyncIterator[Event]) -> None:
        async for event in events:
            self.events.append(event)

    @property
    def seqs(self) -> list[int]:
        return [event.seq for event in self.events]

    async def until(self, seq: int) -> None:
        await eventually(
            lambda: seq in self.seqs or self.task.done(), limit=20, what=f"event {seq}; seen: {self.seqs}"
        )
        assert seq in self.seqs, (self.task.exception(), self.seqs)

    async def end(self) -> list[int]:
        await asyncio.wait_for(self.task, 30)
        return self.seqs


async def test_it_gives_what_was_there_then_what_comes_and_ends_with_the_run(
    server: Server, client: MakeClient, run: Run
) -> None:
    await append(run.topic_id, stage(), progress(1))
    seen = Seen(client(server.url).follow(run.id))
    await seen.until(2)

    lines = await append(run.topic_id, progress(2), ended(run))

    assert await seen.end() == [1, 2, 3, 4]
    last = seen.events[-1]
    assert (last.type, last.message, last.topic) == ("run.succeeded", "It ended.", str(run.topic_id))
    assert last.data == {"run": str(run.id), "attempt": 1, "last_seq": 4}
    assert last.text == lines[-1].body
    assert last.time.tzinfo is not None


async def test_it_goes_on_after_the_seq_it_is_given(server: Server, client: MakeClient, run: Run) -> None:
    await append(run.topic_id, *[progress(done) for done in range(5)], ended(run))
    third = await ask(Row.objects.get, topic=run.topic_id, seq=3)

    seen = Seen(client(server.url).follow(run.topic_id, after=3, after_hash=bytes(third.hash).hex()))

    assert await seen.end() == [4, 5, 6]


@pytest.mark.parametrize("blocked", [False, True], ids=["socket", "polling"])
async def test_who_has_seen_the_ending_is_not_kept_waiting(
    relay: Relay, client: MakeClient, run: Run, blocked: bool
) -> None:
    relay.refuse_sockets = blocked
    await append(run.topic_id, stage(), ended(run))

    seen = Seen(client(relay.url).follow(run.id, after=2))

    assert await seen.end() == []


@pytest.mark.parametrize("blocked", [False, True], ids=["socket", "polling"])
@pytest.mark.parametrize(("after", "seqs"), [(0, [1, 2, 3, 4]), (3, [4]), (4, [])])
async def test_lines_behind_the_ending_are_read_and_it_ends(
    relay: Relay, client: MakeClient, run: Run, blocked: bool, after: int, seqs: list[int]
) -> None:
    relay.refuse_sockets = blocked
    plate = Draft("plate.read", "AB12 CDE", {"plate": "AB12 CDE"})
    await append(run.topic_id, stage(), ended(run), plate, plate)

    seen = Seen(client(relay.url).follow(run.topic_id, after=after))

    assert await seen.end() == seqs


@pytest.mark.parametrize("kind", ["run.retried", "job.reported"])
async def test_a_log_that_goes_on_is_waited_for(
    server: Server, client: MakeClient, run: Run, kind: str
) -> None:
    await append(run.topic_id, stage(), ended(run), Draft(kind, "Once more.", {"run": str(run.id)}))
    seen = Seen(client(server.url).follow(run.id))
    await seen.until(3)

    await append(run.topic_id, ended(run))

    assert await seen.end() == [1, 2, 3, 4]


async def test_a_run_that_was_tried_again_ends_with_its_last_ending(
    server: Server, client: MakeClient, run: Run
) -> None:
    again = Draft("run.retried", "Once more.", {"run": str(run.id), "attempt": 2, "reason": "asked"})
    await append(run.topic_id, stage(), ended(run, "run.failed"), again, stage(), ended(run))

    seen = Seen(client(server.url).follow(run.id))

    assert await seen.end() == [1, 2, 3, 4, 5]


async def test_a_server_that_is_killed_and_comes_back_costs_nothing(
    start_server: Callable[..., Server], client: MakeClient, run: Run
) -> None:
    server = start_server()
    await append(run.topic_id, stage(), progress(1))
    seen = Seen(client(server.url).follow(run.id))
    await seen.until(2)

    server.kill()
    await append(run.topic_id, progress(2), progress(3))
    await asyncio.to_thread(server.start)
    await seen.until(4)
    await append(run.topic_id, ended(run))

    assert await seen.end() == [1, 2, 3, 4, 5]


async def test_connections_that_are_cut_cost_nothing(relay: Relay, client: MakeClient, run: Run) -> None:
    seen = Seen(client(relay.url).follow(run.id))

    for done in range(4):
        await append(run.topic_id, progress(done), stage())
        await seen.until(2 * done + 2)
        relay.cut()
    await append(run.topic_id, ended(run))

    assert await seen.end() == list(range(1, 10))
    assert relay.sockets >= 4


async def test_where_sockets_are_blocked_it_asks_instead(relay: Relay, client: MakeClient, run: Run) -> None:
    relay.refuse_sockets = True
    await append(run.topic_id, *[progress(done) for done in range(1100)])
    seen = Seen(client(relay.url).follow(run.id))
    await seen.until(1100)

    await append(run.topic_id, stage(), ended(run))

    assert await seen.end() == list(range(1, 1103))
    assert relay.sockets == 2


async def test_without_an_event_loop_it_is_the_same(server: Server, key: str, run: Run) -> None:
    await append(run.topic_id, stage(), progress(1), ended(run))

    def program() -> list[int]:
        with Client(server.url, key, trust_env=False) as assay:
            return [event.seq for event in assay.follow(run.id)]

    assert await asyncio.to_thread(program) == [1, 2, 3]


async def test_a_loop_may_be_left_in_the_middle(server: Server, key: str, run: Run) -> None:
    await append(run.topic_id, stage(), progress(1))

    def program() -> int:
        with Client(server.url, key, trust_env=False) as assay:
            return next(iter(assay.follow(run.id))).seq

    assert await asyncio.wait_for(asyncio.to_thread(program), 10) == 1


async def test_a_cursor_of_another_history_is_said_so(server: Server, client: MakeClient, run: Run) -> None:
    await append(run.topic_id, stage(), stage())

    seen = Seen(client(server.url).follow(run.id, after=9))

    with pytest.raises(NotRecovered) as refused:
        await seen.end()
    assert (refused.value.after, refused.value.head) == (9, 2)


@pytest.mark.parametrize("blocked", [False, True], ids=["socket", "polling"])
async def test_lines_that_were_emptied_are_named_and_the_rest_still_hangs_together(
    relay: Relay, client: MakeClient, run: Run, blocked: bool
) -> None:
    relay.refuse_sockets = blocked
    await append(run.topic_id, stage(), progress(1), progress(2), stage(), ended(run))
    emptied = Row.objects.filter(topic=run.topic_id, seq__in=[2, 3])
    await ask(emptied.update, body="", data=None, message="", subject="")
    gaps: list[Thinned] = []

    seen = Seen(client(relay.url).follow(run.id, on_thinned=gaps.append))

    assert await seen.end() == [1, 4, 5]
    assert gaps == [Thinned(2, 3)]


async def test_an_emptied_ending_ends_it_too(server: Server, client: MakeClient, run: Run) -> None:
    await append(run.topic_id, stage(), ended(run))
    await ask(Row.objects.filter(topic=run.topic_id).update, body="", data=None, message="", subject="")
    await ask(Run.objects.filter(pk=run.pk).update, state="succeeded")

    seen = Seen(client(server.url).follow(run.id))

    assert await seen.end() == []


async def test_a_foreign_run_and_a_missing_one_look_alike(server: Server, client: MakeClient) -> None:
    foreign = await ask(make_run, owner=await ask(make_user))
    missing = "11111111-2222-4333-8444-555555555555"
    said: list[Any] = []

    for asked in (foreign.id, foreign.topic_id, missing):
        with pytest.raises(NotFound) as refused:
            await Seen(client(server.url).follow(asked)).end()
        said.append(refused.value.code)

    assert said == ["not_found"] * 3


async def test_a_credential_that_ends_meanwhile_ends_it(
    server: Server, client: MakeClient, user: User, run: Run
) -> None:
    await append(run.topic_id, stage())
    seen = Seen(client(server.url).follow(run.id))
    await seen.until(1)

    await ask(Credential.objects.filter(user=user).delete)

    with pytest.raises(NotAuthenticated):
        await seen.end()


async def test_a_program_that_renews_its_token_is_not_ended(
    relay: Relay, client: MakeClient, user: User, run: Run
) -> None:
    first, second = [await ask(tokens.start_family, user) for _ in range(2)]
    current = [first.access]
    await append(run.topic_id, stage())
    seen = Seen(client(relay.url, lambda: current[0]).follow(run.id))
    await seen.until(1)

    current[0] = second.access
    await ask(tokens.end_family, first.refresh)
    await eventually(lambda: relay.sockets == 2, what="a second socket")
    await append(run.topic_id, ended(run))

    assert await seen.end() == [1, 2]
