"""What a run may say, whatever its detectors said."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.engine.fusion import conclude
from analysis.engine.types import (
    Band,
    Coverage,
    DetectorEnded,
    NotAssessed,
    OutcomeName,
    Reason,
    Verdict,
)


def end(name, assessment, *, family="", subject="face"):
    return DetectorEnded(
        name, "1.0", family or name, None, assessment, 0.1, title=name.title(), subject=subject
    )


def scored(name, band=Band.UNCALIBRATED, score=0.9, **fields):
    return end(name, Verdict(score, Coverage(212, 300), band), **fields)


def silent(name, reason=Reason.NO_FACE, **fields):
    return end(name, NotAssessed(reason, "detail"), **fields)


def verdicts_in(*bands):
    return st.builds(
        scored,
        st.sampled_from(["anna", "bert", "carl", "dora"]),
        st.sampled_from(bands),
        st.floats(0, 1),
        family=st.sampled_from(["one", "two", "three"]),
        subject=st.sampled_from(["face", "sound"]),
    )


verdicts = verdicts_in(*Band)
abstentions = st.builds(silent, st.sampled_from(["emil", "fran"]), st.sampled_from(list(Reason)))


@given(
    st.lists(verdicts, max_size=6), st.lists(abstentions, max_size=4), st.lists(st.just("Gone"), max_size=1)
)
def test_abstaining_and_missing_detectors_never_change_what_the_others_say(spoken, silences, missing):
    assert conclude([*spoken, *silences], missing).name == conclude(spoken).name


@given(st.lists(st.one_of(verdicts, abstentions), max_size=8), st.lists(st.just("Gone"), max_size=2))
def test_the_forbidden_words_are_never_said(endings, missing):
    outcome = conclude(endings, missing, damage="2 damaged parts could not be decoded")

    said = " ".join([outcome.sentence, outcome.why, outcome.limit, outcome.rule])
    said = said.replace("not proof of authenticity", "")
    assert not re.search(r"\breal|authentic|genuine|\bfake|probab|confiden|%", said, re.IGNORECASE)


@given(st.lists(verdicts_in(Band.UNCALIBRATED), max_size=8))
def test_uncalibrated_detectors_lift_to_some_signs_at_most(endings):
    assert conclude(endings).name in {
        OutcomeName.NOT_ASSESSABLE,
        OutcomeName.NO_SIGNS,
        OutcomeName.SOME_SIGNS,
    }


@given(st.lists(verdicts, min_size=1, max_size=8), st.randoms())
def test_the_order_of_endings_does_not_matter(endings, random):
    shuffled = random.sample(endings, len(endings))

    assert conclude(shuffled).name == conclude(endings).name


@given(verdicts, st.integers(1, 5))
def test_a_family_that_repeats_itself_is_one_voice(verdict, times):
    assert conclude([verdict] * times).name == conclude([verdict]).name
    assert conclude([verdict] * times).rule == conclude([verdict]).rule


@pytest.mark.parametrize(
    ("endings", "name", "sentence"),
    [
        ([scored("a", Band.STRONG)], OutcomeName.STRONG_SIGNS, "Strong signs of manipulation."),
        ([scored("a", Band.SOME)], OutcomeName.SOME_SIGNS, "Some signs (inconclusive)."),
        ([scored("a", score=0.5)], OutcomeName.SOME_SIGNS, "Some signs (inconclusive)."),
        (
            [scored("a", score=0.49)],
            OutcomeName.NO_SIGNS,
            "No signs found by these detectors; this is not proof of authenticity.",
        ),
        (
            [scored("a", Band.NONE, 0.1)],
            OutcomeName.NO_SIGNS,
            "No signs found by these detectors; this is not proof of authenticity.",
        ),
        ([scored("a", Band.STRONG), scored("b", Band.NONE)], OutcomeName.DISAGREE, "Detectors disagree."),
        ([silent("a")], OutcomeName.NOT_ASSESSABLE, "Not assessable: no face was found."),
        ([], OutcomeName.NOT_ASSESSABLE, "Not assessable: no detector was asked."),
        (
            [silent("a", Reason.REPORTS_FACTS)],
            OutcomeName.NOT_ASSESSABLE,
            "Not assessable: the detectors asked for report facts only.",
        ),
    ],
)
def test_the_five_outcomes(endings, name, sentence):
    outcome = conclude(endings)

    assert (outcome.name, outcome.sentence) == (name, sentence)


def test_contradiction_over_different_subjects_is_none():
    outcome = conclude([scored("a", Band.STRONG, subject="face"), scored("b", Band.NONE, subject="sound")])

    assert outcome.name == OutcomeName.STRONG_SIGNS


def test_a_family_that_contradicts_itself_is_inconclusive():
    outcome = conclude([scored("a", Band.STRONG, family="kin"), scored("b", Band.NONE, family="kin")])

    assert outcome.name == OutcomeName.SOME_SIGNS


def test_detectors_that_judge_nothing_have_no_voice():
    motion = DetectorEnded("motion", "1", "motion", None, Verdict(1.0, Coverage(1, 1)), 0.1, forensic=False)

    assert conclude([motion]).name == OutcomeName.NOT_ASSESSABLE


def test_coverage_calibration_and_absence_are_printed():
    outcome = conclude(
        [scored("meso"), silent("voice", Reason.SILENCE), silent("other", Reason.DETECTOR_MISSING)], ["Third"]
    )

    assert outcome.limit == (
        "Meso scored 212 of 300 frames; Meso is uncalibrated here, so it cannot lift the outcome above some "
        "signs; Voice gave no score (the sound is silent); Other and Third were missing."
    )


def test_what_was_wrong_with_the_content_is_named_before_what_a_detector_is_not_made_for():
    outcome = conclude(
        [
            silent("voice", Reason.NO_SOUND),
            silent("meso", Reason.FACE_TOO_SMALL),
            silent("x", Reason.DETECTOR_MISSING),
        ]
    )

    assert outcome.sentence == "Not assessable: the faces are too small."


def test_the_rule_is_that_of_the_path_that_ran():
    rules = {
        conclude(endings).rule
        for endings in (
            [scored("a", Band.STRONG)],
            [scored("a", Band.SOME)],
            [scored("a")],
            [scored("a", score=0.1)],
            [scored("a", Band.STRONG), scored("b", Band.NONE)],
            [],
        )
    }

    assert len(rules) == 6


def test_an_error_text_of_a_detector_is_not_repeated_in_the_outcome():
    outcome = conclude([end("a", NotAssessed(Reason.DETECTOR_FAILED, "KeyError: this is genuine"))])

    assert outcome.why == "A gave no score: failed."


def test_no_signs_are_not_said_of_a_file_that_could_not_be_read_whole():
    outcome = conclude([scored("meso4", score=0.1)], damage="2 damaged parts could not be decoded")

    assert (outcome.name, outcome.sentence) == (
        OutcomeName.NOT_ASSESSABLE,
        "Not assessable: parts of the file could not be read.",
    )
    assert "2 damaged parts could not be decoded" in outcome.limit


def test_signs_in_what_could_be_read_stay_signs():
    outcome = conclude([scored("meso4", score=0.9)], damage="2 damaged parts could not be decoded")

    assert outcome.name is OutcomeName.SOME_SIGNS


def uncarried(score):
    told = {
        "cuts": {"strong_signs": 0.3, "no_signs": 0.2},
        "limited": "0 files with shorter side in px 1080 and more are too few",
    }
    return end("a", Verdict(score, Coverage(1, 1), facts={"calibration": told}))


def test_a_score_that_its_calibration_does_not_carry_is_raised_at_its_own_cut():
    outcome = conclude([uncarried(0.35)])

    assert outcome.name is OutcomeName.SOME_SIGNS
    assert "0.5" not in outcome.why


def test_a_low_score_that_its_calibration_does_not_carry_is_no_finding():
    outcome = conclude([uncarried(0.1)])

    assert outcome.name is OutcomeName.NOT_ASSESSABLE
    assert outcome.sentence == "Not assessable: the calibrations do not carry this file."
    assert "0.5" not in outcome.why


def test_each_of_a_family_is_told_by_its_own_band_and_score():
    mixed = conclude([scored("a", Band.NONE, 0.1, family="kin"), scored("b", score=0.95, family="kin")])
    torn = conclude([scored("a", Band.STRONG, family="kin"), scored("b", Band.NONE, 0.1, family="kin")])

    assert mixed.why == "A found no signs; B scored 0.5 or more without a calibration."
    assert torn.why == "A gave strong signs; B found no signs."
    assert torn.rule.startswith("Calibrated detectors of one family gave strong signs and no signs")
