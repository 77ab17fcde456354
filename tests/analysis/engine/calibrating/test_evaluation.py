"""A finding and a miss are what a run would take for one, not a line of the table's own."""

from pathlib import Path

import pytest

from analysis.engine.calibrating.evaluation import evaluated
from analysis.engine.calibrating.labelled import Labelled
from analysis.engine.calibrating.scoring import Examined
from analysis.engine.types import Band, Coverage, DetectorEnded, Outcome, OutcomeName, Verdict

OUTCOME = Outcome(OutcomeName.NO_SIGNS, "", "", "", "")
OUTSIDE = {"calibration": {"cuts": {"strong_signs": 0.8, "no_signs": 0.3}, "limited": "too few files"}}


def line(*scored):
    """The line of a detector that gave these verdicts, each with its label."""
    seen = [
        Examined(
            Labelled(Path(f"{at}.png"), f"{at}.png", "drawn", manipulated),
            {"one": DetectorEnded("one", "1", "one", None, verdict, 0.0)},
            OUTCOME,
        )
        for at, (manipulated, verdict) in enumerate(scored)
    ]
    return evaluated(seen)[0]


def verdict(score, band=Band.UNCALIBRATED, facts=None):
    return Verdict(score, Coverage(1, 1), band, facts or {})


def test_outside_its_calibration_the_cut_of_that_draws_the_line_and_a_low_score_says_nothing():
    found = line(
        (False, verdict(0.7, facts=OUTSIDE)),
        (False, verdict(0.9, facts=OUTSIDE)),
        (True, verdict(0.2, facts=OUTSIDE)),
        (True, verdict(0.9, Band.STRONG)),
    )

    assert (found.calibrated, found.false_alarms.count, found.misses.count) == (4, 1, 0)
    assert [mistake.file for mistake in found.mistakes] == ["1.png"]


def test_without_a_calibration_the_mark_does():
    found = line((False, verdict(0.5)), (False, verdict(0.4)), (True, verdict(0.4)))

    assert (found.calibrated, found.false_alarms.count, found.misses.count) == (0, 1, 1)


def test_with_both_no_rate_is_told():
    found = line((False, verdict(0.5)), (False, verdict(0.9, facts=OUTSIDE)), (True, verdict(0.4)))

    assert (found.false_alarms, found.misses) == (None, None)


@pytest.mark.parametrize(
    ("band", "counts"), [(Band.STRONG, (1, 0)), (Band.SOME, (0, 0)), (Band.NONE, (0, 1))]
)
def test_where_there_is_a_band_it_decides(band, counts):
    found = line((False, verdict(0.6, band)), (True, verdict(0.6, band)))

    assert (found.false_alarms.count, found.misses.count) == counts
