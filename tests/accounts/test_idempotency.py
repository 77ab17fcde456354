"""`Idempotency-Key`: done once, answered alike."""

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connections
from django.http import Http404
from django.urls import path
from django.utils import timezone
from rest_framework.parsers import JSONParser, MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.test import APIClient
from rest_framework.views import APIView

from accounts import idempotency
from accounts.idempotency import IdempotentPost
from accounts.models import Credential, IdempotencyRecord, User
from tests.accounts.conftest import signed_in
from tests.factories import make_user

pytestmark = [pytest.mark.django_db, pytest.mark.urls(__name__)]
done: list[str] = []
may_finish = threading.Event()
started = threading.Event()


class Notes(IdempotentPost, APIView):
    parser_classes = (JSONParser, MultiPartParser)

    def post(self, request: Request) -> Response:
        text = request.data.get("text", "")
        if text == "refused":
            raise Http404
        if text == "slow":
            started.set()
            may_finish.wait(10)
        done.append(text)
        answer = {"number": len(done), "at": timezone.now(), "files": len(request.FILES)}
        return Response(answer, status=201, headers={"Location": f"/notes/{len(done)}/"})


urlpatterns = [path("notes/", Notes.as_view()), path("other/", Notes.as_view())]


@pytest.fixture(autouse=True)
def _nothing_done() -> None:
    done.clear()
    may_finish.clear()
    started.clear()


@pytest.fixture
def ana() -> APIClient:
    return signed_in(make_user())


def post(client: APIClient, text: str, key: str | None = "k1", address: str = "/notes/") -> Any:
    headers = {} if key is None else {"Idempotency-Key": key}
    return client.post(address, {"text": text}, format="json", headers=headers)


def test_the_same_write_sent_again_is_answered_alike_and_not_done_again(ana: APIClient) -> None:
    first, second = post(ana, "a"), post(ana, "a")

    assert done == ["a"]
    assert (second.status_code, second.content, second["Location"]) == (201, first.content, "/notes/1/")
    assert (first.get("Idempotency-Replayed"), second["Idempotency-Replayed"]) == (None, "true")


def test_without_a_key_every_write_is_done(ana: APIClient) -> None:
    post(ana, "a", key=None)
    post(ana, "a", key=None)

    assert done == ["a", "a"]


@pytest.mark.parametrize(("text", "address"), [("b", "/notes/"), ("a", "/other/")])
def test_the_same_key_for_another_request_is_422(ana: APIClient, text: str, address: str) -> None:
    post(ana, "a")

    answer = post(ana, text, address=address)

    assert (answer.status_code, answer.json()["code"]) == (422, "idempotency_key_reused")
    assert done == ["a"]


def test_files_count_by_their_bytes(ana: APIClient) -> None:
    def send(content: bytes) -> Any:
        body = {"text": "a", "file": SimpleUploadedFile("a.bin", content)}
        return ana.post("/notes/", body, format="multipart", headers={"Idempotency-Key": "k1"})

    statuses = [send(b"one").status_code, send(b"one").status_code, send(b"two").status_code]

    assert statuses == [201, 201, 422]


@pytest.mark.parametrize("changed", [{"Upload-Length": "9"}, {"Upload-Metadata": "filename Yg=="}])
def test_what_a_resumable_upload_says_in_headers_counts(ana: APIClient, changed: dict[str, str]) -> None:
    given = {"Idempotency-Key": "k1", "Upload-Length": "8", "Upload-Metadata": "filename YQ=="}

    statuses = [ana.post("/notes/", headers=sent).status_code for sent in (given, given, given | changed)]

    assert statuses == [201, 201, 422]


def test_keys_of_different_users_have_nothing_to_do_with_each_other(ana: APIClient) -> None:
    post(ana, "a")
    post(signed_in(make_user()), "b")

    assert done == ["a", "b"]


def test_what_was_refused_may_be_corrected_under_the_same_key(ana: APIClient) -> None:
    assert post(ana, "refused").status_code == 404
    assert post(ana, "a").status_code == 201


def test_a_key_is_forgotten_after_a_day(ana: APIClient) -> None:
    post(ana, "a")
    IdempotencyRecord.objects.update(created=timezone.now() - timedelta(hours=24, seconds=1))

    assert post(ana, "b").status_code == 201
    assert IdempotencyRecord.objects.count() == 1


@pytest.mark.parametrize("key", ["", "x" * 256, "ä"])
def test_a_key_that_is_none_is_refused(ana: APIClient, key: str) -> None:
    assert post(ana, "a", key="x" * 255).status_code == 201
    assert post(ana, "a", key=key).json()["code"] == "idempotency_key_invalid"


@pytest.mark.django_db(transaction=True)
def test_the_same_key_at_the_same_time_is_409() -> None:
    user = make_user()

    def send() -> int:
        try:
            return post(signed_in(User.objects.get(pk=user.pk)), "slow").status_code
        finally:
            connections.close_all()

    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(send)
        assert started.wait(10)
        second = post(signed_in(user), "slow")
        may_finish.set()
        third = first.result(10), post(signed_in(user), "slow").status_code

    assert (second.status_code, second.json()["code"]) == (409, "idempotency_key_in_use")
    assert third == (201, 201)
    assert done == ["slow"]


@pytest.mark.urls("config.urls")
def test_what_cannot_be_remembered_is_not_done(ana: APIClient, monkeypatch: pytest.MonkeyPatch) -> None:
    def make() -> Any:
        body = {"name": "nightly"}
        return ana.post("/api/v1/auth/api-keys/", body, format="json", headers={"Idempotency-Key": "k1"})

    with monkeypatch.context() as dying:
        dying.setattr(idempotency, "_remember", _die)
        with pytest.raises(SystemExit):
            make()
    again = make()

    assert (again.status_code, again.get("Idempotency-Replayed")) == (201, None)
    assert Credential.objects.filter(kind="api_key").count() == 1


def _die(*_: Any) -> None:
    raise SystemExit


@pytest.mark.urls("config.urls")
def test_an_api_key_is_made_once_and_its_text_is_not_kept(ana: APIClient) -> None:
    def make() -> Any:
        body = {"name": "nightly"}
        return ana.post("/api/v1/auth/api-keys/", body, format="json", headers={"Idempotency-Key": "k1"})

    first, second = make().json(), make().json()

    assert first["key"].startswith("assay_")
    assert second == {**first, "key": None}
    assert Credential.objects.filter(kind="api_key").count() == 1
