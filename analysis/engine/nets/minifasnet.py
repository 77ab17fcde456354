"""MiniFASNetV2 and MiniFASNetV1SE of the Silent-Face-Anti-Spoofing repository (Minivision, 2020; no paper).

A pruned MobileFaceNet: inverted residuals with a PReLU per channel, here as tables of their inner widths; V1SE
weighs the channels of each stage's last block (squeeze and excitation with two batch norms) before the short cut
is added. Ours differs in nothing but the notation. Of its three classes, 1 is a live face; 0 and 2 are kinds of
presentation, on paper or a screen.
"""

from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor, nn

from analysis.engine.nets.state import load_state

LIVE = 1


@dataclass(frozen=True)
class Shape:
    """The inner widths of the residual stages at 64, 128 and 128 channels; `excited` is V1SE's addition."""

    stages: tuple[tuple[int, ...], tuple[int, ...], tuple[int, ...]]
    excited: bool = False


V2 = Shape(((13, 13, 13, 13), (231, 52, 26, 77, 26, 26), (26, 26)))
V1SE = Shape(((13, 26, 13, 52), (154, 52, 26, 52, 26, 26), (26, 26)), excited=True)


class Normed(nn.Module):
    """A convolution without bias, and its batch norm."""

    def __init__(
        self, inputs: int, outputs: int, size: int, *, stride: int = 1, padding: int = 0, groups: int = 1
    ):
        super().__init__()
        self.conv = nn.Conv2d(inputs, outputs, size, stride, padding, groups=groups, bias=False)
        self.bn = nn.BatchNorm2d(outputs)

    def forward(self, x: Tensor) -> Tensor:
        normed: Tensor = self.bn(self.conv(x))
        return normed


class Active(Normed):
    """The same, with a PReLU behind."""

    def __init__(
        self, inputs: int, outputs: int, size: int, *, stride: int = 1, padding: int = 0, groups: int = 1
    ):
        super().__init__(inputs, outputs, size, stride=stride, padding=padding, groups=groups)
        self.prelu = nn.PReLU(outputs)

    def forward(self, x: Tensor) -> Tensor:
        active: Tensor = self.prelu(super().forward(x))
        return active


class Excitation(nn.Module):
    """Weighs channels by what their means say; a quarter of the channels inside."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.fc1 = nn.Conv2d(channels, channels // 4, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(channels // 4)
        self.fc2 = nn.Conv2d(channels // 4, channels, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(channels)

    def forward(self, x: Tensor) -> Tensor:
        inner = torch.relu(self.bn1(self.fc1(x.mean(dim=(2, 3), keepdim=True))))
        return x * torch.sigmoid(self.bn2(self.fc2(inner)))


class Inverted(nn.Module):
    """1x1 to the inner width, 3x3 per channel, 1x1 back; `short_cut` adds the input, `excited` weighs before."""

    def __init__(
        self, inputs: int, inner: int, outputs: int, *, short_cut: bool = False, excited: bool = False
    ) -> None:
        super().__init__()
        self.conv = Active(inputs, inner, 1)
        self.conv_dw = Active(inner, inner, 3, stride=1 if short_cut else 2, padding=1, groups=inner)
        self.project = Normed(inner, outputs, 1)
        self.se_module = Excitation(outputs) if excited else None
        self.short_cut = short_cut

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = self.project(self.conv_dw(self.conv(x)))
        if self.se_module is not None:
            y = self.se_module(y)
        return x + y if self.short_cut else y


class Stage(nn.Module):
    """Inverted residuals at one width, one per inner width."""

    def __init__(self, channels: int, inner: tuple[int, ...], *, excited: bool) -> None:
        super().__init__()
        last = len(inner) - 1
        blocks = [
            Inverted(channels, width, channels, short_cut=True, excited=excited and at == last)
            for at, width in enumerate(inner)
        ]
        self.model = nn.Sequential(*blocks)

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = self.model(x)
        return y


class MiniFasNet(nn.Module):
    """Faces with their surroundings, float32 (n, 3, 80, 80), BGR in 0..255, to logits (n, 3): LIVE is 1."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        first, second, third = shape.stages
        self.conv1 = Active(3, 32, 3, stride=2, padding=1)
        self.conv2_dw = Active(32, 32, 3, padding=1, groups=32)
        self.conv_23 = Inverted(32, 103, 64)
        self.conv_3 = Stage(64, first, excited=shape.excited)
        self.conv_34 = Inverted(64, 231, 128)
        self.conv_4 = Stage(128, second, excited=shape.excited)
        self.conv_45 = Inverted(128, 308, 128)
        self.conv_5 = Stage(128, third, excited=shape.excited)
        self.conv_6_sep = Active(128, 512, 1)
        self.conv_6_dw = Normed(512, 512, 5, groups=512)
        self.linear = nn.Linear(512, 128, bias=False)
        self.bn = nn.BatchNorm1d(128)
        self.prob = nn.Linear(128, 3, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        x = self.conv_23(self.conv2_dw(self.conv1(x)))
        x = self.conv_34(self.conv_3(x))
        x = self.conv_45(self.conv_4(x))
        x = self.conv_6_dw(self.conv_6_sep(self.conv_5(x)))
        logits: Tensor = self.prob(self.bn(self.linear(x.flatten(1))))
        return logits


def load(shape: Shape, path: Path) -> MiniFasNet:
    """The net of a published file, set to inference; raises UnusableWeights."""
    return load_state(MiniFasNet(shape), path, prefix="module.")
