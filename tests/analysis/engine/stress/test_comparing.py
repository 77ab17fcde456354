"""What is said of scores before and after: flips are inconclusive, abstentions are no scores, nothing gets surer."""

from collections.abc import Sequence
from dataclasses import replace

import pytest

from analysis.engine.banding import banded
from analysis.engine.detectors.base import Card
from analysis.engine.endings import ended
from analysis.engine.fusion import conclude
from analysis.engine.stress import wording
from analysis.engine.stress.comparing import Baseline
from analysis.engine.stress.variants import Variant, not_stressed, variants_for
from analysis.engine.types import (
    Condition,
    Consumes,
    Coverage,
    DetectorEnded,
    MediaKind,
    NotAssessed,
    Outcome,
    OutcomeName,
    Reason,
    Stress,
    Verdict,
)
from tests.analysis.engine.plugins import card
from tests.calibrations import good_calibration

PLAIN = card()
CALIBRATED = {"plain": good_calibration(PLAIN)}
SILENT = NotAssessed(Reason.FACE_TOO_SMALL, "the faces are too small")
VIDEO = variants_for(MediaKind.VIDEO, [PLAIN])


def ending(said: float | NotAssessed, of: Card = PLAIN, calibrations: dict | None = None) -> DetectorEnded:
    verdict = said if isinstance(said, NotAssessed) else Verdict(said, Coverage(3, 3))
    placed = banded(of, verdict, (calibrations or {}).get(of.name), Condition())
    return replace(ended(of, placed), condition=Condition())


def stressed(
    before: float, after: Sequence[float | NotAssessed], calibrations: dict | None = None
) -> tuple[Outcome, Stress]:
    """What the run says when that came of the copies of a video."""
    unaltered = ending(before, calibrations=calibrations)
    outcome = conclude([unaltered])
    baseline = Baseline({"plain": unaltered}, {"plain": PLAIN}, calibrations or {}, outcome.name)
    variants = tuple(
        baseline.compare(variant, {"plain": ending(said)}, seconds=0.1)
        for variant, said in zip(VIDEO, after, strict=True)
    )
    stress = Stress(wording.sentence(outcome.name, variants, None), 60.0, variants=variants)
    return wording.weigh(outcome, stress), stress


def states(stress: Stress) -> list[str]:
    return [variant.state for variant in stress.variants]


@pytest.mark.parametrize(
    ("before", "after", "words"),
    [
        (0.71, 0.38, "Plain score moved from 0.71 to 0.38 after re-encoding: inconclusive."),
        (0.31, 0.78, "Plain score moved from 0.31 to 0.78 after re-encoding: inconclusive."),
        (0.5, 0.4999, "Plain score moved from 0.5000 to 0.4999 after re-encoding: inconclusive."),
    ],
)
def test_a_score_that_crosses_its_mark_makes_the_outcome_inconclusive(before, after, words):
    outcome, stress = stressed(before, [after, before, before])

    assert states(stress) == ["flipped", "held", "held"]
    assert (outcome.name, outcome.sentence) == (OutcomeName.SOME_SIGNS, "Some signs (inconclusive).")
    assert words in outcome.why
    assert "flipped when the file was altered" in outcome.rule


def test_strong_signs_that_flip_are_strong_no_more():
    outcome, stress = stressed(0.95, [0.95, 0.95, 0.05], CALIBRATED)

    assert states(stress) == ["held", "held", "flipped"]
    assert outcome.name is OutcomeName.SOME_SIGNS


def test_strong_signs_that_hold_are_as_strong_as_before():
    outcome, stress = stressed(0.95, [0.95, 0.94, 0.96], CALIBRATED)

    assert stress.sentence == "Stressed: held under 3 of 3 variants."
    assert outcome.name is OutcomeName.STRONG_SIGNS
    assert outcome.limit.endswith("; stressed: held under 3 of 3 variants.")


@pytest.mark.parametrize(("before", "name"), [(0.2, OutcomeName.NO_SIGNS), (0.6, OutcomeName.SOME_SIGNS)])
def test_what_holds_makes_nothing_surer(before, name):
    outcome, _ = stressed(before, [before] * 3)

    assert outcome.name is name
    assert "makes no outcome surer" in outcome.rule


def test_who_abstains_about_a_copy_has_no_score_and_flips_nothing():
    outcome, stress = stressed(0.6, [0.6, SILENT, 0.6])
    (about_half,) = stress.variants[1].compared

    assert about_half.after == SILENT
    assert states(stress) == ["held", "no_score", "held"]
    assert stress.sentence == (
        "Stressed: held under 2 of 3 variants. Scaled to half (H.264 CRF 18): no detector gave a score."
    )
    assert outcome.name is OutcomeName.SOME_SIGNS


def test_scores_move_freely_on_their_side_of_the_mark():
    _, stress = stressed(0.51, [0.99, 0.5, 0.75])

    assert states(stress) == ["held"] * 3


def test_detectors_that_disagree_still_do():
    outcome = Outcome(OutcomeName.DISAGREE, "Detectors disagree.", "One and other.", "", "They disagree.")
    variants = stressed(0.71, [0.38, 0.71, 0.71])[1].variants
    stress = Stress(wording.sentence(outcome.name, variants, None), 60.0, variants=variants)

    weighed = wording.weigh(outcome, stress)

    assert (weighed.name, weighed.sentence) == (OutcomeName.DISAGREE, "Detectors disagree.")
    assert "score moved from 0.71 to 0.38 after re-encoding: detectors disagree as before." in weighed.why
    assert "inconclusive" not in weighed.why + weighed.rule


@pytest.mark.parametrize(
    "unfit",
    [
        card(consumes=Consumes.FILE),
        card(stressed=False),
        card(forensic=False),
    ],
)
def test_who_looks_at_what_any_copy_loses_is_not_stressed(unfit):
    assert not_stressed(unfit)
    assert not not_stressed(PLAIN)


@pytest.mark.parametrize(
    ("kind", "consumes", "names"),
    [
        (MediaKind.IMAGE, Consumes.FACES, ["recompressed", "half_size", "cropped"]),
        (MediaKind.VIDEO, Consumes.FRAMES, ["recompressed", "half_size", "trimmed"]),
        (MediaKind.VIDEO, Consumes.SOUND, ["recompressed", "narrow_band", "trimmed"]),
        (MediaKind.AUDIO, Consumes.SOUND, ["recompressed", "narrow_band", "trimmed"]),
    ],
)
def test_copies_alter_what_the_detectors_look_at(kind, consumes, names):
    variants: tuple[Variant, ...] = variants_for(kind, [card(consumes=consumes)])

    assert [variant.name for variant in variants] == names
