"""A program uploads a file once, whatever breaks on the way."""

import asyncio
import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from assay_client import AsyncClient, Client, Invalid, Problem, Sent, Uploaded
from assay_client.uploading import Transfer

from accounts.models import User
from analysis.models import Media, Run, Upload
from realtime.readers import ask
from tests.analysis.intake import wav
from tests.clients.relay import Relay
from tests.pages.conftest import make_card
from tests.product import Server

pytestmark = pytest.mark.django_db(transaction=True)
MakeClient = Callable[..., AsyncClient]
PIECE = 8 * 2**20
SIZE = 44 + 640 * 32_000


@pytest.fixture
def clip(tmp_path: Path) -> Path:
    """Some 20 MB of sound: three pieces."""
    path = tmp_path / "interview é.wav"
    path.write_bytes(wav(seconds=640))
    return path


async def media() -> list[Any]:
    return await ask(lambda: list(Media.objects.values_list("filename", "sha256", "description")))


def sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


async def interrupted(transfer: Transfer) -> None:
    """Sends the first piece and gives up."""
    steps = transfer.__aiter__()
    async for sent in steps:
        if sent.sent_bytes:
            break
    await steps.aclose()


async def test_a_file_arrives_whole_and_its_run_can_be_followed(
    server: Server, client: MakeClient, user: User, clip: Path
) -> None:
    await ask(make_card, "spectrum")
    transfer = client(server.url).upload(clip, ["spectrum"], "by phone")

    steps = [sent async for sent in transfer]

    assert steps == [Sent(n, SIZE) for n in (0, PIECE, 2 * PIECE, SIZE)]
    run = await ask(Run.objects.get)
    assert await media() == [("interview é.wav", sha256(clip), "by phone")]
    assert (transfer.uploaded.media["id"], transfer.uploaded.topic) == (str(run.media_id), str(run.topic_id))
    assert run.detectors == ["spectrum"]


async def test_a_file_need_not_be_examined(server: Server, client: MakeClient, tmp_path: Path) -> None:
    path = tmp_path / "short.wav"
    path.write_bytes(wav())

    uploaded = await client(server.url).upload(path, analyze=False)

    assert uploaded.run is None
    assert uploaded.media["sha256"] == sha256(path)


@pytest.mark.parametrize(("seconds", "kept"), [(45, 45), (None, 120)])
async def test_a_verdict_is_stressed_when_asked_for(
    server: Server, client: MakeClient, tmp_path: Path, seconds: int | None, kept: int
) -> None:
    path = tmp_path / "short.wav"
    path.write_bytes(wav())

    stressed = await client(server.url).upload(path, stress=True, stress_seconds=seconds)
    plain = await client(server.url).upload(path)

    assert stressed.run and plain.run
    assert (await ask(Run.objects.get, pk=stressed.run["id"])).stress_seconds == kept
    assert (await ask(Run.objects.get, pk=plain.run["id"])).stress_seconds is None


async def test_a_budget_without_a_stress_test_is_refused(
    server: Server, client: MakeClient, tmp_path: Path
) -> None:
    path = tmp_path / "short.wav"
    path.write_bytes(wav())

    with pytest.raises(Invalid) as refused:
        await client(server.url).upload(path, stress_seconds=45)

    assert "stress_seconds" in str(refused.value.errors)


async def test_a_connection_that_breaks_again_and_again_only_costs_time(
    relay: Relay, client: MakeClient, clip: Path
) -> None:
    relay.cut_after = 3 * 2**20

    uploaded = await client(relay.url).upload(clip)

    assert uploaded.media["sha256"] == sha256(clip)
    assert relay.cuts >= 2
    assert len(await media()) == 1


async def test_a_server_killed_in_the_middle_is_gone_on_with(
    start_server: Callable[..., Server], client: MakeClient, clip: Path
) -> None:
    server = start_server()
    steps: list[int] = []
    transfer = client(server.url).upload(clip)

    async for sent in transfer:
        steps.append(sent.sent_bytes)
        if sent.sent_bytes == PIECE:
            server.kill()
            starting = asyncio.create_task(asyncio.to_thread(server.start))
    await starting

    assert steps[:2] == [0, PIECE]
    assert steps == sorted(set(steps))
    assert transfer.uploaded.media["sha256"] == sha256(clip)
    assert len(await media()) == 1


async def test_another_process_goes_on_where_the_first_one_stopped(
    server: Server, client: MakeClient, clip: Path
) -> None:
    await interrupted(client(server.url).upload(clip))

    steps = [sent.sent_bytes async for sent in client(server.url).upload(clip)]

    assert steps[0] == PIECE
    assert len(await media()) == 1


async def test_without_resume_it_begins_anew(server: Server, client: MakeClient, clip: Path) -> None:
    await interrupted(client(server.url).upload(clip))

    steps = [sent.sent_bytes async for sent in client(server.url).upload(clip, resume=False)]

    assert steps[0] == 0
    assert await ask(Upload.objects.count) == 2


async def test_the_same_file_sent_again_is_another_media(
    server: Server, client: MakeClient, tmp_path: Path
) -> None:
    path = tmp_path / "short.wav"
    path.write_bytes(wav())
    made: list[Uploaded] = [await client(server.url).upload(path) for _ in range(3)]

    assert len({uploaded.media["id"] for uploaded in made}) == 3
    assert await ask(Run.objects.count) == 3


async def test_an_upload_that_was_ended_meanwhile_begins_anew(
    server: Server, client: MakeClient, clip: Path
) -> None:
    transfer = client(server.url).upload(clip)

    steps = []
    async for sent in transfer:
        steps.append(sent.sent_bytes)
        if steps == [0, PIECE]:
            await ask(Upload.objects.all().delete)

    assert steps[:4] == [0, PIECE, 0, PIECE]
    assert transfer.uploaded.media["sha256"] == sha256(clip)


async def test_what_is_no_media_is_refused_with_the_servers_reason(
    server: Server, client: MakeClient, tmp_path: Path
) -> None:
    path = tmp_path / "notes.wav"
    path.write_text("words " * 100)

    with pytest.raises(Problem) as refused:
        await client(server.url).upload(path)

    assert (refused.value.status, refused.value.code) == (415, "not_media")


async def test_an_unknown_detector_is_named(server: Server, client: MakeClient, tmp_path: Path) -> None:
    path = tmp_path / "short.wav"
    path.write_bytes(wav())

    with pytest.raises(Invalid) as refused:
        await client(server.url).upload(path, ["no such thing"])

    assert refused.value.errors[0]["field"].startswith("detectors")


async def test_without_an_event_loop_it_is_the_same(server: Server, key: str, clip: Path) -> None:
    def program() -> tuple[list[int], Uploaded]:
        with Client(server.url, key, trust_env=False) as assay:
            upload = assay.upload(clip, stress=True, stress_seconds=30)
            return [sent.sent_bytes for sent in upload], upload.uploaded

    steps, uploaded = await asyncio.to_thread(program)

    assert steps == [0, PIECE, 2 * PIECE, SIZE]
    assert uploaded.media["sha256"] == sha256(clip)
    assert (await ask(Run.objects.get)).stress_seconds == 30
