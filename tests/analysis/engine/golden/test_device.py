"""The golden check says on which device it runs, and is no looser on the CPU than the file."""

import pytest
from django.core.management import CommandError, call_command

from analysis.engine.golden.compare import DEVICE_TOLERANCE, allowed


def test_a_device_that_is_not_here_is_named(tmp_path, settings):
    settings.ASSAY_WEIGHTS = tmp_path
    golden = tmp_path / "golden.json"
    golden.write_text('{"nets": {}}')

    with pytest.raises(CommandError, match="no device 'cuda:99' here"):
        call_command("weights", "verify", "--golden", str(golden), "--device", "cuda:99")


@pytest.mark.parametrize(
    ("device", "synthetic", "real"), [("cpu", 1e-4, 2e-2), ("cuda", DEVICE_TOLERANCE, 2e-2)]
)
def test_a_gpu_may_differ_by_what_is_stated_and_the_cpu_by_what_the_file_says(device, synthetic, real):
    tolerances = allowed({"tolerance": {"synthetic": 1e-4, "real": 2e-2}}, device)

    assert (tolerances["synthetic"], tolerances["real"]) == (synthetic, real)
