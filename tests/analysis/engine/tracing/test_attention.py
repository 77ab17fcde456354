"""A heatmap lights what the decision depends on, is bounded, and is the same every time."""

from threading import Thread

import numpy as np
import pytest
import torch
from torch import nn

from analysis.engine.detectors.base import Explains, Window
from analysis.engine.detectors.meso import Meso
from analysis.engine.nets import attention, waveform
from analysis.engine.nets.rates.forward import Forward
from tests.analysis.engine.plugins import card


class Quadrant(nn.Module):
    """Two convolutions that see everything, and a decision by the upper left quadrant alone."""

    def __init__(self, *, convolves=True):
        super().__init__()
        torch.manual_seed(5)
        self.convolutions = nn.Sequential(
            nn.Conv2d(3, 4, 3, padding=1), nn.ReLU(), nn.Conv2d(4, 4, 3, padding=1)
        )
        self.convolves = convolves

    def forward(self, x):
        x = self.convolutions(x) if self.convolves else x
        return x[:, :, : x.shape[2] // 2, : x.shape[3] // 2].square().sum(dim=(1, 2, 3))


def picture(side=128):
    return torch.from_numpy(np.random.default_rng(3).uniform(0.2, 1, (1, 3, side, side)).astype(np.float32))


@pytest.mark.parametrize("convolves", [True, False])
def test_a_decision_by_one_quadrant_lights_that_quadrant(convolves):
    values, method = attention.over_picture(Quadrant(convolves=convolves), picture(), lambda out: out)

    half = len(values) // 2
    assert values.max() == 1
    assert values[:half, :half].sum() > 0.99 * values.sum()
    assert ("convolution (" in method) is convolves


def test_a_map_is_small_in_0_to_1_and_the_same_every_time():
    first, second = (attention.over_picture(Quadrant(), picture(400), lambda out: out)[0] for _ in range(2))

    assert first.shape == (64, 64)
    assert first.dtype == np.float32
    assert (first.min(), first.max()) == (0, 1)
    assert (first == second).all()


def test_nothing_lights_where_nothing_spoke_for_manipulated():
    values, _ = attention.over_picture(Quadrant(), picture(), lambda out: -out)

    assert (values == 0).all()


def test_a_gradient_that_is_no_number_is_refused():
    with pytest.raises(ValueError, match="not a number"):
        attention.over_picture(Quadrant(), picture(), lambda out: out * float("nan"))


def test_a_patch_embedding_is_no_convolution_that_looks_at_places():
    net = nn.Sequential(nn.Conv2d(3, 4, 16, stride=16), nn.Flatten(), nn.Linear(4 * 64, 1))

    _, method = attention.over_picture(net, picture(), lambda out: out)

    assert method == attention.INPUT


class LastQuarter(nn.Module):
    def forward(self, samples):
        energy = samples[:, -samples.shape[1] // 4 :].square().sum(dim=1)
        return torch.stack([energy, -energy], dim=1)


def test_sound_lights_the_stretch_that_was_decisive():
    scorer = waveform.spoofed(card("last"), LastQuarter(), "cpu", 64_600)
    noise = np.random.default_rng(1).normal(0, 0.1, 64_600).astype(np.float32)

    values, _ = scorer.look(noise)

    assert values.shape == (1, 64)
    assert values[0, :47].sum() == 0
    assert values[0, 48:].min() > 0.3


def test_a_detector_of_pictures_refuses_sound():
    assert issubclass(Meso, Explains)
    with pytest.raises(TypeError, match="pictures"):
        Meso.explain(object.__new__(Meso), Window(0.0, np.zeros(10, np.float32)))


class Crowded(Quadrant):
    """Another thread runs the same net while a map is made of it."""

    def forward(self, x):
        said = super().forward(x)
        if torch.is_grad_enabled() and not torch.is_inference_mode_enabled():
            beside = Thread(target=self.run_beside, args=(x.detach() * 2,))
            beside.start()
            beside.join()
        return said

    @torch.inference_mode()
    def run_beside(self, x):
        self.beside = super().forward(x)


def test_a_run_of_the_same_net_beside_it_disturbs_no_map_and_is_not_disturbed():
    crowded = Crowded()

    values, _ = attention.over_picture(crowded, picture(), lambda out: out)

    assert (values == attention.over_picture(Quadrant(), picture(), lambda out: out)[0]).all()
    with torch.inference_mode():
        assert crowded.beside == Quadrant()(picture() * 2)
    assert all(one.grad is None for one in crowded.parameters())


def test_a_net_that_was_loaded_for_inference_alone_shows_where_it_looked():
    with torch.inference_mode():
        loaded = Quadrant().eval()

    values, _ = attention.over_picture(loaded, picture(), lambda out: out)

    assert (values == attention.over_picture(Quadrant(), picture(), lambda out: out)[0]).all()
    assert all(one.is_inference() for one in loaded.parameters())


def test_who_asks_in_inference_mode_gets_a_map_too():
    with torch.inference_mode():
        values, _ = attention.over_picture(Quadrant(), picture(), lambda out: out)

    assert values.max() == 1


def test_a_net_scores_the_same_after_it_was_looked_at():
    given, forward = (
        picture(64),
        Forward(
            "net",
            Quadrant(),
            weights_sha256="",
            shape=(3, 64, 64),
            span=(0, 1),
            read=torch.sigmoid,
            device="cpu",
        ),
    )
    before = forward(given)

    attention.over_picture(forward.eager, given, lambda out: out)

    assert torch.equal(forward(given), before)
    assert not any(one._forward_hooks for one in forward.eager.modules())
