"""What coding leaves in the sizes, sorts and times of pictures is told, and never scored."""

import numpy as np
import pytest

from analysis.engine.detectors import gop
from analysis.engine.media import answers, coding, wire
from analysis.engine.media.coding_table import PICTURES
from analysis.engine.types import FileFacts, MediaKind, NotAssessed, Probe, Reason, Source
from tests import clips
from tests.analysis.engine.detectors import films
from tests.analysis.engine.plugins import NO_WEIGHTS

GOOD = {
    "codec": "h264",
    "whole": True,
    "stretches": [{"seconds": [0, 0.04], "bytes": [900, 80], "sorts": "IP"}],
}
PROBE = Probe(MediaKind.VIDEO, "mp4", duration_seconds=16.0, width=films.WIDTH, height=films.HEIGHT)


@pytest.fixture(scope="module")
def pictures():
    return films.footage(360)


@pytest.fixture(scope="module")
def first(pictures, tmp_path_factory):
    """The footage as it was coded first, with a key picture every 25."""
    path = tmp_path_factory.mktemp("films") / "first.mp4"
    return list(films.shown(films.coded(path, pictures, every=25, crf=28)))


def told(table):
    session = gop.make("gop", NO_WEIGHTS, "cpu").open(Source(PROBE, sample_fps=5.0, expected_samples=None))
    list(session.feed(FileFacts({"coding": table})))
    list(session.drain())
    return session, session.finish()


def findings(path, kind):
    _, assessment = told(coding.read(path, PROBE))
    return [one for one in assessment.facts["findings"] if one["kind"] == kind]


@pytest.mark.parametrize(
    ("codec", "every", "b"), [("libx264", 250, 0), ("libx264", 250, 2), ("mpeg4", 40, 0)]
)
def test_an_earlier_coding_is_told_by_its_period(first, tmp_path, codec, every, b):
    path = films.coded(tmp_path / "second.mp4", first, every=every, codec=codec, b=b)

    (one,) = findings(path, "earlier coding")

    assert "key picture every 25 pictures" in one["sentence"]


@pytest.mark.parametrize(
    ("codec", "every", "b"), [("libx264", 250, 0), ("libx264", 250, 2), ("mpeg4", 40, 0)]
)
def test_footage_that_was_coded_once_shows_none(pictures, tmp_path, codec, every, b):
    path = films.coded(tmp_path / "once.mp4", pictures, every=every, codec=codec, b=b)

    _, assessment = told(coding.read(path, PROBE))

    assert assessment.facts["findings"] == []
    assert "no residue" in assessment.detail


def test_pictures_taken_out_before_the_last_coding_put_the_period_out_of_step(first, tmp_path):
    path = films.coded(tmp_path / "cut.mp4", first[:170] + first[181:], every=250)

    (one,) = findings(path, "out of step")

    assert "every 25 pictures" in one["sentence"]
    assert 6.0 <= float(one["field"].split()[0]) <= 8.0  # the cut is at 6.8 s; told to the period


def test_nothing_of_it_is_a_score(first, tmp_path):
    path = films.coded(tmp_path / "second.mp4", first, every=250)

    session, assessment = told(coding.read(path, PROBE))

    assert isinstance(assessment, NotAssessed)
    assert assessment.reason is Reason.REPORTS_FACTS
    (sheet,) = session.evidence()
    assert "no sign of manipulation" in sheet.caption


def test_streams_joined_without_coding_are_told_by_an_early_key_picture(pictures, tmp_path):
    long = films.coded(tmp_path / "long.mp4", pictures[:100], every=20)
    short = films.coded(tmp_path / "short.mp4", pictures[100:190], every=20)

    (one,) = findings(films.joined(tmp_path / "joined.mp4", short, long), "key picture")

    assert one["field"] == "3.60 s"


def test_missing_pictures_of_a_steady_rate_are_told(pictures, tmp_path):
    times = [number / 25 for number in range(120) if not 60 <= number < 65]
    path = clips.write_video(tmp_path / "gap.mp4", times=times, frames=pictures, width=160, height=120)

    (one,) = findings(path, "gap")

    assert "5 pictures" in one["sentence"]
    assert one["field"] == "2.36 s"


def test_a_varying_rate_is_no_gap(pictures, tmp_path):
    times = np.cumsum(np.random.default_rng(1).choice([0.04, 0.04, 0.12], 120)).tolist()
    path = clips.write_video(tmp_path / "varying.mp4", times=times, frames=pictures, width=160, height=120)

    assert findings(path, "gap") == []


def test_a_few_pictures_are_not_assessed(pictures, tmp_path):
    path = films.coded(tmp_path / "short.mp4", pictures[:30], every=25)

    _, assessment = told(coding.read(path, PROBE))

    assert assessment.reason is Reason.TOO_SHORT


def test_of_a_long_video_stretches_are_read_spread_evenly(pictures, tmp_path, monkeypatch):
    monkeypatch.setattr(coding, "PICTURES", 20)
    path = films.coded(tmp_path / "long.mp4", pictures, every=10)

    table = coding.read(
        path, Probe(MediaKind.VIDEO, "mp4", 14.4, width=160, height=120, fps_from_header=25.0)
    )

    begins = [stretch["seconds"][0] for stretch in table["stretches"]]
    assert (table["whole"], len(begins)) == (False, 12)
    assert begins[0] == 0.0
    assert begins[-1] == pytest.approx(13.2)
    assert all(len(stretch["sorts"]) == 20 for stretch in table["stretches"])


@pytest.mark.parametrize(
    "stretch",
    [
        {"seconds": [0.0], "bytes": [1, 2], "sorts": "IP"},
        {"seconds": [0.0, 1e99], "bytes": [1, 2], "sorts": "IP"},
        {"seconds": [0.0, 1.0], "bytes": [1, -2], "sorts": "IP"},
        {"seconds": [0.0, 1.0], "bytes": [1, 2], "sorts": "IX"},
        {"seconds": [0.0] * (PICTURES + 1), "bytes": [1] * (PICTURES + 1), "sorts": "P" * (PICTURES + 1)},
    ],
)
def test_a_table_that_makes_no_sense_is_refused_alone(stretch):
    assert answers.facts(wire.dump({"coding": GOOD}))["coding"] == GOOD

    found = answers.facts(
        wire.dump({"coding": GOOD | {"stretches": [stretch]}, "embedded": {"make": "Acme"}})
    )

    assert "makes no sense" in found["coding"]["error"]
    assert found["embedded"] == {"make": "Acme"}


def test_one_time_past_all_bounds_costs_one_picture(pictures, tmp_path):
    times = [number / 25 for number in range(79)] + [2e9]
    path = clips.write_video(
        tmp_path / "far.mkv", times=times, frames=pictures[:80], width=films.WIDTH, height=films.HEIGHT
    )

    table = coding.read(path, PROBE)

    (stretch,) = table["stretches"]
    assert len(stretch["sorts"]) == 79
    assert answers.facts(wire.dump({"coding": table}))["coding"] == table


def test_key_pictures_far_apart_cost_no_stretch_behind_them(pictures, tmp_path, monkeypatch):
    monkeypatch.setattr(coding, "PICTURES", 20)
    path = films.coded(tmp_path / "sparse.mp4", pictures, every=60)

    table = coding.read(
        path, Probe(MediaKind.VIDEO, "mp4", 14.4, width=160, height=120, fps_from_header=25.0)
    )

    begins = [stretch["seconds"][0] for stretch in table["stretches"]]
    assert begins == pytest.approx([0.0, 2.4, 4.8, 7.2, 9.6, 12.0])
