"""Calibrations on record count for later runs, are shown on cards, and are named when they are stale."""

from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from django.test import Client
from rest_framework.test import APIClient

from analysis import models
from analysis.calibrations import load_calibrations, store
from analysis.engine.registry import Registry
from analysis.engine.types import Condition
from analysis.engine.weights import WeightStore
from analysis.models import DetectorCard, Run, Worker
from analysis.worker.examiner import Examiner
from analysis.worker.rows import publish_cards
from analysis.worker.slot import Line
from tests import trouble_detectors
from tests.analysis.engine.plugins import card
from tests.calibrations import good_calibration
from tests.factories import make_user
from tests.flows import workers

pytestmark = pytest.mark.django_db

CALM = next(card for card in trouble_detectors.cards() if card.name == "calm")


@pytest.fixture
def registry() -> Registry:
    return Registry.of([trouble_detectors], WeightStore(Path("/nowhere")))


def shown(client: APIClient, name: str) -> Any:
    (found,) = [one for one in client.get("/api/v1/detectors/").json()["results"] if one["name"] == name]
    return found["calibration"]


def test_the_latest_that_was_stored_counts() -> None:
    first, second = good_calibration(card()), good_calibration(card(version="1.1"))
    store(first)
    store(second)

    assert load_calibrations() == {"plain": second}
    store(first)
    assert load_calibrations() == {"plain": first}
    assert models.Calibration.objects.count() == 2


@pytest.mark.parametrize("body", ["{}", "", '{"detector": "plain"}'])
def test_a_row_that_was_tampered_with_counts_for_nothing_and_stops_nobody(body: str) -> None:
    store(good_calibration(card()))
    store(good_calibration(card("other")))
    models.Calibration.objects.filter(detector="plain").update(body=body)

    assert set(load_calibrations()) == {"other"}


def test_a_row_of_another_detector_counts_for_nothing() -> None:
    store(good_calibration(card()))
    models.Calibration.objects.update(detector="other")

    assert load_calibrations() == {}


def test_the_card_shows_what_was_measured(client: APIClient, registry: Registry) -> None:
    publish_cards(registry.states())
    found = good_calibration(CALM, condition=Condition(short_side_px=240.0))
    store(found)

    calibration = shown(client, "calm")

    assert (calibration["digest"], calibration["stale"]) == (found.digest, None)
    assert calibration["files"] == {"manipulated": 60, "unmanipulated": 60}
    assert calibration["auc"]["value"] == 1.0
    assert [row["title"] for row in calibration["rows"]] == ["shorter side in px below 360"]
    assert calibration["sentence"].startswith("Measured here on 60 manipulated and 60 unmanipulated files")
    assert shown(client, "slow") is None


def test_a_calibration_of_another_version_is_shown_as_stale(client: APIClient, registry: Registry) -> None:
    publish_cards(registry.states())
    store(good_calibration(CALM))
    row = DetectorCard.objects.get(name="calm")
    row.card["version"] = "2.0"
    row.save()

    assert shown(client, "calm")["stale"] == "made for another version"


def test_a_flag_among_few_manipulated_files_is_worth_little(client: APIClient, registry: Registry) -> None:
    publish_cards(registry.states())
    store(good_calibration(CALM))

    rare = client.get("/api/v1/detectors/calm/base-rate/", {"rate": "0.001"}).json()
    common = client.get("/api/v1/detectors/calm/base-rate/", {"rate": "0.5"}).json()

    assert (rare["detector"], rare["base_rate"]) == ("calm", 0.001)
    assert rare["low"] < 0.05
    assert common["low"] > 0.8


@pytest.mark.parametrize("rate", ["", "x", "-0.1", "1.1", "nan", "inf"])
def test_a_base_rate_that_is_no_share_is_refused(client: APIClient, registry: Registry, rate: str) -> None:
    publish_cards(registry.states())
    store(good_calibration(CALM))
    address = "/api/v1/detectors/calm/base-rate/"

    assert client.get(address, {"rate": "0.1"}).status_code == 200
    assert client.get(address, {"rate": rate}).status_code == 400


def test_a_flag_of_an_uncalibrated_or_unknown_detector_has_no_worth(
    client: APIClient, registry: Registry
) -> None:
    publish_cards(registry.states())
    store(good_calibration(card("calm", version="0.9")))

    stale = client.get("/api/v1/detectors/calm/base-rate/", {"rate": "0.1"})
    never = client.get("/api/v1/detectors/slow/base-rate/", {"rate": "0.1"})

    assert (stale.status_code, stale.json()["code"]) == (409, "uncalibrated")
    assert never.status_code == 409
    assert client.get("/api/v1/detectors/none/base-rate/", {"rate": "0.1"}).status_code == 404


def test_the_page_of_detectors_shows_it(registry: Registry) -> None:
    browser = Client()
    browser.force_login(make_user(email="ana@example.org"))
    publish_cards(registry.states())
    store(good_calibration(CALM))

    text = browser.get("/detectors/").content.decode()

    assert "Measured here on 60 manipulated and 60 unmanipulated files" in text
    assert "None here: its scores lift an outcome" in text


@pytest.mark.django_db(transaction=True)
def test_a_run_after_it_was_stored_says_what_an_earlier_one_could_not(
    home: Path, tmp_path: Path, registry: Registry
) -> None:
    worker: UUID = Worker.objects.create(host="here", pid=1, device="cpu").pk
    with Path("/dev/null").open("wb") as nowhere:
        examiner = Examiner(worker, 0, registry, 1, Line(nowhere.fileno()))
        clip = workers.make_clip(tmp_path, seconds=1.0)
        before, after = workers.ask(clip, "calm"), workers.ask(clip, "calm")
        examiner.examine(str(before.pk))
        store(good_calibration(CALM))
        examiner.examine(str(after.pk))

    bands = [Run.objects.get(pk=run.pk).results.get().band for run in (before, after)]
    assert bands == ["uncalibrated", "no_signs"]
