"""What footage sessions tell becomes events: all of it, in order, in words people can read."""

import json
import math
from pathlib import Path

import numpy as np
import pytest

from analysis.engine.analytics.objects import TrackAction
from analysis.engine.analytics.zones import Direction, ZoneAction
from analysis.engine.types import (
    DetectorEnded,
    FootageGap,
    NotAssessed,
    PlateSign,
    Reason,
    SourceOffline,
    SourceOnline,
)
from analysis.models import Sighting
from analysis.queue import Claim
from tests.analysis.told import PICTURE, claimed, lines, motion_told, plate_told, record, track_told
from tests.realtime.described import judge

pytestmark = pytest.mark.django_db(transaction=True)
PLACE = [0.25, 0.5, 0.5, 0.875]
UPDATED, LEFT = TrackAction.UPDATED, TrackAction.LEFT


@pytest.fixture
def claim(home: Path) -> Claim:
    return claimed()


def test_motion_begins_and_ends(claim: Claim) -> None:
    record(claim, motion_told(), motion_told(ended=True, pts_seconds=6.2, frame=155, duration_seconds=3.2))

    began, ended = lines(claim)
    assert (began.type, began.subject, began.message) == ("motion.started", "motion", "Motion started.")
    assert began.data == {
        "detector": "motion",
        "intensity": 0.4,
        "area": 0.125,
        "box": PLACE,
        "pts_seconds": 3,
        "frame": 75,
    }
    assert (ended.type, ended.message) == ("motion.ended", "Motion ended after 3.2 s.")
    assert ended.data["duration_seconds"] == 3.2


def test_who_reports_facts_is_not_said_to_lack_a_score(claim: Claim) -> None:
    said = NotAssessed(Reason.REPORTS_FACTS, "Motion once, for 3.2 of 8.0 s.")

    record(claim, DetectorEnded("motion", "1.0", "motion", None, said, 1.5, title="Motion", forensic=False))

    assert [line.message for line in lines(claim)] == ["Motion: Motion once, for 3.2 of 8.0 s."]


def test_a_track_is_told_from_entering_to_leaving(claim: Claim) -> None:
    record(
        claim,
        track_told(class_name="airplane"),
        track_told(action=UPDATED, dwell_seconds=1.0),
        track_told(action=UPDATED, still=True, dwell_seconds=4.0),
        track_told(action=LEFT, dwell_seconds=4.2),
    )

    assert [(line.type, line.subject, line.message) for line in lines(claim)] == [
        ("track.entered", "track/15", "An airplane entered."),
        ("track.updated", "track/15", "A car is in view."),
        ("track.updated", "track/15", "A car stands still."),
        ("track.left", "track/15", "A car left after 4.2 s."),
    ]
    assert lines(claim)[2].data == {
        "detector": "tracking",
        "track": 15,
        "class": "car",
        "confidence": 0.91,
        "box": PLACE,
        "pts_seconds": 12.48,
        "frame": 312,
        "dwell_seconds": 4,
        "still": True,
        "model": {"type": "yolox-nano", "version": "0.1.1"},
    }


def test_an_update_says_which_zone_or_line_is_its_reason(claim: Claim) -> None:
    record(
        claim,
        track_told(action=UPDATED, zone=("Gate", ZoneAction.ENTERED, 0.0)),
        track_told(action=UPDATED, zone=("Gate", ZoneAction.LEFT, 3.0)),
        track_told(action=UPDATED, line=("Stop line", Direction.TO_RIGHT)),
    )

    assert [line.message for line in lines(claim)] == [
        "A car entered zone Gate.",
        "A car left zone Gate after 3.0 s.",
        "A car crossed line Stop line to the right.",
    ]
    told = [line.data for line in lines(claim)]
    assert told[1]["zone"] == {"name": "Gate", "action": "left", "inside_seconds": 3}
    assert told[2]["line"] == {"name": "Stop line", "direction": "to_right"}
    assert "line" not in told[1] and "zone" not in told[2]


def test_a_plate_is_told_with_all_that_is_known_of_it(claim: Claim) -> None:
    record(
        claim,
        plate_told(
            track=15,
            vehicle_class="car",
            vehicle_box=(0.0, 0.25, 1.0, 1.0),
            candidates=(("AB12CDE", 0.8), ("A812CDE", 0.2)),
            regions=("gb", "gg"),
            reads=4,
            doubt="only one read",
        ),
    )

    (line,) = lines(claim)
    assert (line.type, line.subject, line.message) == (
        "plate.read",
        "AB12CDE",
        "Plate AB12 CDE was read.",
    )
    assert line.data == {
        "detector": "anpr",
        "plate": "AB12CDE",
        "written": "AB12 CDE",
        "signs": [{"sign": "A", "confidence": 0.99}, {"sign": "0", "confidence": 0.8, "read_as": "O"}],
        "candidates": [{"plate": "AB12CDE", "weight": 0.8}, {"plate": "A812CDE", "weight": 0.2}],
        "confidence": 0.8,
        "region": "gb",
        "regions": ["gb", "gg"],
        "box": PLACE,
        "pts_seconds": 7,
        "frame": 175,
        "track": 15,
        "vehicle": {"class": "car", "box": [0, 0.25, 1, 1]},
        "reads": 4,
        "doubt": "only one read",
    }


def test_a_source_says_when_it_comes_and_goes_and_what_was_missed(claim: Claim) -> None:
    record(
        claim,
        SourceOnline(1920, 1080, 25.0, "h264"),
        SourceOffline("It gives nothing any more.", 5.0),
        SourceOnline(1920, 1080, None, "h264", 12.0),
        FootageGap(12.0, 14.5, 62, "The desk is too slow."),
        FootageGap(15.0, 17.0, 19, "The desk is too slow.", detector="anpr"),
    )

    assert [(line.type, line.message) for line in lines(claim)] == [
        ("camera.online", "The camera gives pictures."),
        ("camera.offline", "The camera gives no pictures: It gives nothing any more."),
        ("camera.online", "The camera gives pictures again after 12.0 s."),
        ("camera.gap", "Nothing was looked at from 12.0 to 14.5 s: The desk is too slow."),
        ("camera.gap", "anpr did not look from 15.0 to 17.0 s: The desk is too slow."),
    ]
    assert [line.data for line in lines(claim)] == [
        {"width": 1920, "height": 1080, "fps": 25, "codec": "h264", "offline_seconds": None},
        {"reason": "It gives nothing any more.", "retry_seconds": 5},
        {"width": 1920, "height": 1080, "fps": None, "codec": "h264", "offline_seconds": 12},
        {"from_seconds": 12, "to_seconds": 14.5, "frames": 62, "reason": "The desk is too slow."},
        {
            "from_seconds": 15,
            "to_seconds": 17,
            "frames": 19,
            "reason": "The desk is too slow.",
            "detector": "anpr",
        },
    ]
    assert not Sighting.objects.exists()


def test_nothing_of_footage_is_left_out_however_fast_it_comes(claim: Claim) -> None:
    record(claim, *[track_told(action=UPDATED, frame=number) for number in range(1000)])

    assert [line.data["frame"] for line in lines(claim)] == list(range(1000))
    assert Sighting.objects.filter(topic=claim.topic).count() == 1000


def test_it_is_found_as_what_it_is(claim: Claim) -> None:
    record(claim, motion_told(), track_told(), plate_told())

    seen = Sighting.objects.order_by("seq").values_list("event_type", "object_class", "plate", "confidence")
    assert list(seen) == [
        ("motion", "", "", None),
        ("tracking", "car", "", 0.91),
        ("anpr", "", "AB12CDE", 0.8),
    ]


def test_numbers_and_texts_no_event_could_hold_are_made_plain(claim: Claim) -> None:
    record(
        claim,
        motion_told(intensity=math.nan, frame=np.int64(7), area=np.float32(0.5)),  # as sessions compute
        track_told(class_name="a\0b" + "x" * 5000, model=("m" * 5000, "\ud800")),
        plate_told(
            plate="A" * 5000,
            written="",
            signs=(PlateSign("A", math.inf),) * 5000,
            candidates=(("B" * 5000, 0.1),) * 5000,
            regions=("r" * 5000,) * 5000,
            doubt="d" * 50_000,
        ),
        FootageGap(0.0, 1.0, 1, "r" * 50_000),
    )

    motion, track, plate, gap = lines(claim)
    assert (motion.data["intensity"], motion.data["frame"], motion.data["area"]) == (None, 7, 0.5)
    assert (track.data["class"][:3], len(track.data["class"])) == ("a�b", 64)
    assert (len(plate.data["plate"]), len(plate.data["signs"]), plate.data["signs"][0]["confidence"]) == (
        64,
        32,
        None,
    )
    assert len(gap.data["reason"]) == 500


def test_every_event_is_what_the_description_of_our_sockets_says(claim: Claim) -> None:
    record(
        claim,
        motion_told(snapshot=PICTURE),
        motion_told(ended=True, duration_seconds=3.2),
        track_told(action=UPDATED, zone=("Gate", ZoneAction.LEFT, 3.0)),
        track_told(action=UPDATED, line=("Gate", Direction.TO_LEFT)),
        plate_told(vehicle_class="car", candidates=(("AB12CDE", 1.0),)),
        SourceOnline(1920, 1080, None, "h264"),
        SourceOffline("It gives nothing any more.", 5.0),
        FootageGap(12.0, 14.5, 62, "The desk is too slow."),
    )

    described = judge("#/components/schemas/Event")
    told = [json.loads(line.body) for line in lines(claim)]
    assert [fault.message for event in told for fault in described.iter_errors(event)] == []
