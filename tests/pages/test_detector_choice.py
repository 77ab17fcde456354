"""Detectors can be ticked one by one, in groups, behind a fold that says how many are."""

import re

import pytest
from django.test import Client

from tests.factories import make_user
from tests.pages.conftest import make_card

pytestmark = pytest.mark.django_db


@pytest.fixture
def cards(db: None) -> None:
    """Of each group one; two of sound, of which one is off."""
    make_card("spectrum", title="Power spectrum", subject="picture", consumes="frames", by_default=True)
    make_card("meso4", title="Meso-4", subject="face", consumes="faces", by_default=True)
    make_card("minifasnet", title="Replay", subject="presentation", consumes="faces")
    make_card(
        "aasist", subject="sound", consumes="sound", by_default=True, available=False, reason="No file."
    )
    make_card("hum", title="Hum", subject="sound", consumes="sound", by_default=True)
    make_card("metadata", subject="file", consumes="file", by_default=True)
    make_card("motion", subject="footage", consumes="footage", by_default=False, forensic=False)
    make_card("plugin", title="Plug-in", subject="hands", consumes="frames")


def fold(browser: Client) -> str:
    text = re.sub(r"\s+", " ", browser.get("/").content.decode())
    return text.split('id="choose-detectors"')[1].split("</details>", maxsplit=1)[0]


def named(group: str) -> list[str]:
    return re.findall(r"<strong>([^<]+)</strong>", group)


def test_detectors_stand_in_groups_of_what_they_look_at_those_that_are_off_last(
    browser: Client, cards: None
) -> None:
    groups = fold(browser).split("<fieldset")[1:]

    titles = [re.findall(r"<legend>(.*?) <span", group)[0] for group in groups]
    assert titles == ["Faces", "Picture", "Sound", "The file itself", "What happens in footage"]
    assert [named(group) for group in groups] == [
        ["Meso-4", "Replay"],
        ["Plug-in", "Power spectrum"],
        ["Hum", "Aasist"],
        ["Metadata"],
        ["Motion"],
    ]


def test_the_fold_is_shut_and_says_how_many_are_ticked(browser: Client, cards: None) -> None:
    said = fold(browser)

    assert not said.split(">", maxsplit=1)[0].strip()  # no `open`
    assert re.findall(r"\((\d+ of \d+)\)", said) == [
        "4 of 8",
        "1 of 2",
        "1 of 2",
        "1 of 2",
        "1 of 1",
        "0 of 1",
    ]
    ticked = re.findall(r'value="([\w-]+)" autocomplete="off" checked', said)
    assert ticked == ["meso4", "spectrum", "hum", "metadata"]


def test_what_is_off_says_why_and_cannot_be_ticked(browser: Client, cards: None) -> None:
    said = fold(browser)

    assert 'value="aasist" autocomplete="off" disabled' in said
    assert "Off: No file." in said


def test_who_may_not_examine_reads_the_same_without_boxes(client: Client, cards: None) -> None:
    client.force_login(make_user(role="viewer"))

    said = fold(client)

    assert "<input" not in said
    assert "Off: No file." in said
    assert "Power spectrum" in named(said)


def test_before_a_worker_started_there_is_nothing_to_choose(browser: Client) -> None:
    text = browser.get("/").content.decode()

    assert "choose-detectors" not in text
    assert "No worker has started yet" in text
