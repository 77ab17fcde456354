"""What the desk did not keep up with is summed by the hour, apart from a camera's outages."""

from typing import Any

import pytest
from django.test import Client
from rest_framework.test import APIClient

from accounts.models import User
from analysis.models import Camera
from realtime import log
from realtime.log import Draft
from tests.analysis.cameras.conftest import MakeCamera

pytestmark = pytest.mark.django_db(transaction=True)


def gap(begins: float, ends: float, frames: int = 0, **data: Any) -> Draft:
    span = {"from_seconds": begins, "to_seconds": ends, "frames": frames, "reason": "too slow"}
    return Draft("camera.gap", "Nothing was looked at.", span | data)


@pytest.fixture
def starved(make_camera: MakeCamera) -> Camera:
    """It went once, and was not kept up with very often."""
    camera = make_camera(enabled=True)
    log.append(camera.topic_id, [Draft("camera.offline", "It went.", {"reason": "x", "retry_seconds": 1})])
    log.append(camera.topic_id, [gap(n, n + 1.5, 14, detector="anpr") for n in range(40)])
    log.append(camera.topic_id, [gap(1, 1, events=0), gap(1, 50, events=7)])
    return camera


def test_statistics_sum_what_was_missed_by_the_hour_and_detector(client: APIClient, starved: Camera) -> None:
    missed = client.get(f"/api/v1/cameras/{starved.pk}/stats/").json()["missed"]

    by_detector: dict[str, list[float]] = {}
    for one in missed:
        assert one["hour"].endswith(":00:00Z")
        sums = by_detector.setdefault(one["detector"], [0, 0, 0, 0])
        sums[:] = [
            sums[0] + one["times"],
            sums[1] + one["seconds"],
            sums[2] + one["frames"],
            sums[3] + one["events"],
        ]
    assert by_detector == {"anpr": [40, 60.0, 560, 0], "": [0, 0, 0, 7]}
    assert len(missed) <= 4


def test_the_page_lists_outages_apart_from_what_the_desk_did_not_keep_up_with(
    starved: Camera, analyst: User
) -> None:
    reader = Client()
    reader.force_login(analyst)

    page = reader.get(f"/cameras/{starved.key}/").content.decode()

    outages, missed = page.split("When it came and went")[1].split("did not keep up with")[:2]
    assert "It went." in outages
    assert "Nothing was looked at" not in page
    assert "Number plates" in missed
    assert "7 events left out" in missed


def test_a_camera_that_was_kept_up_with_misses_nothing(client: APIClient, make_camera: MakeCamera) -> None:
    camera = make_camera(enabled=True)

    assert client.get(f"/api/v1/cameras/{camera.pk}/stats/").json()["missed"] == []
