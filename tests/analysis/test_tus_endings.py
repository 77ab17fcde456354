"""A resumable upload that ends while something is asked of it: a clear answer, never a broken server."""

import threading
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from rest_framework.test import APIClient

from accounts.models import User
from analysis.models import Media, Upload
from analysis.uploads import resumable
from analysis.uploads.keeping import look
from tests.analysis.conftest import signed_in
from tests.analysis.intake import wav
from tests.analysis.test_tus import TUS, begin, piece

pytestmark = pytest.mark.django_db


@pytest.fixture
def ends_while_probed(monkeypatch: pytest.MonkeyPatch) -> None:
    """The sender ends the upload (another connection) at the moment its file is looked at."""

    def look_late(received: Any) -> Any:
        for upload in Upload.objects.all():
            resumable.end(upload)
        return look(received)

    monkeypatch.setattr(resumable, "look", look_late)


def test_one_that_is_ended_during_its_last_piece_is_gone(client: APIClient, ends_while_probed: None) -> None:
    content = wav()
    address = begin(client, len(content))["Location"]

    answer = piece(client, address, 0, content)

    assert (answer.status_code, answer.json()["code"]) == (410, "upload_gone")
    assert not Media.objects.exists()


def test_an_empty_piece_after_the_last_one_changes_nothing(client: APIClient) -> None:
    content = wav()
    address = begin(client, len(content))["Location"]
    last = piece(client, address, 0, content)

    again = piece(client, address, len(content), b"")

    assert again.status_code == 204
    assert again["Assay-Media"] == last["Assay-Media"]
    assert Media.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_ended_at_any_moment_it_is_kept_or_gone(
    client: APIClient, analyst: User, kept_files: Callable[[], list[Any]]
) -> None:
    content = wav()
    codes: set[int] = set()
    for wait_seconds in (0.0, 0.02, 0.05, 0.1, 0.2):
        address = begin(client, len(content), analyze="false")["Location"]
        other = threading.Thread(target=_end_after, args=(wait_seconds, signed_in(analyst), address))
        other.start()
        codes.add(piece(client, address, 0, content).status_code)
        other.join()

    assert codes <= {204, 404, 410}
    assert len(kept_files()) == Media.objects.count()


def _end_after(seconds: float, client: APIClient, address: str) -> None:
    threading.Event().wait(seconds)
    client.raise_request_exception = False
    client.delete(address, **TUS)
    connection.close()
