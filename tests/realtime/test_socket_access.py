"""Who may open a socket, and what everybody else is told."""

import asyncio
import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.utils import timezone
from rest_framework_simplejwt.tokens import AccessToken
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from accounts import credentials, tokens
from accounts.models import Credential, Team, User
from analysis.models import Media
from realtime.readers import ask
from tests.factories import make_run, make_user
from tests.product import Server
from tests.realtime.conftest import Watch, Watcher, append, stage

PATIENCE_SECONDS = 10  # five are promised; the server shares its cores with the other tests
pytestmark = pytest.mark.django_db(transaction=True)


async def closed(watcher: Watcher, *, limit: float = 10.0) -> tuple[str, int]:
    """The code of the typed error and the close code a socket ends with."""
    error = await watcher.frame("error", limit=limit)
    with pytest.raises(ConnectionClosed) as ended:
        await watcher.read()
    assert ended.value.rcvd is not None
    return error["code"], ended.value.rcvd.code


@pytest.mark.parametrize("path", ["/ws/topics/{}/", "/ws/user/", "/ws/user"])
async def test_anonymous_is_told_after_the_time_to_introduce_oneself(
    server: Server, watch: Watch, path: str
) -> None:
    run = await ask(make_run)

    watcher = await watch(server, path.format(run.topic_id), None)

    assert await closed(watcher) == ("not_authenticated", 4001)


async def test_an_anonymous_peer_may_leave_without_a_word_in_the_log(
    live_server_process: Server, watch: Watch
) -> None:
    watcher = await watch(live_server_process, "/ws/user/", None)

    await watcher.socket.close()
    await asyncio.to_thread(live_server_process.stop)

    assert "accepted" in live_server_process.log()
    assert "ERROR" not in live_server_process.log()


async def test_a_wrong_token_is_told_at_once(server: Server) -> None:
    headers = {"Authorization": "Bearer nonsense"}
    async with connect(server.ws_url + "/ws/user/", additional_headers=headers) as socket:
        assert await closed(Watcher(socket), limit=3) == ("not_authenticated", 4001)


SHOWN = {
    "bearer": {"headers": {"Authorization": "Bearer nonsense"}},
    "key header": {"headers": {"X-API-Key": "assay_nonsense"}},
    "ticket": {"query": "?ticket=nonsense"},
    "query token": {"query": "?token=nonsense"},
    "frame": {"frame": '{"type":"authenticate","token":"nonsense"}'},
}


@pytest.mark.parametrize("shown", SHOWN.values(), ids=SHOWN.keys())
async def test_who_showed_something_is_told_that_it_is_no_good(server: Server, shown: dict[str, Any]) -> None:
    address = f"{server.ws_url}/ws/user/{shown.get('query', '')}"
    async with connect(address, additional_headers=shown.get("headers")) as socket:
        if "frame" in shown:
            await socket.send(shown["frame"])

        error = await Watcher(socket).frame("error", limit=3)

    assert (error["code"], error["message"]) == (
        "not_authenticated",
        "The token, key or ticket sent is unknown, expired or revoked. ?token= takes access tokens only.",
    )


async def test_who_showed_nothing_is_told_how_to_sign_in(server: Server, watch: Watch) -> None:
    watcher = await watch(server, "/ws/user/", None)

    await watcher.say(type="ping")

    assert (await watcher.frame("error", limit=3))["message"].startswith("Sign in first")


async def test_a_first_message_may_say_who_it_is(server: Server, watch: Watch) -> None:
    user = await ask(make_user)
    token = (await ask(tokens.start_family, user)).access
    watcher = await watch(server, "/ws/user/", None)

    await watcher.say(type="authenticate", token=token)

    assert (await watcher.frame("snapshot"))["media"] == []


@pytest.mark.parametrize("frame", ['{"type":"ping"}', '{"type":"authenticate","token":5}', "[]", "{"])
async def test_a_first_message_that_does_not_is_refused(server: Server, watch: Watch, frame: str) -> None:
    watcher = await watch(server, "/ws/user/", None)

    await watcher.socket.send(frame)

    assert await closed(watcher, limit=3) == ("not_authenticated", 4001)


async def test_a_ticket_lets_in_once(server: Server, watch: Watch) -> None:
    user = await ask(make_user)
    credential = await ask(credentials.issue, user, Credential.Kind.JWT)
    ticket = await ask(credentials.issue_ticket, credential)

    first = await watch(server, f"/ws/user/?ticket={ticket}", None)
    await first.frame("snapshot")
    second = await watch(server, f"/ws/user/?ticket={ticket}", None)

    assert await closed(second) == ("not_authenticated", 4001)


@pytest.mark.parametrize("topic", ["foreign", "missing", "no-uuid"])
async def test_foreign_missing_and_nonsense_look_alike(server: Server, watch: Watch, topic: str) -> None:
    run, user = await ask(make_run), await ask(make_user)
    path = {"foreign": str(run.topic_id), "missing": str(uuid4()), "no-uuid": "x"}[topic]

    watcher = await watch(server, f"/ws/topics/{path}/", user)

    assert await closed(watcher) == ("not_found", 4004)


async def test_an_address_without_a_socket_is_not_found(server: Server, watch: Watch) -> None:
    watcher = await watch(server, "/ws/nothing/here/", await ask(make_user))

    assert await closed(watcher) == ("not_found", 4004)


@pytest.mark.parametrize("after", ["-1", "x", "1.5", "", "99999999999999999999", "1&after=2"])
async def test_a_cursor_that_is_no_number_is_refused(server: Server, watch: Watch, after: str) -> None:
    run = await ask(make_run)

    watcher = await watch(server, f"/ws/topics/{run.topic_id}/?after={after}", run.owner)

    assert await closed(watcher) == ("bad_cursor", 1008)


def own(user: User, media: Media) -> None:
    media.team = None


def team(user: User, media: Media) -> None:
    media.team = Team.objects.create(name="desk")
    media.team.members.add(user)
    media.save()


def superuser(user: User, media: Media) -> None:
    user.is_superuser = True
    user.save()


@pytest.mark.parametrize("right", [team, superuser])
async def test_teams_and_superusers_may_watch(
    server: Server, watch: Watch, right: Callable[[User, Media], None]
) -> None:
    run, user = await ask(make_run), await ask(make_user)
    await append(run.topic_id, stage())
    await ask(right, user, run.media)

    watcher = await watch(server, f"/ws/topics/{run.topic_id}/", user)

    assert await watcher.see(until=1) == [1]


async def test_a_right_taken_away_ends_the_socket(server: Server, watch: Watch) -> None:
    run, user = await ask(make_run), await ask(make_user)
    await ask(team, user, run.media)
    watcher = await watch(server, f"/ws/topics/{run.topic_id}/", user)
    await watcher.frame("caught_up")

    await ask(Media.objects.filter(pk=run.media_id).update, team=None)

    assert await closed(watcher, limit=PATIENCE_SECONDS) == ("not_allowed", 4003)


@pytest.mark.parametrize("path", ["/ws/topics/{}/", "/ws/user/"])
async def test_an_ended_credential_ends_the_socket(server: Server, watch: Watch, path: str) -> None:
    run = await ask(make_run)
    other = await ask(make_run)
    watcher = await watch(server, path.format(run.topic_id), run.owner)
    bystander = await watch(server, f"/ws/topics/{other.topic_id}/", other.owner)

    await ask(credentials.revoke_all, run.owner)

    assert await closed(watcher, limit=PATIENCE_SECONDS) == ("credential_ended", 4001)
    await append(other.topic_id, stage())
    assert await bystander.see(until=1) == [1]


async def test_a_token_that_expires_while_connected_ends_the_socket(
    server: Server, watch: Watch, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(AccessToken, "lifetime", timedelta(seconds=3))
    watcher = await watch(server, "/ws/user/", await ask(make_user))
    await watcher.frame("snapshot")

    assert await closed(watcher, limit=8) == ("credential_ended", 4001)


async def test_a_deleted_topic_ends_its_sockets(server: Server, watch: Watch) -> None:
    run = await ask(make_run)
    watcher = await watch(server, f"/ws/topics/{run.topic_id}/", run.owner)
    await watcher.frame("caught_up")

    await ask(run.media.delete)

    assert await closed(watcher, limit=PATIENCE_SECONDS) == ("not_allowed", 4003)


@pytest.mark.parametrize("origin", ["https://evil.example", "http://127.0.0.1:1", "null", "", "file://x"])
async def test_foreign_pages_are_refused_before_they_are_accepted(server: Server, origin: str) -> None:
    user = await ask(make_user)
    headers = {"Authorization": f"Bearer {(await ask(tokens.start_family, user)).access}", "Origin": origin}

    with pytest.raises(InvalidStatus) as refused:
        await connect(server.ws_url + "/ws/user/", additional_headers=headers)

    assert refused.value.response.status_code == 403


async def test_our_own_pages_are_let_in(server: Server, watch: Watch) -> None:
    watcher = await watch(server, "/ws/user/", await ask(make_user), origin=server.url)

    await watcher.frame("snapshot")


async def test_too_many_sockets_of_one_user_are_refused(
    start_server: Callable[..., Server], watch: Watch
) -> None:
    server = start_server(ASSAY_SOCKETS_PER_USER="2")
    user, other = await ask(make_user), await ask(make_user)
    for _ in range(2):
        await (await watch(server, "/ws/user/", user)).frame("snapshot")

    third = await watch(server, "/ws/user/", user)
    foreign = await watch(server, "/ws/user/", other)

    assert await closed(third) == ("too_many", 4009)
    await foreign.frame("snapshot")


async def test_a_credential_that_expired_lets_nobody_in(server: Server, watch: Watch) -> None:
    user = await ask(make_user)
    past = timezone.now() - timedelta(seconds=1)
    credential, key = await ask(credentials.issue_api_key, user, expires=past)

    async with connect(server.ws_url + "/ws/user/", additional_headers={"X-API-Key": key}) as socket:
        assert json.loads(await socket.recv())["code"] == "not_authenticated"
    assert credential.pk
