"""Nets that take the waveform, made ready to score one window at a time."""

from collections.abc import Callable

import torch
from torch import Tensor, nn

from analysis.engine.detectors.base import Card
from analysis.engine.nets import attention
from analysis.engine.nets.rates.forward import Forward
from analysis.engine.types import Floats, Samples

SPAN = (-0.5, 0.5)


class Scorer:
    """Scores windows of `window_samples`; called with one. odds: of the net's output, what rises with the score."""

    def __init__(
        self,
        card: Card,
        net: nn.Module,
        device: str,
        window_samples: int,
        *,
        read: Callable[[Tensor], Tensor],
        odds: Callable[[Tensor], Tensor],
    ) -> None:
        self._read, self._odds = read, odds
        self.forwards = (
            Forward(
                card.name,
                net,
                weights_sha256=card.weights_sha256 or "",
                shape=(window_samples,),
                span=SPAN,
                read=read,
                device=device,
                batches=(1,),
            ),
        )

    def __call__(self, window: Samples) -> float:
        return float(self._read(self.forwards[0](torch.from_numpy(window)[None]))[0])

    def look(self, window: Samples) -> tuple[Floats, str]:
        """How much each part of the window moved the score: one row in 0..1, and the method."""
        [forward] = self.forwards
        return attention.over_time(
            forward.eager, torch.from_numpy(window)[None].to(forward.device), self._odds
        )


def spoofed(card: Card, net: nn.Module, device: str, window_samples: int) -> Scorer:
    """Softmax of the spoofed logit, the first of two; 1 means manipulated."""
    return Scorer(
        card,
        net,
        device,
        window_samples,
        read=lambda logits: torch.softmax(logits, dim=1)[:, 0],
        odds=lambda logits: logits[0, 0] - logits[0, 1],
    )


def not_bona_fide(card: Card, net: nn.Module, device: str, window_samples: int) -> Scorer:
    """One minus the sigmoid of a single logit that says bona fide; 1 means manipulated."""
    return Scorer(
        card,
        net,
        device,
        window_samples,
        read=lambda logit: torch.sigmoid(-logit),
        odds=lambda logit: -logit.flatten()[0],
    )
