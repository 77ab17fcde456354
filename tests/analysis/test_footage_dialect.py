"""Canonical events as footage records, field for field."""

import json
from typing import Any

import pytest

from analysis import sightings
from analysis.dialects.footage import FootageVoice
from analysis.models import Run, Sighting
from analysis.topics import channels
from realtime import log, outside
from realtime.envelope import rfc3339
from realtime.log import Draft
from tests.analysis.footage import motion, plate, track
from tests.factories import make_run
from tests.realtime.conftest import stage

pytestmark = pytest.mark.django_db


@pytest.fixture
def run() -> Run:
    return make_run()


def record(run: Run, draft: Draft) -> dict[str, Any]:
    (line,) = log.append(run.topic_id, [draft])
    (made,) = sightings.records(list(Sighting.objects.filter(topic=run.topic_id, seq=line.seq)))
    return made


def test_a_record_has_every_field_existing_clients_read(run: Run) -> None:
    made = record(run, track("updated"))

    sighting = Sighting.objects.get()
    assert made == {
        "id": sighting.pk,
        "event_type": "tracking",
        "camera_id": f"media:{run.media_id}",
        "timestamp": rfc3339(sighting.time),
        "frame_number": 312,
        "snapshot_path": None,
        "event_data": {
            "track_id": 15,
            "tracking_action": "updated",
            "class_name": "person",
            "confidence": 0.91,
            "bounding_box": {"x": 0.25, "y": 0.5, "width": 0.25, "height": 0.375},
            "dwell_time_seconds": 4.2,
            "model_info": {"model_type": "yolox-nano", "version": "0.1.1"},
        },
        "created_at": rfc3339(sighting.created),
        "pts_seconds": 12.48,
        "topic": str(run.topic_id),
        "seq": 1,
    }
    assert type(made["id"]) is int


@pytest.mark.parametrize("action", ["entered", "updated", "left"])
def test_a_tracks_type_is_its_action(run: Run, action: str) -> None:
    made = record(run, track(action))

    assert (made["event_type"], made["event_data"]["tracking_action"]) == ("tracking", action)


@pytest.mark.parametrize("action", ["started", "ended"])
def test_motion_says_how_much_and_where_much_is(run: Run, action: str) -> None:
    made = record(run, motion(action))

    assert made["event_type"] == "motion"
    assert made["event_data"] == {
        "motion_action": action,
        "motion_intensity": 0.4,
        "affected_area_percentage": 12.5,
    }


def test_a_plate_is_told_as_it_was_read(run: Run) -> None:
    made = record(run, plate("AB-12 CDE"))

    assert made["event_type"] == "anpr"
    assert made["event_data"] == {
        "anpr_result": {"license_plate": "AB-12 CDE", "confidence": 0.8, "region": "gb"}
    }


def test_what_the_data_does_not_say_is_null(run: Run) -> None:
    nothing = [
        record(run, Draft(kind)) for kind in ("track.entered", "track.left", "motion.ended", "plate.read")
    ]

    assert [made["frame_number"] for made in nothing] == [None] * 4
    entered, left, ended, read = (made["event_data"] for made in nothing)
    assert entered == {
        "track_id": None,
        "tracking_action": "entered",
        "class_name": None,
        "confidence": None,
        "bounding_box": None,
        "dwell_time_seconds": 0.0,
        "model_info": {"model_type": None, "version": None},
    }
    assert left["dwell_time_seconds"] is None
    assert (ended["motion_intensity"], ended["affected_area_percentage"]) == (None, None)
    assert read == {"anpr_result": {"license_plate": None, "confidence": None, "region": None}}


@pytest.mark.parametrize(
    ("said", "field", "told"),
    [
        ({"confidence": 1.2}, "confidence", 1.0),
        ({"confidence": -1}, "confidence", 0.0),
        ({"confidence": "high"}, "confidence", None),
        ({"confidence": True}, "confidence", None),
        ({"box": [0.5, 0.5, 0.25, 0.75]}, "bounding_box", None),
        ({"box": [0, 0, 1]}, "bounding_box", None),
        ({"box": [-0.5, 0, 1.5, 1]}, "bounding_box", {"x": 0.0, "y": 0.0, "width": 1.0, "height": 1.0}),
        ({"box": [0.1, 0.1, 0.3, 0.4]}, "bounding_box", {"x": 0.1, "y": 0.1, "width": 0.2, "height": 0.3}),
        ({"class": ""}, "class_name", None),
        ({"class": 7}, "class_name", None),
        ({"track": "a7"}, "track_id", "a7"),
        ({"dwell_seconds": -1}, "dwell_time_seconds", 0.0),
        ({"model": "yolo"}, "model_info", {"model_type": None, "version": None}),
    ],
)
def test_what_nobody_can_read_is_null_and_shares_lie_in_0_to_1(
    run: Run, said: dict[str, Any], field: str, told: Any
) -> None:
    assert record(run, track("left", **said))["event_data"][field] == told


def test_a_track_without_a_number_has_that_of_its_subject(run: Run) -> None:
    made = record(run, Draft("track.entered", subject="track/27"))

    assert made["event_data"]["track_id"] == 27


def test_a_voice_says_what_was_seen_and_nothing_else(run: Run) -> None:
    voice = FootageVoice(run.topic_id)
    events = [event_of(line.body) for line in log.append(run.topic_id, [stage(), track(), plate()])]

    said = [list(voice.hear(event)) for event in events]

    assert [[frame["event_type"] for frame in frames] for frames in said] == [[], ["tracking"], ["anpr"]]
    assert [said[1][0], said[2][0]] == sightings.records(list(Sighting.objects.order_by("seq")))


def test_a_voice_says_nothing_of_what_was_taken_away(run: Run) -> None:
    (line,) = log.append(run.topic_id, [plate()])
    log.empty(run.topic_id, 1, 1)

    assert FootageVoice(run.topic_id).hear(event_of(line.body)) == ()


def test_the_channel_of_redis_has_the_name_of_the_settings(run: Run, settings: Any) -> None:
    settings.EVENTS_CHANNEL = "cctv"

    said = {channel.name: channel for channel in channels(run.topic_id)}

    channel = said[outside.public("cctv")]
    assert isinstance(channel.voice, FootageVoice)
    assert (channel.voice.remembers, channel.kept) == (False, "")


def event_of(body: str) -> dict[str, Any]:
    event: dict[str, Any] = json.loads(body)
    return event
