"""Samples beside the drop area: drawn on demand, examined like any other file, explained before and after."""

from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.utils.html import escape

from accounts.models import User
from analysis import samples
from analysis.engine.sample import MESH, SAMPLES, SOUND, Sample
from analysis.models import Media, Run
from tests.factories import make_media, make_user
from tests.pages.conftest import leased_run

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def home(settings: Any, tmp_path: Path) -> Path:
    settings.ASSAY_HOME = tmp_path
    return tmp_path


def test_each_sample_says_what_to_learn_before_it_is_examined(browser: Client) -> None:
    text = browser.get("/").content.decode()

    assert all(escape(sample.explanation) in text for sample in SAMPLES)
    assert text.count("Examine this sample:") == len(SAMPLES)
    assert "A known mistake" in text


@pytest.mark.parametrize("sample", [MESH, SOUND], ids=lambda sample: sample.file)
def test_a_sample_goes_the_way_of_any_file_and_its_run_explains_it(
    browser: Client, ana: User, home: Path, sample: Sample
) -> None:
    answer = browser.post(f"/samples/{sample.file}/")

    run = Run.objects.get()
    assert answer["Location"] == f"/runs/{run.pk}/"
    assert (run.owner, run.state, run.media.filename) == (ana, "queued", sample.file)
    assert run.media.facts
    assert escape(sample.explanation) in browser.get(answer["Location"]).content.decode()


def test_pressing_twice_starts_one_run_of_one_file(browser: Client, home: Path) -> None:
    first, second = (browser.post(f"/samples/{SOUND.file}/")["Location"] for _ in range(2))
    Run.objects.update(state="succeeded")
    third = browser.post(f"/samples/{SOUND.file}/")["Location"]

    assert first == second != third
    assert Media.objects.count() == 1


def test_a_file_that_only_has_the_name_of_a_sample_is_none(browser: Client, ana: User, home: Path) -> None:
    samples.draw(SOUND)
    run = leased_run(media=make_media(owner=ana, filename=SOUND.file))

    assert SOUND.explanation not in browser.get(f"/runs/{run.pk}/").content.decode()


def test_a_sample_that_cannot_be_drawn_says_so(browser: Client, home: Path) -> None:
    (home / "samples").write_text("no folder")

    answer = browser.post(f"/samples/{SOUND.file}/", follow=True)

    assert f"{SOUND.file} could not be drawn" in answer.content.decode()
    assert Run.objects.count() == 0


def test_only_samples_only_by_post_and_only_for_who_may_examine(browser: Client, client: Client) -> None:
    assert browser.post("/samples/passwd/").status_code == 404
    assert browser.get(f"/samples/{SOUND.file}/").status_code == 405
    client.force_login(make_user(role="viewer"))
    assert client.post(f"/samples/{SOUND.file}/").status_code == 403
    assert "Examine this sample" not in client.get("/").content.decode()
