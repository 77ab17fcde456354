"""RawGAT-ST with multiplicative fusion, after Tak, Jung, Patino, Kamble, Todisco and Evans (2021), section 3.

Ours follows the trained model where it departs from the paper's drawing, since the published weights do: the
residual blocks after the first hold a normalisation and a convolution of one channel that the forward pass
never uses, and pooled nodes stay in the order of their scores, over which a linear layer then runs. Module
and parameter names are those of the published state dict. Logit 0 says spoofed, logit 1 bona fide.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional

from analysis.engine.nets.aasist import SincConv, of_three_steps

FILTERS = 70
WIDTHS = ((1, 32), (32, 32), (32, 64), (64, 64), (64, 64), (64, 64))
SPECTRAL_NODES, TEMPORAL_NODES, JOINT_NODES = 23, 29, 12  # a window of 64,600 samples gives these
SHARE_SPECTRAL, SHARE_TEMPORAL, SHARE_JOINT = 0.64, 0.81, 0.64


class Residual(nn.Module):
    """Two (2, 3) convolutions beside a shortcut, then a third of the time steps."""

    def __init__(self, inputs: int, outputs: int, *, first: bool) -> None:
        super().__init__()
        self.conv_1 = nn.Conv2d(1, outputs, (2, 3), padding=(1, 1))  # in all weights, used by the first only
        if not first:
            self.bn1 = nn.BatchNorm2d(inputs)  # in the weights, but the trained forward pass skips it
            self.conv1 = nn.Conv2d(inputs, outputs, (2, 3), padding=(1, 1))
            if inputs != outputs:
                self.conv_downsample = nn.Conv2d(inputs, outputs, (1, 3), padding=(0, 1))
        self.bn2 = nn.BatchNorm2d(outputs)
        self.conv2 = nn.Conv2d(outputs, outputs, (2, 3), padding=(0, 1))

    def forward(self, x: Tensor) -> Tensor:
        shortcut = self.conv_downsample(x) if hasattr(self, "conv_downsample") else x
        opened = self.conv1(x) if hasattr(self, "conv1") else self.conv_1(x)
        out = self.conv2(functional.selu(self.bn2(opened), inplace=True))
        # the first block's one channel is added to each of its 32
        return of_three_steps(out + shortcut)


class GraphAttention(nn.Module):
    """Attention over a complete graph: (n, nodes, inputs) to (n, nodes, outputs)."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.att_proj = nn.Linear(inputs, outputs)
        self.att_weight = nn.Parameter(torch.empty(outputs, 1))
        self.proj_with_att = nn.Linear(inputs, outputs)
        self.proj_without_att = nn.Linear(inputs, outputs)
        self.bn = nn.BatchNorm1d(outputs)

    def forward(self, x: Tensor) -> Tensor:
        pairs = torch.tanh(self.att_proj(x[:, :, None] * x[:, None]))
        attention = torch.softmax((pairs @ self.att_weight).squeeze(-1), dim=-1)
        mixed = self.proj_with_att(attention @ x) + self.proj_without_att(x)
        return functional.selu(self.bn(mixed.flatten(0, 1)).view_as(mixed))


class GraphPool(nn.Module):
    """Keeps the best share of the nodes, gated by their scores: (n, nodes, inputs) to (n, kept, 1, inputs)."""

    def __init__(self, inputs: int, share: float) -> None:
        super().__init__()
        self.proj = nn.Linear(inputs, 1)
        self.share = share

    def kept(self, nodes: int) -> int:
        return max(int(nodes * self.share), 2)

    def forward(self, x: Tensor) -> Tensor:
        scores = torch.sigmoid(self.proj(x))
        best = scores.topk(self.kept(x.shape[1]), dim=1).indices
        return (x * scores).gather(1, best.expand(-1, -1, x.shape[2]))[:, :, None]


class RawGatNet(nn.Module):
    """Sound, float32 (n, 64600) at 16 kHz in -1..1, to logits (n, 2): spoofed, bona fide."""

    def __init__(self) -> None:
        super().__init__()
        self.conv_time = SincConv(FILTERS)
        self.first_bn = nn.BatchNorm2d(1)
        self.encoder1, self.encoder2 = _encoder(), _encoder()
        self.GAT_layer1, self.GAT_layer2 = GraphAttention(64, 32), GraphAttention(64, 32)
        self.GAT_layer3 = GraphAttention(32, 16)
        self.pool1, self.pool2 = GraphPool(32, SHARE_SPECTRAL), GraphPool(32, SHARE_TEMPORAL)
        self.pool3 = GraphPool(16, SHARE_JOINT)
        self.proj1 = nn.Linear(self.pool1.kept(SPECTRAL_NODES), JOINT_NODES)
        self.proj2 = nn.Linear(self.pool2.kept(TEMPORAL_NODES), JOINT_NODES)
        self.proj = nn.Linear(16, 1)
        self.proj_node = nn.Linear(self.pool3.kept(JOINT_NODES), 2)

    def forward(self, x: Tensor) -> Tensor:
        x = self.conv_time(x[:, None])[:, None].abs()
        x = functional.selu(self.first_bn(functional.max_pool2d(x, (3, 3))))
        spectral = self.encoder1(x).abs().amax(3).transpose(1, 2)
        temporal = self.encoder2(x).abs().amax(2).transpose(1, 2)
        one = self.proj1(self.pool1(self.GAT_layer1(spectral)).permute(0, 3, 2, 1))
        other = self.proj2(self.pool2(self.GAT_layer2(temporal)).permute(0, 3, 2, 1))
        joint = (one * other).squeeze(2).transpose(1, 2)
        nodes = self.pool3(self.GAT_layer3(joint)).squeeze(2)
        return self.proj_node(self.proj(nodes).squeeze(2))


def _encoder() -> nn.Sequential:
    blocks = [Residual(i, o, first=at == 0) for at, (i, o) in enumerate(WIDTHS)]
    return nn.Sequential(*(nn.Sequential(block) for block in blocks))
