"""Why a file was deleted is kept; what cannot be kept is refused, and the file stays."""

import pytest
from rest_framework.test import APIClient

from analysis.models import Media, Tombstone
from tests.analysis.intake import MEDIA, send, wav

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("reason", ["%00", "a%00b"])
def test_a_null_character_is_refused(client: APIClient, reason: str) -> None:
    media = send(client, wav(), analyze="false").json()["id"]

    answer = client.delete(f"{MEDIA}{media}/?reason={reason}")

    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (400, "reason")
    assert Media.objects.filter(pk=media).exists()


def test_other_words_are_kept(client: APIClient) -> None:
    media = send(client, wav(), analyze="false").json()["id"]

    assert client.delete(f"{MEDIA}{media}/?reason=sent%20by%20mistake").status_code == 204

    assert Tombstone.objects.get(pk=media).reason == "sent by mistake"
