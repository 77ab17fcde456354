"""What coding leaves in the sizes, sorts and times of pictures is told, and never scored."""

import numpy as np
import pytest

from analysis.engine.detectors import gop
from analysis.engine.media import answers, coding, wire
from analysis.engine.media.coding_table import PICTURES
from analysis.engine.pipeline import examine
from analysis.engine.registry import Registry
from analysis.engine.types import FileFacts, MediaKind, NotAssessed, Probe, Reason, Source
from tests import clips
from tests.analysis.engine.detectors import films
from tests.analysis.engine.plugins import NO_WEIGHTS, ending

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
    """The footage as it was coded first, with a key picture every 23: at 25 a second those of 25 are not told."""
    path = tmp_path_factory.mktemp("films") / "first.mp4"
    return list(films.shown(films.coded(path, pictures, every=23, crf=28)))


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

    (one,) = findings(path, "period")

    assert "every 23 pictures one is larger" in one["sentence"]
    assert "a clock in the picture" in one["sentence"]


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

    assert "every 23 pictures" in one["sentence"]
    assert "a recorder lost some" in one["sentence"]
    assert 6.0 <= float(one["field"].split()[0]) <= 8.0  # the cut is at 6.8 s; told to the period


def stretch(*, every=None, late=0, keys=100, gaps=(), fps=25, count=1000, begins=0.0):
    """Drawn sizes: every so many pictures one is twice as large, `late` pictures later from the middle on, and after
    each of the pictures in `gaps` as many are missing as it says."""
    sizes = 1000 * np.exp(np.random.default_rng(1).normal(0, 0.1, count))
    if every:
        sizes[: count // 2 : every] *= 2
        middle = -(-count // 2 // every) * every
        sizes[middle + late :: every] *= 2
    times = np.arange(count) / fps + begins
    for at, missing in dict(gaps).items():
        times[at + 1 :] += missing / fps
    sorts = "".join("P" if at % keys else "I" for at in range(count))
    return {"seconds": times.tolist(), "bytes": sizes.astype(int).tolist(), "sorts": sorts}


def kinds(*stretches, whole=True):
    _, assessment = told({"whole": whole, "stretches": list(stretches)})
    return [one["kind"] for one in assessment.facts["findings"]], assessment


@pytest.mark.parametrize(("every", "fps"), [(25, 25), (15, 30), (30, 30000 / 1001), (36, 24000 / 1001)])
def test_whole_and_half_seconds_are_those_of_clocks_and_are_not_told(every, fps):
    assert kinds(stretch(every=every, fps=fps, keys=217))[0] == []
    assert kinds(stretch(every=every, fps=fps * 1.1, keys=217))[0] == ["period"]


def test_a_clock_in_the_picture_is_no_earlier_coding(tmp_path):
    footage = films.footage(300)
    for number, picture in enumerate(footage):
        digits = np.random.default_rng(number // 25).integers(0, 2, (18, 55, 1))
        picture[100:118, 100:155] = digits * 255

    _, assessment = told(coding.read(films.coded(tmp_path / "clock.mp4", footage, every=250), PROBE))

    assert assessment.facts["findings"] == []


def test_pictures_that_a_recorder_lost_explain_what_is_out_of_step():
    assert kinds(stretch(every=23, late=15))[0] == ["out of step"]
    assert "out of step" not in kinds(stretch(every=23, late=15, gaps={500: 8}))[0]
    assert kinds(stretch(every=23, late=15, gaps={500: 4}))[0] == ["out of step", "gap"]


def test_history_is_told_before_what_is_many():
    gaps = stretch(gaps={40 * number: 5 for number in range(1, 21)})

    found, assessment = kinds(gaps, gaps, gaps, stretch(every=23, late=15))

    assert found[0] == "out of step"
    assert len(found) == 40
    assert assessment.facts["findings_left_out"] == 21
    assert "out of step" in assessment.detail
    assert "21 further findings are left out" in assessment.detail


def test_a_portion_is_named_where_not_the_whole_was_read():
    _, assessment = kinds(stretch(), stretch(begins=400), whole=False)

    assert "2000 pictures were read of 0.0 to 440.0 s in 2 stretches" in assessment.detail


def test_one_missing_picture_is_told_as_one():
    gap = stretch()
    gap["seconds"] = [one + 0.06 * (one > 20) for one in gap["seconds"]]

    _, assessment = kinds(gap)

    assert "no picture for 0.10 s (about 1 picture at" in assessment.facts["findings"][0]["sentence"]


def test_video_of_key_pictures_alone_is_not_told_as_if_it_was_looked_at():
    session, assessment = told({"whole": True, "stretches": [stretch(keys=1)]})

    assert "every picture is a key picture" in assessment.detail
    assert list(session.evidence()) == []


def test_pictures_too_large_for_a_stretch_are_not_called_too_few():
    large = {"seconds": [at / 25 for at in range(17)], "bytes": [3_000_000] * 17, "sorts": "I" * 17}

    _, assessment = told({"whole": False, "stretches": [large] * 12})

    assert assessment.reason is Reason.OUTSIDE_DOMAIN
    assert "so large that at most 17 in a row were read" in assessment.detail


def test_nothing_of_it_is_a_score(first, tmp_path):
    path = films.coded(tmp_path / "second.mp4", first, every=250)

    session, assessment = told(coding.read(path, PROBE))

    assert isinstance(assessment, NotAssessed)
    assert assessment.reason is Reason.REPORTS_FACTS
    (sheet,) = session.evidence()
    assert "no sign of manipulation" in sheet.caption
    assert None in sheet.plot.panels[0].curves["size above its like"]  # key pictures have no such size


def test_streams_joined_without_coding_are_told_by_an_early_key_picture(pictures, tmp_path):
    long = films.coded(tmp_path / "long.mp4", pictures[:100], every=20)
    short = films.coded(tmp_path / "short.mp4", pictures[100:190], every=20)

    (one,) = findings(films.joined(tmp_path / "joined.mp4", short, long), "key picture")

    assert one["field"] == "3.60 s"


def test_missing_pictures_of_a_steady_rate_are_told(pictures, tmp_path):
    times = [number / 25 for number in range(120) if not 60 <= number < 65]
    path = clips.write_video(tmp_path / "gap.mp4", times=times, frames=pictures, width=160, height=120)

    (one,) = findings(path, "gap")

    assert "no picture for 0.24 s (about 5 pictures at the usual rate)" in one["sentence"]
    assert one["field"] == "2.36 s"


def test_a_varying_rate_is_no_gap(pictures, tmp_path):
    times = np.cumsum(np.random.default_rng(1).choice([0.04, 0.04, 0.12], 120)).tolist()
    path = clips.write_video(tmp_path / "varying.mp4", times=times, frames=pictures, width=160, height=120)

    assert findings(path, "gap") == []


@pytest.mark.parametrize("steps", [[1 / 60, 1 / 15], [0.01, 0.09]])
def test_two_rates_of_as_many_pictures_each_end_in_no_error(steps):
    both = stretch(every=23, count=301)
    times = np.concatenate(([0.0], np.cumsum(np.repeat(steps, 150))))

    _, assessment = told({"whole": True, "stretches": [both | {"seconds": times.tolist()}]})

    assert assessment.reason is Reason.REPORTS_FACTS


def test_a_few_pictures_are_not_assessed(pictures, tmp_path):
    path = films.coded(tmp_path / "short.mp4", pictures[:30], every=25)

    _, assessment = told(coding.read(path, PROBE))

    assert assessment.reason is Reason.TOO_SHORT


@pytest.mark.parametrize("suffix", ["gif", "png", "webp", "avif"])
def test_an_animated_picture_is_outside_the_domain_and_not_damaged(tmp_path, suffix):
    path = clips.write_animation(tmp_path / f"animated.{suffix}", frames=60, milliseconds=40)

    with examine(path, registry=Registry.of([gop], NO_WEIGHTS)) as going:
        assessment = ending(going, "gop").assessment

    assert assessment.reason is Reason.OUTSIDE_DOMAIN
    assert "animated pictures" in assessment.detail


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
