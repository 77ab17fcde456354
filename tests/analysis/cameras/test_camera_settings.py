"""How a camera is watched: what is taken, what is refused with which reason, what the engine gets."""

from math import cos, sin, tau
from typing import Any

import pytest

from analysis.cameras.watching import BadSettings, footage_settings, read
from analysis.engine.types.footage import FootageSettings, SnapshotPolicy

SQUARE = [[0.1, 0.1], [0.5, 0.1], [0.5, 0.5], [0.1, 0.5]]

# 52 points, so that ten have more than all outlines together may
ROUND = [[0.5 + 0.4 * cos(tau * n / 52), 0.5 + 0.4 * sin(tau * n / 52)] for n in range(52)]


def test_as_many_points_as_may_be_are_taken() -> None:
    zones = [{"name": str(n), "polygon": ROUND} for n in range(9)]

    assert len(read({"zones": zones}).zones) == 9


def test_nothing_said_is_the_engines_own_way() -> None:
    assert footage_settings(read({})) == FootageSettings()


def test_all_that_is_said_reaches_the_engine() -> None:
    said = {
        "detectors": ["tracking", "anpr"],
        "classes": ["car"],
        "confidence": 0.4,
        "frame_skip": 2,
        "max_fps": 5,
        "zones": [{"name": "yard", "polygon": SQUARE}],
        "lines": [{"name": "gate", "start": [0, 0.5], "end": [1, 0.5]}],
        "masks": [{"name": "tree", "polygon": SQUARE}],
        "black_out_masks": True,
        "least_area_percentage": 2.5,
        "motion_cooldown_seconds": 3,
        "track_buffer_seconds": 4,
        "least_dwell_seconds": 5,
        "plate_cooldown_seconds": 6,
        "plate_regions": ["DE", "AT"],
        "snapshots": "all",
        "finder": "yolox_nano",
    }

    settings = footage_settings(read(said))

    assert (settings.classes, settings.confidence, settings.frame_skip) == (frozenset({"car"}), 0.4, 2)
    assert (settings.max_fps, settings.least_area_percentage, settings.finder) == (5, 2.5, "yolox_nano")
    assert (settings.motion_cooldown_seconds, settings.track_buffer_seconds) == (3, 4)
    assert (settings.least_dwell_seconds, settings.plate_cooldown_seconds) == (5, 6)
    assert (settings.plate_regions, settings.snapshots) == (("DE", "AT"), SnapshotPolicy.ALL)
    assert [(zone.name, zone.polygon.points[2]) for zone in settings.zones] == [("yard", (0.5, 0.5))]
    assert [(line.name, line.end) for line in settings.lines] == [("gate", (1, 0.5))]
    assert settings.black_out_masks
    assert settings.masks == (((0.1, 0.1), (0.5, 0.1), (0.5, 0.5), (0.1, 0.5)),)


@pytest.mark.parametrize(
    ("said", "field"),
    [
        ({"speed": 1}, "speed"),
        ({"zones": [{"name": "a", "polygon": SQUARE, "colour": "red"}]}, "zones.0.colour"),
        ({"zones": [{"name": "a", "polygon": SQUARE[:2]}]}, "zones.0.polygon"),
        ({"zones": [{"name": "a", "polygon": [[0, 0], [1, 1], [1, 0], [0, 1]]}]}, "zones.0"),
        ({"zones": [{"name": "a", "polygon": [[0, 0], [0.5, 0.5], [1, 1]]}]}, "zones.0"),
        ({"zones": [{"name": "a", "polygon": [[0, 0], [1.1, 0], [1, 1]]}]}, "zones.0.polygon.1.0"),
        ({"zones": [{"name": "a", "polygon": [[0, float("nan")], [1, 0], [1, 1]]}]}, "zones.0.polygon.0.1"),
        ({"zones": [{"name": "a", "polygon": [[0, 0, 0], [1, 0], [1, 1]]}]}, "zones.0.polygon.0"),
        ({"zones": [{"name": "", "polygon": SQUARE}]}, "zones.0.name"),
        ({"zones": [{"name": "a\nb", "polygon": SQUARE}]}, "zones.0.name"),
        ({"zones": [{"name": "a", "polygon": SQUARE}] * 2}, "settings"),
        ({"masks": [{"name": str(n), "polygon": SQUARE} for n in range(33)]}, "masks"),
        (
            {what: [{"name": str(n), "polygon": ROUND} for n in range(5)] for what in ("zones", "masks")},
            "settings",
        ),
        ({"masks": [{"name": "a", "polygon": [[n / 100, 0.5] for n in range(65)]}]}, "masks.0.polygon"),
        ({"lines": [{"name": "a", "start": [0.5, 0.5], "end": [0.5, 0.5]}]}, "lines.0"),
        ({"detectors": []}, "detectors"),
        ({"detectors": ["faces"]}, "detectors.0"),
        ({"detectors": ["motion", "motion"]}, "settings"),
        ({"confidence": 1.5}, "confidence"),
        ({"confidence": "0.5"}, "confidence"),
        ({"confidence": True}, "confidence"),
        ({"max_fps": 0}, "max_fps"),
        ({"frame_skip": -1}, "frame_skip"),
        ({"least_area_percentage": 101}, "least_area_percentage"),
        ({"least_area_percentage": 0}, "least_area_percentage"),
        ({"track_buffer_seconds": 0}, "track_buffer_seconds"),
        ({"classes": ["car", "unicorn"]}, "classes.1"),
        ({"plate_cooldown_seconds": float("inf")}, "plate_cooldown_seconds"),
        ({"plate_regions": ["XX"]}, "plate_regions.0"),
        ({"snapshots": "every"}, "snapshots"),
        ({"finder": "../weights"}, "finder"),
        ({"pace": "faster"}, "pace"),
        ({"loop": 1}, "loop"),
        ([], "settings"),
        (None, "settings"),
    ],
)
def test_what_is_wrong_is_refused_by_its_name(said: Any, field: str) -> None:
    with pytest.raises(BadSettings) as refused:
        read(said)

    assert list(refused.value.reasons) == [field]


def test_a_class_nobody_looks_for_is_refused_with_those_that_are_known() -> None:
    with pytest.raises(BadSettings) as refused:
        read({"classes": ["Car"]})

    (reason, _) = refused.value.reasons["classes.0"]
    assert "Known: airplane, apple" in reason
    assert " car, " in reason and "Car" not in reason


def test_very_many_unknown_settings_cost_no_more_than_many() -> None:
    with pytest.raises(BadSettings) as refused:
        read({f"{number:x}": 1 for number in range(100_000)})

    assert len(refused.value.reasons) == 100
