"""Every broken file we have: refused clearly, or taken for a run that will say why it cannot be assessed."""

from collections.abc import Callable
from pathlib import Path

import pytest
from rest_framework.test import APIClient

from analysis.models import Media
from tests.analysis.intake import send
from tests.conftest import SHARED

pytestmark = pytest.mark.django_db
FOLDER = SHARED / "media" / "corrupt"
NAMES = sorted(path.name for path in FOLDER.iterdir()) if FOLDER.is_dir() else []
REFUSED = {"derived_empty.mp4": (422, "empty_file"), "derived_text.mp4": (415, "not_media")}


@pytest.mark.parametrize("name", NAMES)
def test_a_broken_file_is_refused_or_taken(
    client: APIClient, media_dir: Path, kept_files: Callable[[], list[Path]], name: str
) -> None:
    content = (media_dir / "corrupt" / name).read_bytes()

    answer = send(client, content, name)

    if name in REFUSED:
        assert (answer.status_code, answer.json()["code"]) == REFUSED[name]
    else:
        assert answer.status_code in (201, 422)
    assert len(kept_files()) == Media.objects.count() == (answer.status_code == 201)


def test_a_picture_named_as_a_video_is_a_picture(client: APIClient, media_dir: Path) -> None:
    body = send(client, (media_dir / "corrupt" / "derived_jpg_named.mp4").read_bytes(), "x.mp4").json()

    assert (body["kind"], body["media_type"]) == ("image", "image/jpeg")


def test_a_file_that_cannot_be_read_is_kept_for_its_run_to_say_so(client: APIClient, media_dir: Path) -> None:
    answer = send(client, (media_dir / "corrupt" / "derived_truncated_noend.mp4").read_bytes(), "cut.mp4")

    assert answer.status_code == 201
    assert answer.json()["facts"] is None
    assert answer.json()["run"]["state"] == "queued"
