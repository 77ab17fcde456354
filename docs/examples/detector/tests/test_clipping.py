"""The example detector keeps what the protocol promises, and tells cut-off peaks from whole ones."""

import numpy as np
from assay_clipping import RATE_HZ, make, plateau_share

from analysis.engine.conformance import check
from analysis.engine.types import NotAssessed, Reason, SoundBatch


def test_it_conforms():
    report = check("assay_clipping", "clipping")

    assert report.conforms, str(report)
    assert not report.not_tested, str(report)


def test_cut_off_peaks_are_plateaus_and_those_of_a_tone_are_not():
    tone = np.sin(2 * np.pi * 220 * np.arange(RATE_HZ) / RATE_HZ).astype(np.float32)

    assert plateau_share(tone) < 0.01
    assert plateau_share(np.clip(1.5 * tone, -1, 1)) > 0.3


def test_quiet_hum_is_not_scored():
    hum = 0.02 * np.sin(2 * np.pi * 50 * np.arange(3 * RATE_HZ) / RATE_HZ)
    session = make("clipping", None, "cpu").open(None)

    list(session.feed(SoundBatch(0.0, hum.astype(np.float32))))
    found = session.finish()

    assert isinstance(found, NotAssessed)
    assert found.reason is Reason.OUTSIDE_DOMAIN
