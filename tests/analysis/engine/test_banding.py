"""Verdicts get their band from a stored calibration and from nowhere else, on the way of every file."""

from dataclasses import replace

import pytest

from analysis.engine.types import (
    Band,
    Concluded,
    Condition,
    Consumes,
    Coverage,
    NotAssessed,
    OutcomeName,
    Reason,
    Verdict,
)
from tests import clips
from tests.analysis.engine.plugins import Plain, card, ending, of, run
from tests.calibrations import good_calibration


@pytest.fixture(scope="module")
def picture(tmp_path_factory):
    return clips.write_image(
        tmp_path_factory.mktemp("pictures") / "one.jpg", width=400, height=320, quality=70
    )


class Sure(Plain):
    """Gives itself a band, and facts that pose as a calibration."""

    def finish(self):
        return Verdict(
            self.score, Coverage(1, 1), Band.STRONG, facts={"calibration": {"files": "mine"}, "own": 1}
        )


class Silent(Plain):
    def finish(self):
        return NotAssessed(Reason.NO_FACE, "no face")


def examined(picture, *detectors, calibrated=None):
    names = calibrated if calibrated is not None else detectors
    return run(picture, *detectors, calibrations={one.card.name: good_calibration(one.card) for one in names})


def outcome(seen):
    (concluded,) = of(Concluded, seen)
    return concluded.outcome


def plain(name, score, **fields):
    return Plain(card(name, **fields), score=score)


@pytest.mark.parametrize(("score", "band"), [(0.9, Band.STRONG), (0.5, Band.SOME), (0.1, Band.NONE)])
def test_the_band_is_the_calibrations_and_the_facts_say_which(picture, score, band):
    one = plain("one", score)
    found = good_calibration(one.card)

    verdict = ending(run(picture, one, calibrations={"one": found}), "one").assessment

    assert verdict.band is band
    told = verdict.facts["calibration"]
    assert told["digest"] == found.digest
    assert told["files"] == {"manipulated": 60, "unmanipulated": 60}
    assert told["cuts"] == {"strong_signs": found.strong_cut, "no_signs": found.none_cut}


def test_the_row_is_that_of_the_files_measured_condition(picture):
    one = plain("one", 0.9)
    found = good_calibration(one.card, condition=Condition(jpeg_quality=70.0, short_side_px=320.0))

    verdict = ending(run(picture, one, calibrations={"one": found}), "one").assessment

    assert verdict.band is Band.STRONG
    assert verdict.facts["calibration"]["condition"]["title"] == "JPEG quality 60 to 80"


def test_a_file_in_a_condition_that_was_not_measured_is_uncalibrated_and_says_so(picture):
    one = plain("one", 0.9)
    found = good_calibration(one.card, condition=Condition(jpeg_quality=95.0))

    seen = run(picture, one, calibrations={"one": found})

    assert ending(seen, "one").assessment.band is Band.UNCALIBRATED
    assert outcome(seen).name is OutcomeName.SOME_SIGNS
    assert "JPEG quality 60 to 80 are too few" in outcome(seen).limit


def test_without_a_calibration_a_band_the_detector_gave_itself_does_not_count(picture):
    verdict = ending(run(picture, Sure(card("sure"))), "sure").assessment

    assert (verdict.band, verdict.facts) == (Band.UNCALIBRATED, {"own": 1})


def test_a_calibration_of_other_weights_is_named_and_not_used(picture):
    one = plain("one", 0.9, weights_sha256="ab" * 32)
    found = replace(good_calibration(one.card), weights_sha256="cd" * 32)

    seen = run(picture, one, calibrations={"one": found})

    verdict = ending(seen, "one").assessment
    assert verdict.band is Band.UNCALIBRATED
    assert verdict.facts["calibration"] == {"digest": found.digest, "stale": "made for another weights"}
    assert "the calibration of One is not used, it was made for another weights" in outcome(seen).limit


def test_a_calibration_made_with_another_face_finder_is_named_and_not_used(picture):
    one = plain("one", 0.9, consumes=Consumes.FACES)
    yunet = replace(one.card, preprocessing="None. Faces found by YuNet 25a606a145a5.")
    here = replace(one.card, preprocessing="None. Faces found by OpenCV's frontal cascade.")
    one.card = replace(one.card, preprocessing="None.")

    used, stale = (run(picture, one, calibrations={"one": good_calibration(made)}) for made in (here, yunet))

    assert ending(used, "one").assessment.band is Band.STRONG
    verdict = ending(stale, "one").assessment
    assert verdict.band is Band.UNCALIBRATED
    assert verdict.facts["calibration"]["stale"] == "made for another preprocessing"


def test_an_abstention_stays_one(picture):
    silent = Silent(card("silent"))

    assert ending(examined(picture, silent), "silent").assessment == NotAssessed(Reason.NO_FACE, "no face")


def test_a_calibrated_detector_alone_gives_strong_signs(picture):
    seen = examined(picture, plain("one", 0.9))

    assert outcome(seen).name is OutcomeName.STRONG_SIGNS
    assert "One was calibrated on 60 manipulated files of 3 sources and 60 others of 3" in outcome(seen).limit
    assert outcome(seen).rule.startswith("At least one calibrated family of 1")


def test_families_that_contradict_each_other_disagree(picture):
    seen = examined(picture, plain("one", 0.9), plain("other", 0.1))

    assert outcome(seen).name is OutcomeName.DISAGREE
    assert "strong signs and no signs for the same picture" in outcome(seen).rule


def test_a_family_that_contradicts_itself_is_one_inconclusive_voice(picture):
    seen = examined(picture, plain("one", 0.9, family="kin"), plain("other", 0.1, family="kin"))

    assert outcome(seen).name is OutcomeName.SOME_SIGNS


def test_an_uncalibrated_detector_cannot_contradict_a_calibrated_one(picture):
    one, other = plain("one", 0.9), plain("other", 0.1)

    seen = examined(picture, one, other, calibrated=[one])

    assert outcome(seen).name is OutcomeName.STRONG_SIGNS
    assert "Other is uncalibrated here" in outcome(seen).limit


def test_an_uncalibrated_detector_cannot_lift_above_some_signs_what_calibrated_ones_find_clear(picture):
    one, other = plain("one", 0.99), plain("other", 0.1)

    seen = examined(picture, one, other, calibrated=[other])

    assert outcome(seen).name is OutcomeName.SOME_SIGNS


def test_an_abstaining_detector_does_not_stop_another_from_being_sure(picture):
    seen = examined(picture, plain("one", 0.9), Silent(card("silent")))

    assert outcome(seen).name is OutcomeName.STRONG_SIGNS


def test_how_large_the_faces_were_is_measured_on_the_faces_that_were_scored(media_dir):
    faces = Plain(card("faces", consumes=Consumes.FACES))

    seen = run(media_dir / "image" / "tpdne_0139.jpg", faces)

    # a portrait of 1024 px that the face fills to about two thirds
    assert 400 < ending(seen, "faces").condition.face_px < 900


def test_the_condition_names_only_what_the_detector_looks_at(tmp_path):
    clip = clips.write_video(tmp_path / "one.mp4", seconds=1.0, tone_hz=440.0)

    seen = run(clip, Plain(card("eyes")), Plain(card("ears", consumes=Consumes.SOUND)))

    eyes, ears = (ending(seen, name).condition for name in ("eyes", "ears"))
    assert (eyes.short_side_px, eyes.sound_rate_hz, eyes.face_px) == (240.0, None, None)
    assert eyes.quantiser is not None
    assert ears == Condition(sound_rate_hz=44_100.0)
