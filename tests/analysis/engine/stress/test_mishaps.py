"""Whatever happens to copies, a run whose outcome is known keeps it, and says what happened."""

import time

import pytest

from analysis.engine.types import Consumes, DetectorEnded, OutcomeName, VariantEnded
from tests import clips
from tests.analysis.engine.plugins import Plain, card, of
from tests.analysis.engine.stress.wavering import Stopping, conclusion, states, stressed, stressing

STALL_SECONDS = 1.0


@pytest.fixture
def scratch(tmp_path):
    return tmp_path / "scratch"


@pytest.fixture(scope="module")
def picture(tmp_path_factory):
    return clips.write_image(tmp_path_factory.mktemp("picture") / "picture.png", width=160, height=120)


def test_a_file_that_is_gone_before_its_portion_was_looked_at_costs_no_outcome(tmp_path, scratch):
    long = clips.write_sound(tmp_path / "long.wav", seconds=40.0, rate_hz=16_000)
    hears = Plain(card(consumes=Consumes.SOUND), score=0.7)

    seen = []
    for one in stressing(long, scratch, hears):
        seen.append(one)
        if isinstance(one, DetectorEnded):
            long.unlink()
    concluded, stress = conclusion(seen)

    assert concluded.outcome.name is OutcomeName.SOME_SIGNS
    assert set(states(stress).values()) == {"not_run"}
    assert {variant.not_run for variant in stress.variants} == {"failed"}


def test_without_a_place_for_copies_the_outcome_stands(picture, tmp_path):
    beneath_a_file = tmp_path / "file"
    beneath_a_file.write_bytes(b"")

    concluded, stress = conclusion(stressed(picture, beneath_a_file / "scratch", Plain(score=0.7)))

    assert concluded.outcome.name is OutcomeName.SOME_SIGNS
    assert stress.not_run == "there is no place for copies (Not a directory)"


def test_a_copy_for_which_there_is_no_place_is_not_run(picture, scratch):
    seen = []
    for one in stressing(picture, scratch, Plain(score=0.7)):
        seen.append(one)
        if isinstance(one, VariantEnded) and one.variant == "recompressed":
            scratch.rmdir()
    concluded, stress = conclusion(seen)

    assert states(stress) == {"recompressed": "held", "half_size": "not_run", "cropped": "not_run"}
    assert stress.variants[1].detail == "it could not be kept or read (No such file or directory)"
    assert str(scratch) not in stress.sentence
    assert concluded.outcome.name is OutcomeName.SOME_SIGNS


def test_a_detector_that_stalls_on_a_copy_ends_the_copies_not_the_run(picture, scratch):
    stopping = Stopping(score=0.7)
    going = stressing(picture, scratch, stopping, stall_seconds=STALL_SECONDS)

    began = time.monotonic()
    seen = list(going)
    took = time.monotonic() - began
    stopping.let_go.set()
    going.close()
    concluded, stress = conclusion(seen)

    assert took < 60
    assert {variant.not_run for variant in stress.variants} == {"failed"}
    assert {variant.detail for variant in stress.variants} == {"plain made no progress on a copy for 1 s"}
    assert concluded.outcome.name is OutcomeName.SOME_SIGNS
    (ended,) = of(DetectorEnded, seen)
    assert ended.assessment.score == 0.7


def test_it_tells_when_only_copies_are_looked_at(picture, scratch):
    going = stressing(picture, scratch, Plain())

    told = {type(seen): going.stressing for seen in going}

    assert (told[DetectorEnded], told[VariantEnded]) == (False, True)
