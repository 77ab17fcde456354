"""Nets that take the waveform, made ready to score one window at a time."""

from collections.abc import Callable

import torch
from torch import Tensor, nn

from analysis.engine.nets import precision
from analysis.engine.types import Samples


def spoofed(net: nn.Module, device: str) -> Callable[[Samples], float]:
    """Softmax of the spoofed logit, the first of two; 1 means manipulated."""
    return _scorer(net, device, lambda logits: torch.softmax(logits, dim=1)[0, 0])


def not_bona_fide(net: nn.Module, device: str) -> Callable[[Samples], float]:
    """One minus the sigmoid of a single logit that says bona fide; 1 means manipulated."""
    return _scorer(net, device, lambda logit: torch.sigmoid(-logit)[0])


def _scorer(net: nn.Module, device: str, read: Callable[[Tensor], Tensor]) -> Callable[[Samples], float]:
    precision.keep_full(device)
    # convolutions over few channels and many time steps take two thirds of the time in this layout
    net.eval().to(device).to(memory_format=torch.channels_last)  # type: ignore[call-overload]

    def score(window: Samples) -> float:
        with torch.inference_mode():
            return float(read(net(torch.from_numpy(window)[None].to(device))))

    return score
