"""Published weights, read as numbers only and put into a net only if they are that net's."""

import pickle
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar

import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from analysis.engine.errors import UnusableWeights

Net = TypeVar("Net", bound=nn.Module)
NAMES_SHOWN = 3


def load_state(net: Net, path: Path, *, prefix: str = "") -> Net:
    """Fills `net` from a file of tensors by name and sets it to inference.

    prefix: what stands before each name in the file, such as "module.". Raises UnusableWeights when the file
    is no file of tensors, is another net's, or holds NaN or infinity.
    """
    state = {name.removeprefix(prefix): tensor for name, tensor in _tensors(path).items()}
    _refuse_another_net(net, state, path.name)
    net.load_state_dict(state)
    refuse_numbers_that_are_none(net, path.name)
    return net.eval()


def _tensors(path: Path) -> Mapping[str, Tensor]:
    try:
        held = torch.load(path, map_location="cpu", weights_only=True)
    # the ways in which torch tells damaged archives, truncated ones and pickles that want to run code
    except (
        pickle.UnpicklingError,
        RuntimeError,
        EOFError,
        OSError,
        ValueError,
        LookupError,
        TypeError,
        AttributeError,
    ) as error:
        reason = str(error).partition("\n")[0][:200] or type(error).__name__
        raise UnusableWeights(f"{path.name} cannot be read as weights ({reason}).") from error
    if not isinstance(held, Mapping) or not all(isinstance(value, Tensor) for value in held.values()):
        raise UnusableWeights(f"{path.name} does not hold tensors by name.")
    return {str(name): tensor for name, tensor in held.items()}


def _refuse_another_net(net: nn.Module, state: Mapping[str, Tensor], file: str) -> None:
    wanted = net.state_dict()
    if missing := sorted(wanted.keys() - state.keys()):
        raise UnusableWeights(f"{file} is not of this net: it lacks {_some(missing)}.")
    if foreign := sorted(state.keys() - wanted.keys()):
        raise UnusableWeights(f"{file} is not of this net: it also holds {_some(foreign)}.")
    for name, tensor in wanted.items():
        if state[name].shape != tensor.shape:
            raise UnusableWeights(
                f"{file} is not of this net: {name} is {tuple(state[name].shape)}, not {tuple(tensor.shape)}."
            )


def _some(names: list[str]) -> str:
    more = len(names) - NAMES_SHOWN
    return ", ".join(names[:NAMES_SHOWN]) + (f" and {more} more" if more > 0 else "")


def put(place: Tensor, values: NDArray[Any]) -> None:
    """Copies values into a weight; ValueError when their shape is another (torch would repeat them to fit)."""
    if tuple(values.shape) != tuple(place.shape):
        raise ValueError(f"shape {tuple(values.shape)} instead of {tuple(place.shape)}")
    with torch.no_grad():
        place.copy_(torch.from_numpy(values))


def refuse_numbers_that_are_none(net: nn.Module, file: str) -> None:
    """Raises UnusableWeights naming the first weight with NaN or infinity: every score would be one."""
    for name, tensor in net.state_dict().items():
        if not bool(torch.isfinite(tensor).all()):
            raise UnusableWeights(f"{file} holds NaN or infinity in {name}; it is not used.")
