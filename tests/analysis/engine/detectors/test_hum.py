"""The hum detector follows the phase of mains hum, and abstains where there is none."""

import numpy as np
import pytest

from analysis.engine.detectors import hum
from analysis.engine.types import NotAssessed, Reason
from tests import speech
from tests.analysis.engine.detectors.listen import RATE_HZ, listen


def humming(seconds, hertz, *, seed=1, level=3e-3):
    at = np.arange(round(seconds * RATE_HZ)) / RATE_HZ
    return speech.speech(seconds, seed=seed) + (level * np.sin(2 * np.pi * hertz * at)).astype(np.float32)


def without(sound, start, end):
    return np.concatenate((sound[: round(start * RATE_HZ)], sound[round(end * RATE_HZ) :]))


@pytest.mark.parametrize("hertz", [50.03, 59.96])
def test_hum_that_goes_on_stays_below_the_mark(hertz):
    heard = listen(hum, humming(30, hertz))

    assert heard.assessment.score < 0.5
    assert heard.facts["mains_hz"] == round(hertz)
    assert heard.facts["jumps"] == []


@pytest.mark.parametrize("hertz", [50.03, 59.96])
def test_a_cut_is_found_where_the_phase_jumps(hertz):
    # 3.007 s are 150.4 or 180.3 periods: the phase is off by a third of a turn or more
    heard = listen(hum, without(humming(40, hertz), 18.0, 21.007))

    assert heard.assessment.score > 0.5
    ((seconds, radians),) = heard.facts["jumps"]
    assert seconds == pytest.approx(18.0, abs=1.0)
    assert abs(radians) > 1


def test_a_cut_that_fits_the_hum_is_not_seen():
    heard = listen(hum, without(humming(40, 50.0), 18.0, 21.0))

    assert heard.assessment.score < 0.5


def test_it_abstains_where_nothing_hums():
    heard = listen(hum, speech.speech(20, seed=2))

    assert isinstance(heard.assessment, NotAssessed)
    assert heard.assessment.reason is Reason.OUTSIDE_DOMAIN
    assert heard.points == []
    assert heard.evidence == []


def test_it_abstains_from_short_sound():
    assert listen(hum, humming(8, 50.0)).assessment.reason is Reason.TOO_SHORT


def test_moments_in_which_the_hum_drowns_are_gaps():
    sound = humming(40, 50.0)
    sound[20 * RATE_HZ : 23 * RATE_HZ] += 0.2 * np.random.default_rng(3).standard_normal(3 * RATE_HZ)

    heard = listen(hum, sound)

    assert heard.assessment.score < 0.5
    assert any(point.score is None and 20 < point.pts_seconds < 23 for point in heard.points)
    assert heard.assessment.coverage.scored < heard.assessment.coverage.sampled


def test_the_evidence_is_the_phase_around_the_largest_jump():
    (picture,) = listen(hum, without(humming(40, 50.03), 18.0, 21.007)).evidence

    assert picture.kind == "curve"
    assert picture.content.startswith(b"\x89PNG")
