"""Existing Socket.IO clients, by the JavaScript client they use, over either transport."""

from pathlib import Path
from typing import Any

import pytest

from accounts import credentials, tokens
from accounts.models import User
from analysis.models import Run
from realtime import publisher
from realtime.log import Draft
from realtime.readers import ask
from tests.factories import make_run, make_user
from tests.product import Server
from tests.realtime.conftest import append, progress
from tests.realtime.javascript import JavaScriptClient, installed_client

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(180)]
TRANSPORTS = pytest.mark.parametrize("transports", [["websocket"], ["polling"], ["polling", "websocket"]])


@pytest.fixture(scope="session")
def client_folder() -> Path:
    return installed_client()


def token_of(user: User) -> str:
    return tokens.start_family(user).access


def failed(run: Run) -> Draft:
    data = {"run": str(run.id), "attempt": 1, "code": "reader_lost", "error": "The reader died."}
    return Draft("run.failed", "The run failed.", data, ending=True)


async def connected(folder: Path, server: Server, user: User, **options: Any) -> JavaScriptClient:
    auth = {"token": await ask(token_of, user)}
    return JavaScriptClient(folder, server, {"auth": auth, **options})


@TRANSPORTS
async def test_a_late_joiner_is_told_the_state_and_then_what_happens(
    client_folder: Path, server: Server, transports: list[str]
) -> None:
    run = await ask(make_run, state="failed", error_code="reader_lost", error_message="The reader died.")
    await append(run.topic_id, progress(1))

    async with await connected(client_folder, server, run.owner, transports=transports) as client:
        snapshot = await client.until("snapshot")
        await append(run.topic_id, progress(7))
        update = await client.until("progress_update")
        legacy = await client.until("progress-update")
        await append(run.topic_id, failed(run))
        error = await client.until("processing_error")
        media = await client.until("media_update")

    assert [event for event, _ in client.told if event != "upgrade"][0:2] == ["connect", "snapshot"]
    assert [media["id"] for media in snapshot["media"]] == [str(run.media_id)]
    assert snapshot["heads"] == {str(run.topic_id): 1}
    assert (update["mediaId"], update["event"], update["message"]) == (
        str(run.media_id),
        "FRAME_ANALYSIS_PROGRESS",
        "7 of 100",
    )
    assert update["data"]["progress"] == 7
    assert "type" not in update
    assert legacy == {"type": "ANALYSIS_PROGRESS", **update}
    assert (error["mediaId"], error["code"], error["message"]) == (
        str(run.media_id),
        "reader_lost",
        "The reader died.",
    )
    assert (media["id"], media["filename"], media["run"]["state"]) == (
        str(run.media_id),
        run.media.filename,
        "failed",
    )


async def test_a_polling_client_upgrades_and_misses_nothing(client_folder: Path, server: Server) -> None:
    run = await ask(make_run)

    async with await connected(client_folder, server, run.owner) as client:
        await client.until("snapshot")
        for done in range(60):
            await append(run.topic_id, progress(done))
        while not seen(client) or seen(client)[-1] < 60:
            await client.until("progress_update")

    assert ("upgrade", "websocket") in client.told
    assert seen(client) == list(range(1, 61))


def seen(client: JavaScriptClient) -> list[int]:
    return [data["seq"] for event, data in client.told if event == "progress_update"]


@TRANSPORTS
async def test_who_is_not_known_gets_a_connect_error(
    client_folder: Path, server: Server, transports: list[str]
) -> None:
    options = {"transports": transports, "auth": {"token": "nonsense"}}

    async with JavaScriptClient(client_folder, server, options) as client:
        error = await client.until("connect_error")

    assert error["data"] == {"code": "not_authenticated", "close": 4001}
    assert "unknown, expired or revoked" in error["message"] and "auth.token" in error["message"]


@TRANSPORTS
async def test_a_revoked_key_ends_the_session_within_seconds(
    client_folder: Path, server: Server, transports: list[str]
) -> None:
    user = await ask(make_user)
    credential, key = await ask(credentials.issue_api_key, user)
    options = {"transports": transports, "auth": {"token": key}}

    async with JavaScriptClient(client_folder, server, options) as client:
        await client.until("snapshot")
        await ask(credentials.revoke, credential)
        error = await client.until("error", limit=10)
        reason = await client.until("disconnect", limit=5)

    assert error["code"] == "credential_ended"
    assert reason == "io server disconnect"


@TRANSPORTS
async def test_what_a_client_sends_reaches_nobody(
    client_folder: Path, server: Server, transports: list[str]
) -> None:
    run = await ask(make_run)
    first = await connected(client_folder, server, run.owner, transports=transports)
    second = await connected(client_folder, server, run.owner, transports=transports)

    async with first as sender, second as other:
        await sender.until("snapshot")
        await other.until("snapshot")
        await sender.emit("progress_update", {"mediaId": str(run.media_id), "event": "FORGED"})
        await sender.emit("connect_to", {"room": str(run.owner_id)})
        error = await sender.until("error")
        await append(run.topic_id, progress(1))
        publisher.flush()
        update = await other.until("progress_update")
        await sender.until("progress_update")

    assert error["code"] == "unknown_type"
    assert update["event"] == "FRAME_ANALYSIS_PROGRESS"
    assert "FORGED" not in str(other.told)
