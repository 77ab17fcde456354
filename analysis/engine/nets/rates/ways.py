"""Builds a net in each way of running it, and compares what two ways answer."""

import copy
import warnings
from collections.abc import Callable
from typing import Any, TypeVar

import torch
from torch import Tensor, nn

from analysis.engine.nets.rates.choice import Way

# Of outputs relative to max(1, |output|), and of scores in 0..1 as they are: what the goldens ask of our nets too.
TOLERANCE = 1e-4
Read = Callable[[Tensor], Tensor]
Net = TypeVar("Net", bound=nn.Module)


def build(net: nn.Module, way: Way, example: Tensor) -> nn.Module:
    """A copy of the net, run in that way. Raises whatever torch raises where it cannot be."""
    # eager and channels_last share nothing with the original: .to(memory_format=…) changes a net in place
    copied = copy.deepcopy(net).eval()
    if way is Way.EAGER:
        return copied
    copied = in_layout(copied, torch.channels_last)
    if way is Way.CHANNELS_LAST:
        return copied
    with warnings.catch_warnings():
        # torch.jit is called deprecated; what should replace it compiles for minutes and gained nothing here
        warnings.simplefilter("ignore")
        return _traced(copied, laid_out(example, way))


def in_layout(net: Net, layout: torch.memory_format) -> Net:
    """The net itself, its pictures' weights in another memory layout."""
    moved: Net = net.to(memory_format=layout)  # type: ignore[call-overload]  # stubs lack it
    return moved


def laid_out(inputs: Tensor, way: Way) -> Tensor:
    """Pictures in the memory layout of that way; anything else as it is."""
    if inputs.ndim != 4:
        return inputs
    return inputs.contiguous(memory_format=layout_of(way))


def layout_of(way: Way) -> torch.memory_format:
    return torch.contiguous_format if way is Way.EAGER else torch.channels_last


def _traced(net: nn.Module, example: Tensor) -> nn.Module:
    """Traced and frozen, which folds batch norms into the convolutions before them.

    Not by torch.fx.fuse: while it follows a net, every call of every net in the process goes through its tracer.
    """
    # compiling kernels for each new batch size costs seconds, and rounds otherwise than the first two calls
    torch._C._jit_set_texpr_fuser_enabled(False)
    with torch.no_grad():
        traced: Any = torch.jit.trace(net, example, check_trace=False)
        frozen: nn.Module = torch.jit.freeze(traced)
    return frozen


def difference(expected: Tensor, given: Tensor, read: Read) -> str:
    """Why one answer is not the other within TOLERANCE; empty when it is."""
    if expected.shape != given.shape:
        return f"the output is {tuple(given.shape)} instead of {tuple(expected.shape)}"
    outputs = ((given - expected).abs() / expected.abs().clamp(min=1)).max().item()
    scores = (read(given) - read(expected)).abs().max().item()
    # not <=, so that NaN is beyond it
    if not outputs <= TOLERANCE:
        return f"outputs differ by {outputs:.2g} (allowed: {TOLERANCE:g} of max(1, |output|))"
    return "" if scores <= TOLERANCE else f"scores differ by {scores:.2g} (allowed: {TOLERANCE:g})"
