"""Meso-4 and MesoInception-4, after Afchar, Nozick, Yamagishi and Echizen (2018), sections III.A and III.B.

Ours differs from the published Keras model in nothing but the notation: batch normalisation follows the
ReLU and uses Keras's epsilon of 0.001, only the 16-unit layer is leaky (slope 0.1), the flattening is in
height-width-channel order, and the net ends in the logit so that nothing saturates before it is compared.
The published sigmoid says 1 for a genuine face; callers turn the sign.
"""

import re
from pathlib import Path
from typing import Any, cast

import torch
from torch import Tensor, nn

from analysis.engine.errors import UnusableWeights
from analysis.engine.nets.state import put, refuse_numbers_that_are_none

EPSILON = 1e-3
FACE_SIDE = 256


def _norm(channels: int) -> nn.BatchNorm2d:
    return nn.BatchNorm2d(channels, eps=EPSILON)


def _conv(inputs: int, outputs: int, size: int, *, dilation: int = 1) -> nn.Conv2d:
    return nn.Conv2d(inputs, outputs, size, padding=dilation * (size // 2), dilation=dilation)


class Inception(nn.Module):
    """Four parallel branches: 1x1, then 1x1 followed by 3x3 with dilation 1, 2 and 3; a ReLU after each."""

    def __init__(self, inputs: int, widths: tuple[int, int, int, int]) -> None:
        super().__init__()
        plain, *dilated = widths
        self.branches = nn.ModuleList([nn.Sequential(_conv(inputs, plain, 1), nn.ReLU())])
        for dilation, width in enumerate(dilated, start=1):
            self.branches.append(
                nn.Sequential(
                    _conv(inputs, width, 1), nn.ReLU(), _conv(width, width, 3, dilation=dilation), nn.ReLU()
                )
            )

    def forward(self, x: Tensor) -> Tensor:
        return torch.cat([branch(x) for branch in self.branches], dim=1)


class MesoNet(nn.Module):
    """Faces, float32 (n, 3, 256, 256), RGB in 0..1, to logits (n,): positive means genuine."""

    def __init__(self, blocks: list[nn.Module], widths: list[int]) -> None:
        super().__init__()
        self.blocks = nn.ModuleList(blocks)
        self.norms = nn.ModuleList([_norm(width) for width in widths])
        self.pools = nn.ModuleList([nn.MaxPool2d(size) for size in (2, 2, 2, 4)])
        self.hidden = nn.Linear(widths[-1] * 8 * 8, 16)
        self.leaky = nn.LeakyReLU(0.1)
        self.out = nn.Linear(16, 1)

    def forward(self, x: Tensor) -> Tensor:
        for block, norm, pool in zip(self.blocks, self.norms, self.pools, strict=True):
            x = pool(norm(block(x)))
        flat = x.permute(0, 2, 3, 1).flatten(1)
        return self.out(self.leaky(self.hidden(flat))).squeeze(1)


def meso4() -> MesoNet:
    """An untrained Meso-4 (27,977 parameters)."""
    shapes = [(3, 8, 3), (8, 8, 5), (8, 16, 5), (16, 16, 5)]
    blocks: list[nn.Module] = [nn.Sequential(_conv(i, o, size), nn.ReLU()) for i, o, size in shapes]
    return MesoNet(blocks, [8, 8, 16, 16])


def mesoinception4() -> MesoNet:
    """An untrained MesoInception-4 (28,615 parameters)."""
    blocks: list[nn.Module] = [Inception(3, (1, 4, 4, 2)), Inception(11, (2, 4, 4, 2))]
    blocks += [nn.Sequential(_conv(i, 16, 5), nn.ReLU()) for i in (12, 16)]
    return MesoNet(blocks, [11, 12, 16, 16])


def load_keras(net: MesoNet, path: Path) -> MesoNet:
    """Fills `net` from a published Keras HDF5 file and sets it to inference.

    Layers are matched by the number in their name, which need not start at 1. Kernels are stored
    height, width, input, output. Raises UnusableWeights when the file cannot be read or holds another net.
    """
    import h5py

    try:
        with h5py.File(path, "r") as file:
            _fill_all(net, file)
    # h5py tells a damaged file, a missing layer and a layer that is no layer in these ways
    except (OSError, KeyError, ValueError, RuntimeError, TypeError, AttributeError) as error:
        raise UnusableWeights(f"{path.name} does not hold the weights of this net ({error}).") from error
    refuse_numbers_that_are_none(net, path.name)
    return net.eval()


def _fill_all(net: MesoNet, file: Any) -> None:
    layers = {name: file[name][name] for name in file if name.split("_")[0] in {"conv2d", "dense", "batch"}}
    _fill(net, nn.Conv2d, _numbered(layers, "conv2d"), (3, 2, 0, 1))
    _fill(net, nn.Linear, _numbered(layers, "dense"), (1, 0))
    _fill_norms(net, _numbered(layers, "batch_normalization"))


def _numbered(layers: dict[str, Any], stem: str) -> list[Any]:
    numbers = {int(match[1]): name for name in layers if (match := re.fullmatch(rf"{stem}_(\d+)", name))}
    return [layers[numbers[number]] for number in sorted(numbers)]


def _fill(net: MesoNet, kind: type[nn.Conv2d | nn.Linear], layers: list[Any], order: tuple[int, ...]) -> None:
    modules = [module for module in net.modules() if isinstance(module, kind)]
    for module, layer in zip(modules, layers, strict=True):
        put(module.weight, layer["kernel:0"][()].transpose(order))
        put(cast(Tensor, module.bias), layer["bias:0"][()])


def _fill_norms(net: MesoNet, layers: list[Any]) -> None:
    names = {"weight": "gamma:0", "bias": "beta:0"} | {
        "running_mean": "moving_mean:0",
        "running_var": "moving_variance:0",
    }
    for norm, layer in zip(net.norms, layers, strict=True):
        for ours, theirs in names.items():
            put(getattr(norm, ours), layer[theirs][()])
