"""A weight file that is damaged, another net's or poisoned is refused with a reason that can be read."""

import os

import pytest
import torch
from torch import nn

from analysis.engine.errors import UnusableWeights
from analysis.engine.nets import mesonet
from analysis.engine.nets.state import load_state


def net():
    return nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4))


@pytest.fixture
def state():
    return {name: tensor.clone() for name, tensor in net().state_dict().items()}


@pytest.fixture
def saved(tmp_path):
    def save(content):
        torch.save(content, tmp_path / "net.pth")
        return tmp_path / "net.pth"

    return save


def test_what_was_saved_is_loaded_for_inference(saved, state):
    state["0.weight"].fill_(0.25)

    loaded = load_state(
        net(), saved({f"module.{name}": value for name, value in state.items()}), prefix="module."
    )

    assert float(loaded[0].weight[3, 2, 1, 1].detach()) == 0.25
    assert not loaded.training


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda state: state.pop("0.bias"), "lacks 0.bias"),
        (lambda state: state.update({"2.weight": torch.zeros(1)}), "also holds 2.weight"),
        (lambda state: state.update({"0.bias": torch.zeros(5)}), r"0.bias is \(5,\), not \(4,\)"),
        (lambda state: state["1.running_var"].fill_(float("nan")), "NaN or infinity in 1.running_var"),
        (lambda state: state["0.weight"].fill_(float("inf")), "NaN or infinity in 0.weight"),
        (lambda state: state.update({"0.bias": [0.0] * 4}), "does not hold tensors by name"),
    ],
)
def test_what_is_not_this_nets_is_named(saved, state, change, told):
    change(state)

    with pytest.raises(UnusableWeights, match=told):
        load_state(net(), saved(state))


@pytest.mark.parametrize("share", [0.0, 0.1, 0.5, 0.9, 0.99])
def test_a_truncated_file_is_refused(saved, state, share):
    path = saved(state)
    whole = path.read_bytes()
    path.write_bytes(whole[: int(len(whole) * share)])

    with pytest.raises(UnusableWeights, match=r"net.pth cannot be read as weights"):
        load_state(net(), path)


class Payload:
    """Makes a folder when it is unpickled."""

    def __init__(self, folder):
        self.folder = folder

    def __reduce__(self):
        return os.mkdir, (str(self.folder),)


def test_a_pickle_that_would_run_code_is_refused_and_does_not(saved, state, tmp_path):
    path = saved(state | {"0.bias": Payload(tmp_path / "ran")})

    with pytest.raises(UnusableWeights, match="cannot be read as weights"):
        load_state(net(), path)

    assert not (tmp_path / "ran").exists()


def meso_file(path, change):
    """A file of the layers of Meso-4 as Keras writes them, changed by the test."""
    import h5py

    shapes = {
        f"conv2d_{at}": {"kernel:0": (size, size, inputs, outputs), "bias:0": (outputs,)}
        for at, (inputs, outputs, size) in enumerate([(3, 8, 3), (8, 8, 5), (8, 16, 5), (16, 16, 5)], start=1)
    }
    shapes |= {
        "dense_1": {"kernel:0": (1024, 16), "bias:0": (16,)},
        "dense_2": {"kernel:0": (16, 1), "bias:0": (1,)},
    }
    for at, width in enumerate((8, 8, 16, 16), start=1):
        names = ("gamma:0", "beta:0", "moving_mean:0", "moving_variance:0")
        shapes[f"batch_normalization_{at}"] = dict.fromkeys(names, (width,))
    change(shapes)
    with h5py.File(path, "w") as file:
        for layer, values in shapes.items():
            for name, shape in values.items():
                fill = shape if isinstance(shape, float) else 0.5
                size = (8,) if isinstance(shape, float) else shape
                file.create_dataset(f"{layer}/{layer}/{name}", size, "float32", fillvalue=fill)
    return path


def test_a_meso_file_of_the_right_layers_is_loaded(tmp_path):
    path = meso_file(tmp_path / "meso.h5", lambda shapes: None)

    assert float(mesonet.load_keras(mesonet.meso4(), path).out.bias.detach()[0]) == 0.5


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda shapes: shapes.pop("conv2d_4"), "does not hold the weights of this net"),
        (lambda shapes: shapes["conv2d_1"].update({"bias:0": (1,)}), r"shape \(1,\) instead of \(8,\)"),
        (lambda shapes: shapes["conv2d_1"].update({"bias:0": float("nan")}), "NaN or infinity"),
    ],
)
def test_another_meso_file_is_refused(tmp_path, change, told):
    path = meso_file(tmp_path / "meso.h5", change)

    with pytest.raises(UnusableWeights, match=told):
        mesonet.load_keras(mesonet.meso4(), path)


def test_a_truncated_meso_file_is_refused(tmp_path):
    path = meso_file(tmp_path / "meso.h5", lambda shapes: None)
    path.write_bytes(path.read_bytes()[:2000])

    with pytest.raises(UnusableWeights, match=r"meso.h5 does not hold the weights"):
        mesonet.load_keras(mesonet.meso4(), path)
