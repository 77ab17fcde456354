"""A file that somebody deletes between the question and the answer is not found; nothing breaks."""

from typing import Any

import pytest
from django.test import Client
from rest_framework.test import APIClient

from accounts.models import User
from analysis.models import Media, Run
from analysis.uploads.removal import remove
from tests.analysis.intake import MEDIA, send, wav

pytestmark = pytest.mark.django_db


@pytest.fixture
def media_id(client: APIClient, analyst: User, monkeypatch: pytest.MonkeyPatch) -> str:
    """A file that is gone as soon as it was looked up."""
    kept: str = send(client, wav(), analyze="false").json()["id"]
    look_up = Media.from_db.__func__  # type: ignore[attr-defined]  # a class method

    def looked_up_and_deleted(cls: type[Media], *row: Any) -> Media:
        monkeypatch.undo()
        found: Media = look_up(cls, *row)
        remove(Media.objects.get(pk=found.pk), by=analyst)
        return found

    monkeypatch.setattr(Media, "from_db", classmethod(looked_up_and_deleted))
    return kept


def test_it_cannot_be_examined(client: APIClient, media_id: str) -> None:
    answer = client.post("/api/v1/runs/", {"media": media_id}, format="json")

    assert answer.status_code == 404
    assert not Run.objects.exists()


def test_it_cannot_be_described(client: APIClient, media_id: str) -> None:
    answer = client.patch(f"{MEDIA}{media_id}/", {"description": "x"}, format="json")

    assert answer.status_code == 404


def test_its_page_says_so(client: APIClient, analyst: User) -> None:
    run = send(client, wav()).json()["run"]["id"]
    client.post(f"/api/v1/runs/{run}/cancel/")
    Media.objects.all().delete()
    browser = Client()
    browser.force_login(analyst)

    assert browser.post(f"/runs/{run}/again/").status_code == 404
