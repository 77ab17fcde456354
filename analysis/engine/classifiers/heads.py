"""Nets over the features of frames. One output each; high means manipulated.

A window over time reads the features of its frames, which are computed once per frame however many windows it
is part of.
"""

from pathlib import Path

import torch
from safetensors.torch import load_file
from torch import Tensor, nn

from analysis.engine.classifiers.description import Head
from analysis.engine.errors import UnverifiedWeights
from analysis.engine.nets.state import refuse_numbers_that_are_none


class Linear(nn.Module):
    """(n, features) → (n,)."""

    def __init__(self, head: Head) -> None:
        super().__init__()
        self.out = nn.Linear(head.features, 1)

    def forward(self, features: Tensor) -> Tensor:
        logits: Tensor = self.out(features)[..., 0]
        return logits


class Lstm(nn.Module):
    """(n, window, features) → (n,): the last state of an LSTM (Hochreiter & Schmidhuber 1997)."""

    def __init__(self, head: Head) -> None:
        super().__init__()
        self.lstm = nn.LSTM(head.features, head.hidden, head.layers, batch_first=True)
        self.out = nn.Linear(head.hidden, 1)

    def forward(self, features: Tensor) -> Tensor:
        states, _ = self.lstm(features)
        logits: Tensor = self.out(states[:, -1])[..., 0]
        return logits


class Transformer(nn.Module):
    """(n, window, features) → (n,): the mean of a transformer encoder (Vaswani et al. 2017), places learnt."""

    def __init__(self, head: Head) -> None:
        super().__init__()
        self.places = nn.Parameter(torch.zeros(head.window, head.features))
        layer = nn.TransformerEncoderLayer(
            head.features, head.heads, head.hidden, dropout=0.0, batch_first=True, norm_first=True
        )
        self.encoder = nn.TransformerEncoder(layer, head.layers, enable_nested_tensor=False)
        self.out = nn.Linear(head.features, 1)

    def forward(self, features: Tensor) -> Tensor:
        logits: Tensor = self.out(self.encoder(features + self.places).mean(dim=1))[..., 0]
        return logits


_KINDS = {"linear": Linear, "lstm": Lstm, "transformer": Transformer}


def build(head: Head) -> nn.Module:
    """A head with random weights, to be trained or loaded."""
    net: nn.Module = _KINDS[head.kind](head)
    return net.eval()


def load(head: Head, path: Path) -> nn.Module:
    """The head of a safetensors file. Raises UnverifiedWeights when it is of another shape, or holds NaN."""
    net = build(head)
    try:
        net.load_state_dict(load_file(path))
    except Exception as error:  # whatever safetensors and torch think of a broken file
        raise UnverifiedWeights(
            f"head.safetensors is not a {head.kind} head of that shape: {error}"
        ) from error
    refuse_numbers_that_are_none(net, path.name)
    return net


def scores(net: nn.Module, features: Tensor) -> list[float]:
    """0 to 1 for each row: (n, features), or (n, window, features) over time."""
    with torch.inference_mode():
        return [float(value) for value in torch.sigmoid(net(features))]


def refuse_mismatch(features: Tensor, head: Head) -> None:
    """Raises UnverifiedWeights when a model's features, (n, features), are not as many as the head takes."""
    if features.shape[1] != head.features:
        raise UnverifiedWeights(
            f"The model has {features.shape[1]} features; the head takes {head.features}."
        )
