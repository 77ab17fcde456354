"""What was changed on its way, or left out, is noticed."""

import hashlib
import json
from collections.abc import Callable
from uuid import UUID

import pytest
import rfc8785
from assay_client import AsyncClient, BadAnswer, ChainBroken
from assay_client.chain import Chain
from assay_client.events import Event, Thinned, read

from accounts.models import User
from realtime import log
from realtime.envelope import GENESIS, Draft, prepare, seal
from realtime.models import Job
from realtime.readers import ask
from tests.clients.relay import Relay
from tests.realtime.conftest import append, stage

MakeClient = Callable[..., AsyncClient]
TOPIC = "6f1ed002-ab00-4f1b-8d3a-0e8f4e5a6b7c"
# Data that looks like what is left out of the digest, and numbers that would be written otherwise again.
AWKWARD = {
    "hash": "0" * 64,
    "prev": "1" * 64,
    "nested": {"datacontenttype": "application/json", "hash": '","hash":"', "prev": None},
    "numbers": [1e300, 5e-324, 0.1, -0.0, 1e21, 333333333.33333329],
    "text": 'quote " backslash \\ \u2028 é 😀 \x01',
}


def chained(*drafts: Draft) -> list[Event]:
    """Events as the log would write them."""
    events, prev = [], GENESIS
    for seq, draft in enumerate(drafts, start=1):
        sealed = seal(prepare(draft), topic=UUID(TOPIC), seq=seq, prev=prev)
        events.append(read(sealed.body))
        prev = sealed.hash
    return events


def lines(count: int) -> list[Event]:
    return chained(*[Draft("job.reported", f"{n}", AWKWARD) for n in range(count)])


def test_the_digest_is_that_of_the_canonical_text() -> None:
    event = lines(1)[0]

    bare = {name: value for name, value in json.loads(event.text).items() if name not in ("prev", "hash")}

    assert event.digest == hashlib.sha256(rfc8785.dumps(bare)).digest()
    assert event.data["text"] == AWKWARD["text"]


def test_an_unbroken_log_is_taken_line_by_line() -> None:
    chain = Chain(TOPIC, after=0)

    taken = [chain.take(event) for event in lines(5)]

    assert taken == [True] * 5
    assert chain.cursor == 5


def test_a_line_that_comes_twice_is_taken_once() -> None:
    chain = Chain(TOPIC, after=0)
    first, second = lines(2)

    assert [chain.take(event) for event in (first, second, first, second)] == [True, True, False, False]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('"message":"2"', '"message":"3"'),
        ('"type":"job.reported"', '"type":"job.succeeded"'),
        ("0.1,", "0.2,"),
        ('"time":"2', '"time":"3'),
    ],
)
def test_a_changed_line_is_named(old: str, new: str) -> None:
    chain, events = Chain(TOPIC, after=0), lines(4)
    assert chain.take(events[0]) and chain.take(events[1])

    with pytest.raises(ChainBroken) as broken:
        chain.take(read(events[2].text.replace(old, new)))

    assert (broken.value.topic, broken.value.seq) == (TOPIC, 3)


def test_a_line_rewritten_with_its_hash_is_noticed_by_the_next() -> None:
    chain, events = Chain(TOPIC, after=0), lines(3)
    forged = chained(Draft("job.reported", "forged"))[0]
    assert chain.take(forged)

    with pytest.raises(ChainBroken) as broken:
        chain.take(events[1])

    assert broken.value.seq == 2


def test_a_missing_line_is_noticed_even_without_verifying() -> None:
    chain, events = Chain(TOPIC, after=0, verify=False), lines(3)
    assert chain.take(events[0])

    with pytest.raises(ChainBroken) as broken:
        chain.take(events[2])

    assert broken.value.seq == 2


def test_who_comes_back_with_a_hash_notices_another_past() -> None:
    events = lines(3)
    honest = Chain(TOPIC, after=2, after_hash=events[1].hash)
    other = Chain(TOPIC, after=2, after_hash="a" * 64)

    assert honest.take(events[2])
    with pytest.raises(ChainBroken):
        other.take(events[2])


def test_lines_that_are_left_out_must_follow_on() -> None:
    chain, events = Chain(TOPIC, after=0), lines(6)
    assert chain.take(events[0])

    assert chain.leave_out(Thinned(2, 3))
    assert chain.take(events[3])
    with pytest.raises(ChainBroken):
        chain.leave_out(Thinned(6, 6))


def test_an_ending_that_names_another_last_line_is_refused() -> None:
    true = chained(Draft("run.succeeded", "", {}, ending=True))[0]
    false = chained(Draft("run.succeeded", "", {"last_seq": 7}))[0]

    assert Chain(TOPIC, after=0).take(true)
    with pytest.raises(ChainBroken):
        Chain(TOPIC, after=0).take(false)


@pytest.mark.parametrize("text", ["", "[]", "{", '{"seq":1', '{"a":1,}', "[" * 100_000, '{"seq":true}'])
def test_what_is_no_event_is_said_so(text: str) -> None:
    with pytest.raises(BadAnswer):
        read(text)


@pytest.fixture
async def forged(relay: Relay, user: User) -> UUID:
    """A topic with something between it and the program that changes its last line."""
    topic = await ask(log.create_topic, "job", user)
    await ask(Job.objects.create, job_id="render", owner=user, topic=topic, silent_seconds=60)
    await append(topic.pk, stage(), stage(), Draft("job.succeeded", "Honest.", ending=True))
    relay.refuse_sockets = True
    relay.change = lambda content: content.replace(b"Honest.", b"Forged.")
    return topic.pk


async def test_a_line_changed_between_server_and_program_stops_it(
    relay: Relay, client: MakeClient, forged: UUID
) -> None:
    seen: list[int] = []

    with pytest.raises(ChainBroken, match="line 3"):
        async for event in client(relay.url).follow(forged):
            seen.append(event.seq)

    assert seen == [1, 2]


async def test_who_does_not_verify_is_told_what_came(relay: Relay, client: MakeClient, forged: UUID) -> None:
    said = [event.message async for event in client(relay.url).follow(forged, verify=False)]

    assert said == ["A stage began.", "A stage began.", "Forged."]
