"""What is fastest is told from nets that are warm, fairly, and again when there was no time."""

import pytest
import torch
from torch import nn

from analysis.engine.nets.rates import measuring
from analysis.engine.nets.rates.choice import UNMEASURED, Way
from analysis.engine.nets.rates.folder import RatesFolder
from analysis.engine.nets.rates.forward import Forward
from analysis.engine.nets.rates.rates import Rates


class Clock:
    """Moves only when a net runs on it: so many seconds an input, by way, and more while it is cold or busy."""

    def __init__(self):
        self.now, self.calls = 0.0, 0
        self.eager = self.channels_last = 0.001
        self.cold_seconds = 0.0
        self.busy_after = 10**9

    def run(self, pictures):
        self.calls += 1
        each = self.channels_last if pictures.stride(1) == 1 else self.eager
        self.now += len(pictures) * each * (3 if self.calls > self.busy_after else 1)
        self.now += self.cold_seconds
        self.cold_seconds = 0.0


class OnAClock(nn.Module):
    """Not to be traced: a trace would take no time at all."""

    def __init__(self, clock):
        super().__init__()
        torch.manual_seed(1)
        self.conv, self.clock = nn.Conv2d(3, 1, 3), clock

    def __deepcopy__(self, memo):
        return type(self)(self.clock)

    def forward(self, pictures):
        if torch.jit.is_tracing():
            raise RuntimeError("it cannot be followed")
        self.clock.run(pictures)
        return self.conv(pictures).mean((1, 2, 3))


@pytest.fixture
def clock(monkeypatch):
    clock = Clock()
    monkeypatch.setattr(measuring, "clock", lambda device: lambda: clock.now)
    return clock


@pytest.fixture
def settled(clock, tmp_path):
    def settle():
        net = Forward(
            "timed",
            OnAClock(clock),
            weights_sha256="a" * 64,
            shape=(3, 8, 8),
            span=(0.0, 1.0),
            read=torch.sigmoid,
            device="cpu",
        )
        net.settle(Rates(RatesFolder(tmp_path), measure=True))
        return net

    return settle


def test_a_first_call_that_sets_things_up_is_not_counted(clock, settled):
    clock.cold_seconds = 30.0

    choice = settled().choice

    assert {round(rate) for rate in choice.rates["eager"].values()} == {1000}
    assert choice.complete


@pytest.mark.parametrize(("faster", "way"), [(1.03, UNMEASURED), (1.10, Way.EAGER)])
def test_the_usual_way_is_left_only_for_one_that_is_clearly_faster(clock, settled, faster, way):
    clock.eager = clock.channels_last / faster

    assert settled().way is way


def test_a_moment_in_which_the_machine_is_busy_favours_no_way(clock, settled):
    clock.busy_after = 6

    choice = settled().choice

    assert choice.way is UNMEASURED
    assert [round(max(rates.values())) for rates in choice.rates.values()] == [1000, 1000]


def test_a_net_whose_calls_are_long_gets_the_time_to_try_every_way(clock, settled):
    clock.eager = clock.channels_last = 1.0

    assert settled().choice.complete


def test_what_there_was_no_time_for_is_measured_again_at_the_next_start(clock, settled):
    clock.eager = clock.channels_last = 12.0
    hurried = settled().choice
    clock.eager = clock.channels_last = 0.001

    again = settled().choice

    calls = clock.calls
    assert settled().choice == again
    assert (hurried.complete, again.complete) == (False, True)
    assert clock.calls - calls == 2  # eager and its own way, to be compared
