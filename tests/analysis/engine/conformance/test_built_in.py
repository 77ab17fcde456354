"""The built-in detectors pass the conformance kit, those with weights where these are installed."""

import pytest

from analysis.engine.conformance import State, check
from analysis.engine.conformance.pairs import DRAWN
from analysis.engine.registry import Registry
from tests.analysis.engine.plugins import NO_WEIGHTS

pytestmark = pytest.mark.timeout(900)  # a process for each, with its own torch, on shared cores
KNOWN = Registry.load(NO_WEIGHTS.folder)
BUILT_IN = [name for name, origin in KNOWN.origins.items() if origin.startswith("analysis.engine.detectors.")]
# examples that the nets' own authors show; they say which way the score goes, not how good it is
FACES = ("meso_real00240_real.jpg", "meso_df01254_fake.jpg")
MASKED = ("classnseg_real.jpg", "classnseg_fake_with_mask.jpg")
PAIRS = {
    "meso4": FACES,
    "mesoinception4": FACES,
    "classnseg": MASKED,
    "classnseg-finetune": MASKED,
    "minifasnet": ("silentface_T1_live.jpg", "silentface_F1_spoof.jpg"),
    "tiny-ladeda-forensynth": ("grip_real_progan.png", "grip_fake_progan.png"),
}


@pytest.mark.parametrize("name", [name for name in BUILT_IN if KNOWN.state(name).available])
def test_without_weights(name):
    report = check(KNOWN.origins[name], name)

    assert report.conforms, str(report)
    assert (report.finding("polarity").state is State.PASSED) == (name in DRAWN)


@pytest.mark.parametrize("name", [name for name in BUILT_IN if not KNOWN.state(name).available])
def test_with_weights(name, weights_dir, media_dir):
    if not Registry.load(weights_dir).state(name).available:
        pytest.skip(f"the weights of {name} are not installed")
    pair = [media_dir / "image" / file for file in PAIRS.get(name, ())]

    report = check(KNOWN.origins[name], name, reference=tuple(pair) or None, weights=weights_dir)

    assert report.conforms, str(report)
    assert (report.finding("polarity").state is State.PASSED) == (name in PAIRS)


def test_missing_weights_are_named():
    report = check(KNOWN.origins["meso4"], "meso4", weights=NO_WEIGHTS.folder)

    assert [one.check for one in report.failed] == ["loading"]
    assert "manage.py weights pull meso4-df" in report.failed[0].sentence
