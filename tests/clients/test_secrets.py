"""The credential goes to the server it is for, and nowhere else."""

import asyncio
import logging
import traceback
from collections.abc import AsyncIterator, Callable

import pytest
from assay_client import (
    AssayError,
    AsyncClient,
    BadAnswer,
    Client,
    NotAuthenticated,
    ProgressReporter,
    SyncProgressReporter,
    Unreachable,
)
from assay_client.server import Server as Address

from accounts.models import User
from realtime import log
from realtime.envelope import Draft
from realtime.models import Job
from realtime.readers import ask
from tests.product import Server, free_port
from tests.realtime.conftest import append

pytestmark = pytest.mark.django_db(transaction=True)
MakeClient = Callable[..., AsyncClient]
SECRET = "assay_a-secret-nobody-should-see"


@pytest.fixture
async def elsewhere() -> AsyncIterator[tuple[str, list[bytes]]]:
    """A server that sends everybody to another address, and keeps what it was told."""
    heard: list[bytes] = []

    async def meet(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heard.append(await reader.readuntil(b"\r\n\r\n"))
        target = b"http://127.0.0.1:%d/stolen" % port
        writer.write(b"HTTP/1.1 307 Moved\r\nLocation: " + target + b"\r\nContent-Length: 0\r\n\r\n")
        await writer.drain()
        writer.close()

    listener = await asyncio.start_server(meet, "127.0.0.1", 0)
    port = listener.sockets[0].getsockname()[1]
    yield f"http://127.0.0.1:{port}", heard
    listener.close()


@pytest.mark.parametrize("kind", [AsyncClient, Client, ProgressReporter, SyncProgressReporter])
def test_it_stands_in_no_repr(kind: Callable[..., object]) -> None:
    made = kind("https://assay.example.org", SECRET)

    assert "assay.example.org" in repr(made)
    assert SECRET not in repr(made) + repr(vars(made))


@pytest.mark.parametrize("url", ["https://ana:hunter2@example.org", "ftp://example.org", "example.org", ""])
def test_an_address_with_a_password_or_of_another_kind_is_refused(url: str) -> None:
    with pytest.raises(ValueError) as refused:
        AsyncClient(url, SECRET)

    assert "hunter2" not in str(refused.value)


def test_a_location_on_another_server_is_refused() -> None:
    ours = Address("https://assay.example.org/desk", SECRET)

    assert ours.path_of("/desk/api/v1/uploads/1/") == "/api/v1/uploads/1/"
    assert ours.path_of("https://assay.example.org/desk/api/v1/uploads/1/") == "/api/v1/uploads/1/"
    for foreign in ("https://example.com/x", "http://assay.example.org/x", "//example.com/x"):
        with pytest.raises(ValueError):
            ours.path_of(foreign)


async def test_nothing_of_it_is_logged_even_when_everything_is(
    server: Server, client: MakeClient, user: User, key: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    topic = await ask(log.create_topic, "job", user)
    await ask(Job.objects.create, job_id="render", owner=user, topic=topic, silent_seconds=60)
    await append(topic.pk, Draft("job.succeeded", "Done.", ending=True))

    seen = [event.seq async for event in client(server.url).follow(topic.pk)]

    assert seen == [1]
    assert "assay_client.socket" in {record.name for record in caplog.records}
    assert key not in caplog.text


async def test_it_is_in_no_traceback(server: Server, client: MakeClient) -> None:
    faults: list[str] = []

    for url in (server.url, f"http://127.0.0.1:{free_port()}"):
        try:
            await client(url, SECRET, patience_seconds=0.2).run("11111111-2222-4333-8444-555555555555")
        except AssayError as fault:
            faults.append("".join(traceback.format_exception(fault)))

    assert len(faults) == 2
    assert [fault for fault in faults if SECRET in fault] == []


async def test_redirects_are_not_followed(elsewhere: tuple[str, list[bytes]], client: MakeClient) -> None:
    url, heard = elsewhere

    with pytest.raises(BadAnswer):
        await client(url).run("11111111-2222-4333-8444-555555555555")

    assert len(heard) == 1


async def test_a_bad_credential_is_said_so(server: Server, client: MakeClient) -> None:
    with pytest.raises(NotAuthenticated) as refused:
        await client(server.url, SECRET).run("11111111-2222-4333-8444-555555555555")

    assert refused.value.status == 401
    assert refused.value.detail


async def test_a_server_that_stays_away_is_given_up(client: MakeClient) -> None:
    nobody = f"http://127.0.0.1:{free_port()}"

    with pytest.raises(Unreachable):
        await client(nobody, patience_seconds=0.3).run("11111111-2222-4333-8444-555555555555")
