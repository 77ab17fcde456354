"""The cards of the detectors."""

import pytest
from django.test import Client

from tests.pages.conftest import make_card

pytestmark = pytest.mark.django_db


def test_a_card_says_what_it_sees_what_it_cannot_and_whose_it_is(browser: Client) -> None:
    make_card(
        "meso4", paper="Afchar et al. 2018", licence="Apache-2.0", weights="m.h5", weights_sha256="ab" * 32
    )

    text = browser.get("/detectors/").content.decode()

    assert all(part in text for part in ("Texture.", "Sound.", "Afchar et al. 2018", "Apache-2.0", "ab" * 32))


def test_every_weight_file_is_named(browser: Client) -> None:
    make_card("two", weights="encoder.pt", weights_sha256="cd" * 32, further_weights=["decoder.pt"])

    text = browser.get("/detectors/").content.decode()

    assert "encoder.pt" in text
    assert "decoder.pt" in text


def test_before_any_worker_has_started_the_page_says_so(browser: Client) -> None:
    assert "No worker has started yet" in browser.get("/detectors/").content.decode()


def test_detectors_that_can_run_come_first(browser: Client) -> None:
    make_card("a-missing", available=False, reason="Its weights are not installed.")
    make_card("b-here")

    text = browser.get("/detectors/").content.decode()

    assert text.index("B-Here") < text.index("A-Missing")
    assert "Its weights are not installed." in text
