"""A net as a golden file names it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

import torch
from numpy.typing import NDArray
from torch import nn

from analysis.engine.nets import precision

Array = NDArray[Any]
Values = dict[str, Array]


@dataclass(frozen=True)
class Port:
    """One net: its `key` in the catalogue, and what makes a function from input to values of its file.

    `further` are the keys of the files it needs besides; `load` gets the paths of all, in that order, and the
    `device` its torch net runs on.
    """

    key: str
    load: Callable[..., Callable[[Array, Mapping[str, Any]], Values]]
    further: tuple[str, ...] = ()


Net = TypeVar("Net", bound=nn.Module)


def placed(net: Net, device: str) -> Net:
    """The net on that device, computing in full single precision there."""
    precision.keep_full(device)
    return net.to(device)


def with_layers(net: nn.Module, layers: Mapping[str, nn.Module], run: Callable[[], Values]) -> Values:
    """The values of `run`, joined by what the named layers gave on the way."""
    seen: Values = {}

    def keep(name: str) -> Callable[[nn.Module, Any, Any], None]:
        def hook(_module: nn.Module, _inputs: Any, output: Any) -> None:
            first = output[0] if isinstance(output, tuple) else output
            seen[f"layers.{name}"] = first.detach().cpu().numpy().copy()

        return hook

    handles = [layer.register_forward_hook(keep(name)) for name, layer in layers.items()]
    try:
        with torch.inference_mode():
            return run() | seen
    finally:
        for handle in handles:
            handle.remove()
