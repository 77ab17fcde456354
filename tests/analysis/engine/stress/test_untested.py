"""A verdict is held by copies only if they put the run's outcome to the test; otherwise it is said why they did not."""

import pytest

from analysis.engine.types import Consumes, OutcomeName, Reason
from tests import clips
from tests.analysis.engine.plugins import Plain, card
from tests.analysis.engine.stress.wavering import Wavering, conclusion, states, stressed
from tests.calibrations import good_calibration


@pytest.fixture
def scratch(tmp_path):
    return tmp_path / "scratch"


@pytest.fixture(scope="module")
def picture(tmp_path_factory):
    return clips.write_image(tmp_path_factory.mktemp("picture") / "picture.png", width=160, height=120)


def test_who_raised_the_outcome_and_abstains_leaves_it_untested(picture, scratch):
    raiser = Wavering(card("raiser"), score=0.7, then=lambda copy: Reason.FACE_TOO_SMALL)
    other = Wavering(card("other"), score=0.2, then=lambda copy: 0.2)

    concluded, stress = conclusion(stressed(picture, scratch, raiser, other))

    assert set(states(stress).values()) == {"not_tested"}
    assert "held under 0 of 3 variants" in stress.sentence
    assert "not tested: what decided this outcome gave no score of the copy." in stress.sentence
    assert concluded.outcome.name is OutcomeName.SOME_SIGNS


def test_a_score_that_crosses_is_a_flip_whatever_was_tested(picture, scratch):
    raiser = Wavering(card("raiser"), score=0.7, then=lambda copy: Reason.FACE_TOO_SMALL)
    other = Wavering(card("other"), score=0.2, then=lambda copy: 0.9)

    _, stress = conclusion(stressed(picture, scratch, raiser, other))

    assert set(states(stress).values()) == {"flipped"}


def test_what_is_not_asked_about_copies_leaves_the_outcome_untested(picture, scratch):
    unasked = Plain(card("history", stressed=False), score=0.9)

    _, stress = conclusion(stressed(picture, scratch, unasked, Plain()))

    assert set(states(stress).values()) == {"not_tested"}
    assert "not tested: what decided this outcome is not asked about copies." in stress.sentence


def test_a_portion_that_says_something_else_leaves_the_whole_untested(tmp_path, scratch):
    long = clips.write_sound(tmp_path / "long.wav", seconds=40.0, rate_hz=16_000)
    listener = card("listener", consumes=Consumes.SOUND)
    hears = Wavering(listener, score=0.95, then=lambda copy: 0.05)
    calibrations = {"listener": good_calibration(listener)}

    concluded, stress = conclusion(stressed(long, scratch, hears, calibrations=calibrations))

    assert set(states(stress).values()) == {"not_tested"}
    assert (
        "not tested: the first 30 s alone say no signs, so the outcome of the whole file was not tested."
        in stress.sentence
    )
    assert concluded.outcome.name is OutcomeName.STRONG_SIGNS
