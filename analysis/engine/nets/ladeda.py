"""Tiny-LaDeDa, after Cavia, Horwitz, Reiss and Hoshen (2024), section 4.

Four convolutions over what the picture's pixels differ from their neighbours by; what they find is averaged over
all patches and weighed into one logit. Ours was written from the paper and the published code, and has never been
compared with what that gives: there is no golden output for it. Two kinds of difference were published, and the files
do not say which is theirs: diagonal gradients (the code's default for this net) and nearest-neighbour residuals (the
teacher's). The ForenSynth file answers with logits over 1000 to any picture's gradients, so it is of the residuals.
"""

from collections.abc import Callable
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn import functional

from analysis.engine.nets.state import load_state

SIDE = 256
MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)  # ImageNet's, as in training
DIAGONAL = ((0.0, 1.0, 2.0), (-1.0, 0.0, 1.0), (-2.0, -1.0, 0.0))


def diagonal_gradients(pictures: Tensor) -> Tensor:
    """Sobel gradients along one diagonal, of each channel."""
    kernel = torch.tensor(DIAGONAL, device=pictures.device).expand(3, 1, 3, 3)
    return functional.conv2d(pictures, kernel, padding="same", groups=3)


def neighbour_residuals(pictures: Tensor) -> Tensor:
    """What pixels differ by from the first of their square of 2 x 2; sides must be even."""
    firsts = pictures[..., ::2, ::2]
    return pictures - firsts.repeat_interleave(2, dim=-2).repeat_interleave(2, dim=-1)


class Pair(nn.Module):
    """1x1 and 3x3 with stride 2, a batch norm and ReLU after each; nothing is padded."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(channels, channels, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(channels)
        self.conv2 = nn.Conv2d(channels, channels, 3, stride=2, bias=False)
        self.bn2 = nn.BatchNorm2d(channels)

    def forward(self, x: Tensor) -> Tensor:
        return torch.relu(self.bn2(self.conv2(torch.relu(self.bn1(self.conv1(x))))))


class TinyLaDeDa(nn.Module):
    """Pictures, float32 (n, 3, 256, 256), RGB normalised with MEAN and STD, to logits (n,): positive is generated."""

    def __init__(self, differences: Callable[[Tensor], Tensor]) -> None:
        super().__init__()
        self.differences = differences
        self.conv1 = nn.Conv2d(3, 8, 1, bias=False)
        self.conv2 = nn.Conv2d(8, 8, 3, bias=False)
        self.bn1 = nn.BatchNorm2d(8)
        self.layer1 = nn.Sequential(Pair(8))
        self.fc = nn.Linear(8, 1)

    def forward(self, x: Tensor) -> Tensor:
        x = self.layer1(torch.relu(self.bn1(self.conv2(self.conv1(self.differences(x))))))
        logits: Tensor = self.fc(x.mean(dim=(2, 3))).squeeze(1)
        return logits


def load(differences: Callable[[Tensor], Tensor], path: Path) -> TinyLaDeDa:
    """The net of a published file, set to inference; raises UnusableWeights."""
    return load_state(TinyLaDeDa(differences), path)
