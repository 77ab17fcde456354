"""AASIST and AASIST-L, after Jung, Heo, Tak, Shim, Chung, Lee, Yu and Evans (2022), section 3.

Ours follows the trained model where it departs from the paper's drawing, since the published weights do:
the residual blocks after the first hold a normalisation before their first convolution that the forward
pass never uses, and pooled nodes stay in the order of their scores, on which the element-wise maximum of
the two branches depends. Module and parameter names are those of the published state dict.
Logit 0 says spoofed, logit 1 bona fide.
"""

import math
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

SAMPLE_RATE_HZ = 16_000
WINDOW_SAMPLES = 64_600
SINC_TAPS = 129


@dataclass(frozen=True)
class Shape:
    """The numbers in which AASIST and AASIST-L differ (table 1 and the published configurations)."""

    channels: tuple[int, int]
    nodes: tuple[int, int]
    pool_spectral: float
    pool_temporal: float
    pool_branches: float
    filters: int = 70
    temperature_graphs: float = 2.0
    temperature_branches: float = 100.0


AASIST = Shape((32, 64), (64, 32), pool_spectral=0.5, pool_temporal=0.7, pool_branches=0.5)
AASIST_L = Shape((32, 24), (24, 32), pool_spectral=0.4, pool_temporal=0.5, pool_branches=0.7)


def sinc_filters(count: int, taps: int = SINC_TAPS) -> Tensor:
    """Band-pass filters, edges evenly spaced in mel over 0..8000 Hz; float32 (count, 1, taps)."""
    top_mel = 2595 * math.log10(1 + SAMPLE_RATE_HZ / 2 / 700)
    edges_hz = 700 * (10 ** (torch.linspace(0, 1, count + 1, dtype=torch.float64) * top_mel / 2595) - 1)
    n = torch.arange(taps, dtype=torch.float32) - (taps - 1) // 2
    # float32 from here on, as the net was trained: later layers magnify the last bits of the filters
    twice = (2 * edges_hz).float()[:, None]
    lowpass = twice / SAMPLE_RATE_HZ * torch.sinc(twice * n / SAMPLE_RATE_HZ)
    window = torch.hamming_window(taps, periodic=False, dtype=torch.float64).float()
    return ((lowpass[1:] - lowpass[:-1]) * window)[:, None]


class SincConv(nn.Module):
    """The fixed filter bank as a convolution: (n, 1, samples) to (n, filters, samples - taps + 1)."""

    def __init__(self, filters: int) -> None:
        super().__init__()
        self.register_buffer("filters", sinc_filters(filters), persistent=False)

    def forward(self, x: Tensor) -> Tensor:
        return functional.conv1d(x, self.get_buffer("filters"))


class Residual(nn.Module):
    """Two (2, 3) convolutions beside a shortcut, then a third of the time steps."""

    def __init__(self, inputs: int, outputs: int, *, first: bool = False) -> None:
        super().__init__()
        if not first:
            self.bn1 = nn.BatchNorm2d(inputs)  # in the weights, but the trained forward pass skips it
        self.conv1 = nn.Conv2d(inputs, outputs, (2, 3), padding=(1, 1))
        self.bn2 = nn.BatchNorm2d(outputs)
        self.conv2 = nn.Conv2d(outputs, outputs, (2, 3), padding=(0, 1))
        if inputs != outputs:
            self.conv_downsample = nn.Conv2d(inputs, outputs, (1, 3), padding=(0, 1))

    def forward(self, x: Tensor) -> Tensor:
        shortcut = self.conv_downsample(x) if hasattr(self, "conv_downsample") else x
        out = self.conv2(functional.selu(self.bn2(self.conv1(x)), inplace=True))
        return of_three_steps(out + shortcut)


def of_three_steps(x: Tensor) -> Tensor:
    """The maximum of every three time steps; what remains is dropped. Three times as fast as max_pool2d."""
    end = x.shape[3] // 3 * 3
    first, second, third = (x[..., at:end:3] for at in range(3))
    return torch.maximum(torch.maximum(first, second), third)


def _norm_nodes(norm: nn.BatchNorm1d, x: Tensor) -> Tensor:
    return norm(x.flatten(0, 1)).view_as(x)


class GraphAttention(nn.Module):
    """Attention over a complete graph: (n, nodes, inputs) to (n, nodes, outputs)."""

    def __init__(self, inputs: int, outputs: int, temperature: float) -> None:
        super().__init__()
        self.att_proj = nn.Linear(inputs, outputs)
        self.att_weight = nn.Parameter(torch.empty(outputs, 1))
        self.proj_with_att = nn.Linear(inputs, outputs)
        self.proj_without_att = nn.Linear(inputs, outputs)
        self.bn = nn.BatchNorm1d(outputs)
        self.temperature = temperature

    def forward(self, x: Tensor) -> Tensor:
        pairs = torch.tanh(self.att_proj(x[:, :, None] * x[:, None]))
        attention = torch.softmax((pairs @ self.att_weight).squeeze(-1) / self.temperature, dim=-1)
        mixed = self.proj_with_att(attention @ x) + self.proj_without_att(x)
        return functional.selu(_norm_nodes(self.bn, mixed))


class HeterogeneousAttention(nn.Module):
    """Attention over temporal and spectral nodes, a weight per kind of pair, and a master node."""

    def __init__(self, inputs: int, outputs: int, temperature: float) -> None:
        super().__init__()
        self.proj_type1 = nn.Linear(inputs, inputs)
        self.proj_type2 = nn.Linear(inputs, inputs)
        self.att_proj = nn.Linear(inputs, outputs)
        self.att_projM = nn.Linear(inputs, outputs)
        self.att_weight11 = nn.Parameter(torch.empty(outputs, 1))
        self.att_weight22 = nn.Parameter(torch.empty(outputs, 1))
        self.att_weight12 = nn.Parameter(torch.empty(outputs, 1))
        self.att_weightM = nn.Parameter(torch.empty(outputs, 1))
        self.proj_with_att = nn.Linear(inputs, outputs)
        self.proj_without_att = nn.Linear(inputs, outputs)
        self.proj_with_attM = nn.Linear(inputs, outputs)
        self.proj_without_attM = nn.Linear(inputs, outputs)
        self.bn = nn.BatchNorm1d(outputs)
        self.temperature = temperature

    def forward(self, temporal: Tensor, spectral: Tensor, master: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        count = temporal.shape[1]
        x = torch.cat([self.proj_type1(temporal), self.proj_type2(spectral)], dim=1)
        master = self._master(x, master)
        mixed = self.proj_with_att(self._attention(x, count) @ x) + self.proj_without_att(x)
        x = functional.selu(_norm_nodes(self.bn, mixed))
        return x[:, :count], x[:, count:], master

    def _attention(self, x: Tensor, count: int) -> Tensor:
        pairs = torch.tanh(self.att_proj(x[:, :, None] * x[:, None]))
        board = (pairs @ self.att_weight12).squeeze(-1)
        board[:, :count, :count] = (pairs[:, :count, :count] @ self.att_weight11).squeeze(-1)
        board[:, count:, count:] = (pairs[:, count:, count:] @ self.att_weight22).squeeze(-1)
        return torch.softmax(board / self.temperature, dim=-1)

    def _master(self, x: Tensor, master: Tensor) -> Tensor:
        weights = torch.tanh(self.att_projM(x * master)) @ self.att_weightM
        attention = torch.softmax(weights / self.temperature, dim=1)
        return self.proj_with_attM(attention.transpose(1, 2) @ x) + self.proj_without_attM(master)


class GraphPool(nn.Module):
    """Keeps the best share of the nodes, gated by their scores and in the order of their scores."""

    def __init__(self, inputs: int, share: float) -> None:
        super().__init__()
        self.proj = nn.Linear(inputs, 1)
        self.share = share

    def forward(self, x: Tensor) -> Tensor:
        scores = torch.sigmoid(self.proj(x))
        keep = max(int(x.shape[1] * self.share), 1)
        best = scores.topk(keep, dim=1).indices
        return (x * scores).gather(1, best.expand(-1, -1, x.shape[2]))


class AasistNet(nn.Module):
    """Sound, float32 (n, 64600) at 16 kHz in -1..1, to logits (n, 2): spoofed, bona fide."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        narrow, wide = shape.channels
        graph, joint = shape.nodes
        self.conv_time = SincConv(shape.filters)
        self.first_bn = nn.BatchNorm2d(1)
        widths = [(1, narrow), (narrow, narrow), (narrow, wide), (wide, wide), (wide, wide), (wide, wide)]
        self.encoder = nn.Sequential(
            *(nn.Sequential(Residual(i, o, first=at == 0)) for at, (i, o) in enumerate(widths))
        )
        self.pos_S = nn.Parameter(torch.empty(1, shape.filters // 3, wide))
        self.master1 = nn.Parameter(torch.empty(1, 1, graph))
        self.master2 = nn.Parameter(torch.empty(1, 1, graph))
        self.GAT_layer_S = GraphAttention(wide, graph, shape.temperature_graphs)
        self.GAT_layer_T = GraphAttention(wide, graph, shape.temperature_graphs)
        self.pool_S = GraphPool(graph, shape.pool_spectral)
        self.pool_T = GraphPool(graph, shape.pool_temporal)
        for branch in ("1", "2"):
            for step, inputs in (("1", graph), ("2", joint)):
                layer = HeterogeneousAttention(inputs, joint, shape.temperature_branches)
                self.add_module(f"HtrgGAT_layer_ST{branch}{step}", layer)
            self.add_module(f"pool_hS{branch}", GraphPool(joint, shape.pool_branches))
            self.add_module(f"pool_hT{branch}", GraphPool(joint, shape.pool_branches))
        self.out_layer = nn.Linear(5 * joint, 2)

    def forward(self, x: Tensor) -> Tensor:
        return self.out_layer(self.embed(x))

    def embed(self, x: Tensor) -> Tensor:
        """The last hidden layer: float32 (n, 160)."""
        x = self.conv_time(x[:, None])[:, None].abs()
        x = functional.selu(self.first_bn(functional.max_pool2d(x, (3, 3))))
        x = self.encoder(x).abs()
        spectral = self.pool_S(self.GAT_layer_S(x.amax(3).transpose(1, 2) + self.pos_S))
        temporal = self.pool_T(self.GAT_layer_T(x.amax(2).transpose(1, 2)))
        first = self._branch("1", temporal, spectral, self.master1)
        second = self._branch("2", temporal, spectral, self.master2)
        return _readout(*(torch.maximum(a, b) for a, b in zip(first, second, strict=True)))

    def _branch(self, branch: str, temporal: Tensor, spectral: Tensor, master: Tensor) -> tuple[Tensor, ...]:
        layers = [self.get_submodule(f"HtrgGAT_layer_ST{branch}{step}") for step in "12"]
        temporal, spectral, master = layers[0](temporal, spectral, master)
        spectral = self.get_submodule(f"pool_hS{branch}")(spectral)
        temporal = self.get_submodule(f"pool_hT{branch}")(temporal)
        more = layers[1](temporal, spectral, master)
        return temporal + more[0], spectral + more[1], master + more[2]


def _readout(temporal: Tensor, spectral: Tensor, master: Tensor) -> Tensor:
    parts = [temporal.abs().amax(1), temporal.mean(1), spectral.abs().amax(1), spectral.mean(1)]
    return torch.cat([*parts, master.squeeze(1)], dim=1)
