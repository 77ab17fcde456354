"""`POST /analyze` answers existing clients as they expect, by the rules of every other upload."""

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from rest_framework.test import APIClient

from accounts import credentials
from accounts.models import User
from analysis import queue
from analysis.models import DetectorCard, Media, Result, Run
from analysis.waiting import answering_late
from realtime.readers import ask
from tests.analysis.conftest import signed_in
from tests.analysis.intake import MEDIA, wav
from tests.factories import make_run, make_user
from tests.product import Server
from tests.waiting import eventually

ANALYZE = "/analyze"


def sent(client: APIClient, content: bytes | None = None, **fields: Any) -> Any:
    file = SimpleUploadedFile("clip.wav", wav() if content is None else content)
    return client.post(ANALYZE, {"media": file, **fields}, format="multipart")


@pytest.mark.django_db
class TestWithoutWaiting:
    def test_the_answer_names_the_run_to_ask_for(self, client: APIClient, analyst: User) -> None:
        answer = sent(client, mediaId="m-17", userId="ana")

        run = Run.objects.get()
        body = answer.json()
        assert answer.status_code == 202
        assert answer["Location"] == f"/api/v1/runs/{run.pk}/"
        assert (body["success"], body["model_used"]) == (None, None)
        assert (body["media_id"], body["user_id"]) == ("m-17", "ana")
        assert (body["data"]["run"], body["data"]["media"]) == (str(run.pk), str(run.media_id))
        assert (body["data"]["state"], body["data"]["prediction"]) == ("queued", None)
        assert (run.owner, run.media.owner, run.media.external_id) == (analyst, analyst, "m-17")

    def test_the_id_of_the_client_is_kept_with_the_media(self, client: APIClient) -> None:
        sent(client, mediaId="m-17")

        assert client.get(MEDIA).json()["results"][0]["external_id"] == "m-17"

    def test_a_user_id_selects_no_account(self, client: APIClient, analyst: User) -> None:
        other = make_user()

        sent(client, userId=str(other.pk))

        assert Media.objects.get().owner == analyst

    def test_a_model_is_a_detector(self, client: APIClient) -> None:
        DetectorCard.objects.create(name="spectrum", card={}, available=True)

        answer = sent(client, model="spectrum")

        assert answer.json()["model_used"] == "spectrum"
        assert Run.objects.get().detectors == ["spectrum"]

    def test_an_unknown_model_is_refused_with_the_known_ones(self, client: APIClient) -> None:
        DetectorCard.objects.create(name="spectrum", card={}, available=True)

        answer = sent(client, model="resnet")

        problem = answer.json()
        assert (answer.status_code, answer["Content-Type"]) == (400, "application/problem+json")
        assert problem["errors"][0]["code"] == "unknown_detector"
        assert "spectrum" in problem["detail"]
        assert not Media.objects.exists()

    @pytest.mark.parametrize(
        ("content", "fields", "status"),
        [
            (b"<html>", {}, 415),
            (b"", {}, 422),
            (None, {"mediaId": "x" * 201}, 400),
            (None, {"mediaId": "a\0b"}, 400),
            (None, {"file": "x"}, 400),
        ],
        ids=["no media", "empty", "long id", "null character", "unknown field"],
    )
    def test_what_is_refused_leaves_nothing(
        self,
        client: APIClient,
        kept_files: Callable[[], list[Path]],
        content: bytes | None,
        fields: dict[str, str],
        status: int,
    ) -> None:
        answer = sent(client, content, **fields)

        assert answer.status_code == status
        assert (Media.objects.count(), Run.objects.count(), kept_files()) == (0, 0, [])

    def test_strangers_and_viewers_may_not(self, client: APIClient, home: Path) -> None:
        viewer = signed_in(make_user(role="viewer"))

        assert [sent(APIClient()).status_code, sent(viewer).status_code] == [401, 403]

    def test_an_idempotency_key_starts_one_run(self, client: APIClient) -> None:
        answers = []
        for _ in range(2):
            file = SimpleUploadedFile("clip.wav", wav())
            headers = {"Idempotency-Key": "once"}
            answers.append(client.post(ANALYZE, {"media": file}, format="multipart", headers=headers))

        assert [answer.status_code for answer in answers] == [202, 202]
        assert answers[0]["Location"] == answers[1]["Location"]
        assert Run.objects.count() == 1


@pytest.mark.django_db(transaction=True)
class TestWaiting:
    @pytest.fixture
    def server(self, start_server: Callable[..., Server], home: Path) -> Server:
        return start_server(ASSAY_HOME=str(home))

    @pytest.fixture
    async def program(self, server: Server) -> AsyncIterator[httpx.AsyncClient]:
        user = await ask(make_user)
        _, key = await ask(credentials.issue_api_key, user)
        headers = {"X-API-Key": key}
        async with httpx.AsyncClient(
            base_url=server.url, headers=headers, trust_env=False, timeout=60
        ) as one:
            yield one

    @staticmethod
    def posting(
        program: httpx.AsyncClient, prefer: str, path: str = ANALYZE
    ) -> "asyncio.Task[httpx.Response]":
        files, data = {"media": ("clip.wav", wav())}, {"mediaId": "m-17", "userId": "ana"}
        sending = program.post(path, files=files, data=data, headers={"Prefer": prefer})
        return asyncio.create_task(sending)  # type: ignore[arg-type]  # a coroutine

    @pytest.mark.parametrize("path", ["/analyze", "/analyze/"])
    async def test_a_run_that_ends_in_time_is_answered(self, program: httpx.AsyncClient, path: str) -> None:
        posting = self.posting(program, "wait=40", path)
        run = await eventually(lambda: ask(Run.objects.first), what="the run waits")

        await ask(succeed, run)
        answer = await posting

        body = answer.json()
        assert answer.status_code == 200
        assert "location" not in answer.headers
        assert answer.headers["preference-applied"] == "wait"
        assert (body["success"], body["model_used"]) == (True, "meso4, aasist-l")
        assert (body["media_id"], body["user_id"]) == ("m-17", "ana")
        data = body["data"]
        assert (data["prediction"], data["confidence"], data["outcome"]) == ("FAKE", 0.93, "strong_signs")
        assert [one["detector"] for one in data["results"]] == ["meso4", "aasist-l"]

    async def test_a_cancelled_run_is_no_success(self, program: httpx.AsyncClient) -> None:
        posting = self.posting(program, "respond-async, wait=40")
        run = await eventually(lambda: ask(Run.objects.first), what="the run waits")

        await ask(queue.request_cancel, run, by=None)
        answer = await posting

        assert (answer.status_code, answer.json()["success"]) == (200, False)
        assert (answer.json()["data"]["state"], answer.json()["data"]["prediction"]) == ("cancelled", None)

    async def test_those_that_do_not_are_answered_with_their_address(
        self, program: httpx.AsyncClient
    ) -> None:
        said = ("wait=1", "wait=0", "wait=-3", "wait=x", "respond-async", "wait")

        async with asyncio.timeout(40):
            answers = [await self.posting(program, prefer) for prefer in said]

        places = {f"/api/v1/runs/{run.pk}/" for run in await ask(lambda: list(Run.objects.all()))}
        assert [answer.status_code for answer in answers] == [202] * len(said)
        assert {answer.headers["location"] for answer in answers} == places
        assert {answer.json()["data"]["state"] for answer in answers} == {"queued"}

    async def test_many_that_wait_hold_up_nobody(self, program: httpx.AsyncClient) -> None:
        waiting = [self.posting(program, "wait=50") for _ in range(12)]
        await eventually(lambda: runs(12), limit=40, what="all are waiting")

        async with asyncio.timeout(5):
            listed = await program.get("/api/v1/runs/")
        for run in await ask(lambda: list(Run.objects.all())):
            await ask(queue.request_cancel, run, by=None)

        assert listed.json()["count"] == 12
        assert [(await one).status_code for one in waiting] == [200] * 12

    async def test_a_client_that_leaves_is_waited_for_no_more(self) -> None:
        run = await ask(make_run)
        sent: list[Any] = []

        async def pages(scope: Any, receive: Any, send: Any) -> None:
            headers = [(b"assay-run", str(run.pk).encode())]
            await send({"type": "http.response.start", "status": 202, "headers": headers})
            await send({"type": "http.response.body", "body": b"{}"})

        async def leaving() -> dict[str, str]:
            return {"type": "http.disconnect"}

        async def send(message: Any) -> None:
            sent.append(message)

        scope = {"type": "http", "method": "POST", "path": ANALYZE, "headers": [(b"prefer", b"wait=60")]}
        async with asyncio.timeout(5):
            await answering_late(pages)(scope, leaving, send)

        assert sent == []


async def runs(count: int) -> bool:
    return await ask(Run.objects.count) == count


def succeed(run: Run) -> None:
    """What a worker would leave."""
    fields = {"version": "1", "family": "x", "seconds": 1.0, "attempt": run.lease.attempt}
    verdict = {"score": 0.93, "band": "strong_signs", "scored": 10, "sampled": 10, "unit": "frames"}
    Result.objects.create(run=run, detector="meso4", **fields, **verdict)
    Result.objects.create(run=run, detector="aasist-l", reason="no_sound", **fields)
    Run.objects.filter(pk=run.pk).update(state="succeeded", outcome="strong_signs", sentence="Strong signs.")
