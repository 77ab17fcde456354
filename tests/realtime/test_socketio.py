"""Who may open a Socket.IO session, and that hostile ones cost little and hurt nobody."""

import asyncio
import json
from collections.abc import Callable
from datetime import timedelta

import httpx
import pytest
from django.conf import settings
from django.test import Client
from rest_framework_simplejwt.tokens import AccessToken
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from accounts import credentials, tokens
from accounts.models import Credential, User
from realtime import stats
from realtime.readers import ask
from tests.factories import make_run, make_user
from tests.product import Server
from tests.realtime.conftest import append, progress, stage
from tests.realtime.socketio_clients import ADDRESS, Poller, RawSocket, poller, raw_socket
from tests.waiting import eventually

pytestmark = pytest.mark.django_db(transaction=True)


def jwt(user: User) -> dict[str, str]:
    return {"token": tokens.start_family(user).access}


def api_key(user: User) -> dict[str, str]:
    return {"token": credentials.issue_api_key(user)[1]}


def bearer_text(user: User) -> dict[str, str]:
    return {"token": f"Bearer {tokens.start_family(user).access}"}


def ticket(user: User) -> dict[str, str]:
    return {"ticket": credentials.issue_ticket(credentials.issue(user, Credential.Kind.JWT))}


def cookie_of(user: User, server: Server) -> dict[str, str]:
    browser = Client()
    browser.force_login(user)
    value = browser.cookies[settings.SESSION_COOKIE_NAME].value
    return {"Cookie": f"sessionid_{server.port}={value}"}  # the name on other ports than 8000


@pytest.mark.parametrize("auth_of", [jwt, api_key, bearer_text, ticket])
async def test_auth_lets_in(server: Server, auth_of: Callable[[User], dict[str, str]]) -> None:
    auth = await ask(auth_of, await ask(make_user))

    async with raw_socket(server) as socket:
        await socket.introduce(auth)

        assert (await socket.until("snapshot"))["media"] == []


async def test_the_sign_in_cookie_lets_our_own_pages_in(server: Server) -> None:
    headers = await ask(cookie_of, await ask(make_user), server)

    async with raw_socket(server, additional_headers=headers, origin=server.url) as socket:
        await socket.introduce()

        await socket.until("snapshot")


async def test_the_cookie_counts_for_a_polling_page_whose_browser_names_its_origin_only_when_it_posts(
    server: Server,
) -> None:
    headers = await ask(cookie_of, await ask(make_user), server)

    async with poller(server, **headers) as page:
        await page.post("40", Origin=server.url)

        await page.until('42["snapshot"')


async def test_a_program_has_no_business_with_a_cookie(server: Server) -> None:
    headers = await ask(cookie_of, await ask(make_user), server)

    async with raw_socket(server, additional_headers=headers) as socket:
        await socket.introduce()

        refusal = await socket.refusal()
        assert refusal["data"]["code"] == "not_authenticated"
        assert refusal["message"].startswith("Sign in first: auth.token")


async def test_a_ticket_lets_in_once(server: Server) -> None:
    auth = await ask(ticket, await ask(make_user))
    async with raw_socket(server) as first:
        await first.introduce(auth)
        await first.until("snapshot")

        async with raw_socket(server) as second:
            await second.introduce(auth)

            refusal = await second.refusal()
            assert refusal["data"] == {"code": "not_authenticated", "close": 4001}
            assert "unknown, expired or revoked" in refusal["message"]


@pytest.mark.parametrize("origin", ["https://evil.example", "http://127.0.0.1:1", "null"])
async def test_foreign_pages_are_refused_before_anything_else(server: Server, origin: str) -> None:
    with pytest.raises(InvalidStatus) as refused:
        await connect(f"{server.ws_url}{ADDRESS}?EIO=4&transport=websocket", origin=origin)
    async with poller(server) as client:
        polled = await client.get(Origin=origin)
        sent = await client.post("40", Origin=origin)

    assert refused.value.response.status_code == 403
    assert (polled.status_code, sent.status_code) == (403, 403)
    assert "access-control-allow-origin" not in polled.headers


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("transport=polling", 200),
        ("", 200),
        ("EIO=3&transport=polling", 400),
        ("EIO=4&transport=polling&j=0", 400),
    ],
)
async def test_engine_io_4_is_spoken_named_or_not(server: Server, query: str, status: int) -> None:
    async with httpx.AsyncClient(base_url=server.url, trust_env=False) as client:
        answers = [await client.get(f"{path}?{query}") for path in ("/socket.io/", "/socket.io")]

    assert [answer.status_code for answer in answers] == [status, status]


async def test_other_addresses_are_those_of_the_desk(server: Server) -> None:
    async with httpx.AsyncClient(base_url=server.url, trust_env=False) as client:
        beside = await client.get("/socket.io/admin/")
        alive = await client.get("/health/live")

    assert (beside.status_code, alive.status_code) == (404, 200)


async def test_who_does_not_introduce_themselves_is_let_go(server: Server) -> None:
    async with raw_socket(server) as silent, poller(server) as poll:
        refusal = await silent.refusal(limit=10)
        with pytest.raises(ConnectionClosed):
            while True:
                await silent.packet()
        await poll.until("44", limit=10)

    assert refusal["data"]["code"] == "not_authenticated"


def ended_key(user: User) -> None:
    credentials.revoke_all(user)


def deactivated(user: User) -> None:
    User.objects.filter(pk=user.pk).update(is_active=False)


@pytest.mark.parametrize("end", [ended_key, deactivated])
async def test_a_sign_out_or_deactivation_ends_the_session(
    server: Server, end: Callable[[User], None]
) -> None:
    user = await ask(make_user)
    async with raw_socket(server) as socket:
        await socket.introduce(await ask(jwt, user))
        await socket.until("snapshot")

        await ask(end, user)
        error = await socket.until("error", limit=10)

        assert error["code"] == "credential_ended"
        assert await socket.packet() == "41"
        await gone(socket)


async def gone(socket: RawSocket) -> None:
    async with asyncio.timeout(10):
        with pytest.raises(ConnectionClosed):
            while True:
                await socket.packet()


async def test_a_token_that_expires_ends_the_session(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(AccessToken, "lifetime", timedelta(seconds=3))
    async with raw_socket(server) as socket:
        await socket.introduce(await ask(jwt, await ask(make_user)))
        await socket.until("snapshot")

        assert (await socket.until("error", limit=8))["code"] == "credential_ended"


async def test_sessions_count_as_sockets_of_their_user(start_server: Callable[..., Server]) -> None:
    server = start_server(ASSAY_SOCKETS_PER_USER="1")
    user = await ask(make_user)
    async with raw_socket(server) as first, raw_socket(server) as second:
        await first.introduce(await ask(jwt, user))
        await first.until("snapshot")
        counted = await eventually(sockets_by_path, limit=15, every=0.2, what="it is counted")
        await second.introduce(await ask(jwt, user))

        refusal = await second.refusal()

    assert counted == {"socket.io": 1}
    assert refusal["data"] == {"code": "too_many", "close": 4009}


async def sockets_by_path() -> dict[str, int]:
    said = await ask(stats.everywhere)
    return next((dict(one.counts.by_path) for one in said if one.counts.by_path), {})


NESTED = "[" * 8000
HOSTILE: dict[str, str | bytes] = {
    "empty": "",
    "no packet": "x",
    "bare message": "4",
    "ping": "2probe",
    "upgrade": "5",
    "pong with data": "3" + NESTED,
    "nested": "4" + NESTED,
    "nested event": "42" + NESTED,
    "event without a name": "42{}",
    "reserved name": '42["connect",{"asgi.scope":{}},{}]',
    "reserved disconnect": '42["disconnect","x"]',
    "asks for an answer": '427["progress_update",{}]',
    "acknowledges": '433["x"]',
    "attachments": '451-["x",{"_placeholder":true,"num":0}]',
    "endless attachments": '45999999999-["x"]',
    "another namespace": "40/admin,{}",
    "a second introduction": '40{"token":"x"}',
    "error packet": '44{"message":"x"}',
    "binary": b"\x04\xff",
    "event": '42["progress_update",{"mediaId":"x"}]',
    "long id": "42" + "9" * 5000 + '["x"]',
    "infinite number": '42["x",1e999,NaN,' + "9" * 4000 + "]",
}


@pytest.mark.parametrize("name", HOSTILE)
async def test_what_is_not_understood_hurts_nobody(server: Server, name: str) -> None:
    run = await ask(make_run)
    async with raw_socket(server) as hostile, raw_socket(server) as other:
        for one in (hostile, other):
            await one.introduce(await ask(jwt, run.owner))
            await one.until("snapshot")

        await hostile.socket.send(HOSTILE[name])
        await append(run.topic_id, stage("audio_extraction"))

        for one in (hostile, other):
            assert (await one.until("progress_update"))["event"] == "AUDIO_EXTRACTION_START"
    assert "Traceback" not in server.log()


@pytest.mark.parametrize("name", HOSTILE)
async def test_what_is_not_understood_hurts_no_polling_client_either(server: Server, name: str) -> None:
    run = await ask(make_run)
    async with poller(server) as client:
        await client.post("40" + json.dumps(await ask(jwt, run.owner)))
        await client.until('42["snapshot"')

        sent = await client.post(HOSTILE[name])
        await append(run.topic_id, stage("audio_extraction"))

        assert sent.status_code in (200, 400)
        assert "AUDIO_EXTRACTION_START" in await client.until('42["progress_update"')
    assert "Traceback" not in server.log()


@pytest.mark.parametrize(
    "auth",
    [
        "[]",
        "7",
        '"x"',
        "{",
        '{"token":1}',
        '{"token":"x","userId":"y"}',
        '{"token":' + NESTED,
        '{"token":"\\ud800"}',
    ],
)
async def test_an_introduction_that_makes_no_sense_is_refused(server: Server, auth: str) -> None:
    async with raw_socket(server) as socket:
        await socket.socket.send("40" + auth)

        assert (await socket.refusal(limit=4))["data"]["code"]
    assert "Traceback" not in server.log()


async def test_a_packet_beyond_the_limit_ends_its_session_alone(server: Server) -> None:
    run = await ask(make_run)
    async with raw_socket(server) as hostile, raw_socket(server) as other, poller(server) as poll:
        await other.introduce(await ask(jwt, run.owner))
        await other.until("snapshot")

        await hostile.socket.send('42["x","' + "x" * 20_000 + '"]')
        await gone(hostile)
        sent = await poll.post("4" * 20_000)
        many = await poll.post("\x1e".join(["3"] * 100))
        await append(run.topic_id, progress(1))

        assert (sent.status_code, many.status_code) == (413, 400)
        await other.until("progress_update")


async def test_a_flood_ends_its_session_alone(server: Server) -> None:
    run = await ask(make_run)
    async with raw_socket(server) as flood, raw_socket(server) as other:
        for one in (flood, other):
            await one.introduce(await ask(jwt, run.owner))
            await one.until("snapshot")

        for _ in range(2100):
            await flood.socket.send("3")
        error = await flood.until("error")
        await append(run.topic_id, progress(1))

        assert error["code"] == "too_many"
        await other.until("progress_update")


async def test_two_polls_at_once_are_refused_and_the_first_goes_on(server: Server) -> None:
    run = await ask(make_run)
    async with poller(server) as client:
        await client.post("40" + json.dumps(await ask(jwt, run.owner)))
        await client.until('42["snapshot"')
        polls = [asyncio.create_task(client.get()) for _ in range(2)]

        refused, waiting = await asyncio.wait(polls, return_when=asyncio.FIRST_COMPLETED, timeout=10)
        await append(run.topic_id, progress(1))

        assert [one.result().json()["code"] for one in refused] == ["overlap"]
        assert ['42["progress_update"' in (await one).text for one in waiting] == [True]


async def refused_poll(client: Poller) -> httpx.Response | None:
    """None while the poll that was hung up still counts as under way."""
    answer = await client.get()
    return answer if answer.status_code == 400 and '"overlap"' not in answer.text else None


async def test_a_client_that_hangs_up_its_poll_is_gone_at_once(server: Server) -> None:
    async with poller(server) as client:
        await client.post("40" + json.dumps(await ask(jwt, await ask(make_user))))
        await client.until('42["snapshot"')

        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.5):
                await client.get()
        answer = await eventually(lambda: refused_poll(client), what="the session is over")

        assert "Invalid session" in answer.text


async def test_an_upgrade_that_is_not_completed_leaves_the_polling_client_alone(server: Server) -> None:
    run = await ask(make_run)
    async with poller(server) as client:
        await client.post("40" + json.dumps(await ask(jwt, run.owner)))
        await client.until('42["snapshot"')

        address = f"{server.ws_url}{ADDRESS}?EIO=4&transport=websocket&sid={client.sid}"
        async with connect(address), asyncio.timeout(10):
            with pytest.raises(InvalidStatus):
                await connect(address)
        await append(run.topic_id, progress(1))

        assert '"seq":1' in await client.until('42["progress_update"')


async def test_no_log_holds_a_token_or_the_id_of_a_session(live_server_process: Server) -> None:
    user = await ask(make_user)
    good, bad = (await ask(jwt, user))["token"], "sEcReTnOnSeNsE"
    server = live_server_process
    async with (
        raw_socket(server, f"EIO=4&transport=websocket&token={good}") as socket,
        poller(server) as poll,
    ):
        await socket.introduce()
        await socket.until("snapshot")
        await poll.post(f'40{{"token":"{bad}"}}')
        await poll.until("44")
        sid = poll.sid

    assert "/socket.io/" in server.log()
    assert not [word for word in (good, bad, sid) if word in server.log()]
