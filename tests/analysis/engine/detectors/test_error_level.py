"""The error level is a map to look at: it shows what was saved before and what was not, and never scores."""

import io

import numpy as np
import pytest
from PIL import Image

from analysis.engine.detectors import error_level
from analysis.engine.types import NotAssessed, Reason
from tests.analysis.engine.detectors.scenes import as_jpeg, examined, photo, region
from tests.analysis.engine.plugins import NO_WEIGHTS

PASTED = region(160, 160, 320, 320)


@pytest.fixture
def detector():
    return error_level.make("error-level", NO_WEIGHTS, "cpu")


def test_what_was_never_saved_before_changes_more_than_the_rest(detector):
    rgb = as_jpeg(photo(), 90)
    rgb = rgb.copy()
    rgb[PASTED] = photo()[PASTED]

    _, _, assessment = examined(detector, rgb)

    level = np.kron(np.array(assessment.facts["map"], float), np.ones((16, 16)))[:480, :640]
    inside = np.zeros(level.shape, bool)
    inside[PASTED] = True
    assert level[inside].mean() > 1.5 * level[~inside].mean()


def test_it_never_gives_a_score(detector):
    _, points, assessment = examined(detector, photo())

    assert isinstance(assessment, NotAssessed)
    assert assessment.reason is Reason.REPORTS_FACTS
    assert [point.score for point in points] == [None]


def test_tiles_leave_no_seam(detector):
    rgb = photo(1100, 600)

    _, _, assessment = examined(detector, rgb)

    whole = error_level.changed(rgb)
    assert assessment.facts["mean_change"] == pytest.approx(
        float(whole.mean()), abs=0.02
    )  # chroma at tile edges
    assert max(len(assessment.facts["map"]), len(assessment.facts["map"][0])) <= 64


def test_the_evidence_is_a_sheet(detector):
    session, _, _ = examined(detector, photo())

    (evidence,) = session.evidence()

    assert Image.open(io.BytesIO(evidence.content)).format == "PNG"
    assert "says nothing" in evidence.caption


def test_one_pixel_is_too_small(detector):
    _, _, assessment = examined(detector, np.zeros((1, 1, 3), np.uint8))

    assert isinstance(assessment, NotAssessed)
    assert assessment.reason is Reason.OUTSIDE_DOMAIN
