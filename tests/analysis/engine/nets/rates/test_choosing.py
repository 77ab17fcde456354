"""The way a net runs in is measured once per machine, kept, and never changes a score."""

import gc
import json
from threading import Thread

import pytest
import torch
from torch import nn

from analysis.engine.nets.rates.choice import Choice, Way
from analysis.engine.nets.rates.folder import RatesFolder
from analysis.engine.nets.rates.forward import Forward
from analysis.engine.nets.rates.rates import Rates
from analysis.engine.nets.rates.ways import TOLERANCE


class Small(nn.Module):
    """A convolution and its norm."""

    def __init__(self):
        super().__init__()
        torch.manual_seed(1)
        self.conv, self.norm = nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4)

    def forward(self, pictures):
        return self.norm(self.conv(pictures)).mean(dim=(2, 3))[:, 0]


class HoldsToTheBatchItWasTracedWith(Small):
    """A trace of it keeps the first batch's size as a number."""

    def forward(self, pictures):
        return super().forward(pictures) * len(pictures)


class AnswersByLayout(Small):
    """Gives something else when its pictures lie channels last in memory."""

    def forward(self, pictures):
        return super().forward(pictures) + float(pictures.stride(1) == 1)


class NotANumberWhenChannelsLast(Small):
    def forward(self, pictures):
        return super().forward(pictures) / float(pictures.stride(1) != 1)


class FailsInBatches(Small):
    """As one does for which there is not memory enough."""

    def forward(self, pictures):
        if len(pictures) > 1:
            raise RuntimeError("cannot allocate memory")
        return super().forward(pictures)


class AnotherNetRunsMeanwhile(Small):
    """Whoever runs or follows it finds another thread's net at work."""

    def __init__(self):
        super().__init__()
        self.failures = []

    def __deepcopy__(self, memo):
        copied = type(self)()
        copied.failures = self.failures
        return copied

    def forward(self, pictures):
        other = Thread(target=self.run_another)
        other.start()
        other.join()
        return super().forward(pictures)

    def run_another(self):
        try:
            with torch.inference_mode():
                Small().eval()(torch.zeros(1, 3, 16, 16))
        except BaseException as error:
            self.failures.append(error)


def forward(net=None, *, weights="a" * 64):
    return Forward(
        "small",
        net or Small(),
        weights_sha256=weights,
        shape=(3, 16, 16),
        span=(0.0, 1.0),
        read=torch.sigmoid,
        device="cpu",
    )


@pytest.fixture
def measured(monkeypatch):
    """How often a net was measured."""
    count = []
    real = Forward.measured
    monkeypatch.setattr(Forward, "measured", lambda self, threads: count.append(1) or real(self, threads))
    return count


@pytest.fixture
def rates(tmp_path):
    return Rates(RatesFolder(tmp_path / "rates"), measure=True)


def settled(rates, *args, **more):
    net = forward(*args, **more)
    net.settle(rates)
    return net


def kept(rates):
    [path] = rates.folder.folder.iterdir()
    return path


def test_a_choice_is_measured_once_and_then_kept(rates, measured):
    first = settled(rates)

    second = settled(rates)

    assert len(measured) == 1
    assert (second.way, second.batch) == (first.way, first.batch)


def test_what_another_process_kept_meanwhile_is_taken(rates, monkeypatch):
    other = forward()
    chosen = Choice(other.key(1), Way.TRACED, 8, {"traced": {8: 5.0}})
    real = Forward.measured

    def as_another_ends(self, threads):
        measured = real(self, threads)
        rates.folder.write(chosen, "cpu")
        return measured

    monkeypatch.setattr(Forward, "measured", as_another_ends)

    found = settled(rates)

    assert (found.way, found.batch) == (Way.TRACED, 8)
    assert rates.folder.read(other.key(1), "cpu") == chosen


def test_a_kept_batch_that_its_detector_does_not_give_is_measured_anew(rates, measured):
    settled(rates)
    held = json.loads(kept(rates).read_bytes())
    held |= {"batch": 64, "rates": {held["way"]: {"64": 1.0}}}
    kept(rates).write_text(json.dumps(held))

    found = settled(rates)

    assert len(measured) == 2
    assert found.batch in found.batches


@pytest.mark.parametrize(
    "damage",
    [
        b"",
        b"{",
        b"[" * 60_000,
        b"null",
        b"{}",
        b"x" * 100_000,
        b"\xff\xfe",
    ],
)
def test_a_damaged_file_is_measured_anew_and_replaced(rates, measured, damage):
    settled(rates)
    kept(rates).write_bytes(damage)

    again = settled(rates)

    assert len(measured) == 2
    assert json.loads(kept(rates).read_bytes())["way"] == again.way


@pytest.mark.parametrize(
    "change",
    [
        {"way": "backwards"},
        {"way": "fused", "rates": {"fused": {"1": 9.0}}, "batch": 1},
        {"batch": 3},
        {"batch": 10**9},
        {"batch": True},
        {"rates": {}},
        {"rates": {"eager": {"1": "fast"}}},
        {"form": 0},
    ],
)
def test_a_file_that_says_what_cannot_be_is_measured_anew(rates, measured, change):
    settled(rates)
    kept(rates).write_text(json.dumps(json.loads(kept(rates).read_bytes()) | change))

    settled(rates)

    assert len(measured) == 2


def test_a_link_in_its_place_is_neither_read_nor_written_through(rates, measured, tmp_path):
    settled(rates)
    elsewhere = tmp_path / "elsewhere.json"
    kept(rates).rename(elsewhere)
    before = elsewhere.read_bytes()
    (rates.folder.folder / "small-cpu-1.json").symlink_to(elsewhere)

    settled(rates)

    assert len(measured) == 2
    assert elsewhere.read_bytes() == before
    assert not kept(rates).is_symlink()


def test_other_weights_are_measured_anew(rates, measured):
    settled(rates)

    settled(rates, weights="b" * 64)

    assert len(measured) == 2


def test_nothing_is_measured_where_nobody_asked_for_it(rates, measured):
    unasked = Rates(rates.folder)

    net = settled(unasked)

    assert (len(measured), net.way, net.batch) == (0, Way.CHANNELS_LAST, None)


def test_a_folder_that_cannot_be_written_to_costs_no_score(tmp_path):
    (tmp_path / "rates").write_text("a file")

    net = settled(Rates(RatesFolder(tmp_path / "rates"), measure=True))

    assert net.choice is not None


@pytest.mark.parametrize("net", [AnswersByLayout, NotANumberWhenChannelsLast])
def test_a_way_that_changes_scores_is_refused(rates, net):
    found = settled(rates, net())

    assert found.way is Way.EAGER
    assert set(found.choice.refused) == {"channels_last", "traced"}
    assert "differ" in found.choice.refused["channels_last"]


def test_nets_of_other_threads_run_undisturbed_while_one_is_measured(rates):
    net = AnotherNetRunsMeanwhile()

    settled(rates, net)

    assert net.failures == []


def test_a_net_that_cannot_be_measured_runs_all_the_same(rates):
    picture = torch.rand(1, 3, 16, 16)

    found = settled(rates, FailsInBatches())

    assert (found.choice, found.way) == (None, Way.CHANNELS_LAST)
    with torch.inference_mode():
        assert found(picture) == pytest.approx(Small().eval()(picture), abs=TOLERANCE)


def test_a_kept_choice_of_a_net_that_fails_runs_all_the_same(rates):
    settled(rates)

    found = settled(rates, FailsInBatches())

    assert (found.choice, found.way) == (None, Way.CHANNELS_LAST)


def test_a_trace_that_holds_to_its_batch_is_refused(rates):
    found = settled(rates, HoldsToTheBatchItWasTracedWith())

    assert "traced" in found.choice.refused


def test_a_kept_choice_that_changes_scores_is_not_used(rates):
    settled(rates)
    held = json.loads(kept(rates).read_bytes())
    held |= {"way": "channels_last", "batch": 4, "rates": {"channels_last": {"4": 1e9}}}
    kept(rates).write_text(json.dumps(held))
    example = forward(AnswersByLayout())

    example.settle(rates)

    assert example.choice is None


@pytest.mark.parametrize("way", [Way.EAGER, Way.CHANNELS_LAST])
def test_a_net_that_is_not_traced_is_held_once(rates, way):
    class Counted(Small):
        pass

    net = forward(Counted())
    rates.folder.write(Choice(net.key(1), way, 1, {way.value: {1: 1.0}}), "cpu")

    net.settle(rates)

    gc.collect()
    assert net.way is way
    assert len([one for one in gc.get_objects() if type(one) is Counted]) == 1


def test_every_way_answers_like_eager_within_the_tolerance(rates):
    found = settled(rates)
    pictures = torch.rand(5, 3, 16, 16)

    with torch.inference_mode():
        assert found(pictures) == pytest.approx(Small().eval()(pictures), abs=TOLERANCE)


def test_scores_are_made_in_inference_mode(rates):
    assert settled(rates)(torch.rand(1, 3, 16, 16)).is_inference()
