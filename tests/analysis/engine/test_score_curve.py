"""The scores of a detector over time, as every detector leaves them."""

import io
import tracemalloc
from typing import Any

from PIL import Image

from analysis.engine.plots import described
from analysis.engine.score_curve import ScoreCurve
from analysis.engine.types import EvidenceMade, Reason, ScorePoint


def curve_of(*points: ScorePoint) -> EvidenceMade | None:
    curve = ScoreCurve()
    curve.add(points)
    return curve.evidence("meso4")


def panel_of(made: EvidenceMade | None) -> dict[str, Any]:
    assert made and made.plot
    panel: dict[str, Any] = described(made.plot).data["panels"][0]
    return panel


def test_what_was_not_assessed_is_a_gap_with_its_reason() -> None:
    made = curve_of(
        ScorePoint(0.0, 0.1, track=0),
        ScorePoint(1.0, None, reason=Reason.NO_FACE),
        ScorePoint(2.0, None, reason=Reason.FACE_TOO_SMALL),
        ScorePoint(3.0, None, reason=Reason.FACE_TOO_SMALL),
        ScorePoint(4.0, 0.3, track=0),
    )

    panel = panel_of(made)
    assert panel["curves"] == [{"name": "face 0", "values": [0.1, None, None, None, 0.3]}]
    assert panel["gaps"] == [{"begins": 1.0, "ends": 4.0, "label": "face_too_small"}]
    assert panel["scale"] == [0.0, 1.0]


def test_each_face_has_a_line_and_a_crowd_only_those_seen_most() -> None:
    long = [ScorePoint(float(second), 0.5, track=track) for second in range(4) for track in range(40)]
    made = curve_of(*long, *(ScorePoint(float(second), 0.5, track=39) for second in range(4, 9)))

    names = [line["name"] for line in panel_of(made)["curves"]]
    assert names == [*(f"face {track}" for track in range(7)), "face 39"]
    assert made and "32 more faces, seen for a shorter time, are left out." in made.caption


def test_countless_short_faces_are_counted_not_kept_and_the_longest_outlast_them() -> None:
    curve = ScoreCurve()
    curve.add(ScorePoint(second / 5, 0.25, track=0) for second in range(9))
    tracemalloc.start()
    for track in range(1, 30_001):
        curve.add([ScorePoint(track / 5, 0.5, track=track)])
    kept, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    curve.add(ScorePoint(6_000 + second / 5, 0.75, track=30_001) for second in range(9))

    made = curve.evidence("meso4")

    assert kept < 1_000_000
    names = [line["name"] for line in panel_of(made)["curves"]]
    assert (len(names), names[0], names[-1]) == (8, "face 0", "face 30001")
    assert panel_of(made)["gaps"] == []
    assert made and "29994 more faces, seen for a shorter time, are left out." in made.caption


def test_a_crowd_that_is_seen_in_turn_keeps_all_its_scores() -> None:
    curve = ScoreCurve()
    for number in range(5 * 80):
        curve.add([ScorePoint(number / 80, 0.5, track=number % 80)])

    made = curve.evidence("meso4")

    assert made and "72 more faces" in made.caption
    assert [sum(value is not None for value in line["values"]) for line in panel_of(made)["curves"]] == [
        5
    ] * 8


def test_it_is_a_picture_with_a_caption_too() -> None:
    made = curve_of(*(ScorePoint(float(second), second / 10) for second in range(9)))

    assert made and (made.kind, made.title, made.media_type) == ("scores", "Score over time", "image/png")
    assert Image.open(io.BytesIO(made.content)).format == "PNG"


def test_what_is_too_little_for_a_curve_leaves_none() -> None:
    assert curve_of(ScorePoint(0.0, 0.5), ScorePoint(1.0, 0.5)) is None
    assert curve_of(*(ScorePoint(float(at), None, reason=Reason.NO_FACE) for at in range(9))) is None


def test_a_recording_of_hours_is_kept_in_bounded_memory_and_says_how_coarse_it_is() -> None:
    curve = ScoreCurve()
    for number in range(4 * 3600 * 5):
        curve.add([ScorePoint(number / 5, 0.25 if number < 36_000 else 0.75, track=0)])

    made = curve.evidence("meso4")

    panel = panel_of(made)
    values = panel["curves"][0]["values"]
    assert 512 <= len(values) <= 1024
    assert (values[0], values[-1]) == (0.25, 0.75)
    assert made and "Each point is the mean over" in made.caption
