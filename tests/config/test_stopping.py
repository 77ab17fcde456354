import subprocess
import sys

import pytest

from tests.product import ROOT

HANG_UP = """
import os, signal
from config.engines.stopping import Stopping, StopRequested
stopping = Stopping()
os.kill(os.getpid(), signal.SIGHUP)
try:
    stopping.pause(0.1)
    print("goes on")
except StopRequested:
    print("stops")
"""


@pytest.mark.parametrize(("started_by", "then"), [([], "stops"), (["nohup"], "goes on")])
def test_a_terminal_that_goes_away_stops_it_unless_nohup_started_it(started_by: list[str], then: str) -> None:
    asked = subprocess.run(
        [*started_by, sys.executable, "-c", HANG_UP],
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=30,
        check=True,
    )

    assert asked.stdout.strip() == then
