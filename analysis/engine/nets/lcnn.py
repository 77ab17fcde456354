"""LFCC-LCNN-LSTM, after Wang and Yamagishi (2021), section 3: a light CNN and two recurrent layers over cepstra.

The front end is the linear cepstra of ASVspoof (20 filters, static values and two orders of differences, 60
in all); the CNN takes the larger of two halves of its channels in place of an activation (Wu et al. 2018,
max-feature-map). Ours follows the trained model: the first cepstral coefficient is the frame's energy,
differences are not divided, the recurrent layers' output is added to their input before the mean over time.
Module and parameter names are those of the published state dict. A higher logit says bona fide.
"""

from collections.abc import Iterator

import torch
from torch import Tensor, nn
from torch.nn import functional

FFT, WINDOW, HOP = 512, 320, 160
COEFFICIENTS = 20
EMPHASIS = 0.97
TINY = torch.finfo(torch.float32).eps  # added before each logarithm
# inputs, outputs before the maximum of halves, kernel side, pooled afterwards, normalised afterwards
STEPS = (
    (1, 64, 5, True, False),
    (32, 64, 1, False, True),
    (32, 96, 3, True, True),
    (48, 96, 1, False, True),
    (48, 128, 3, True, False),
    (64, 128, 1, False, True),
    (64, 64, 3, False, True),
    (32, 64, 1, False, True),
    (32, 64, 3, True, False),
)
HIDDEN = 32 * (3 * COEFFICIENTS // 16)


class Cepstra(nn.Module):
    """Sound, (n, samples) at 16 kHz, to linear cepstra with two orders of differences: (n, frames, 60)."""

    def __init__(self) -> None:
        super().__init__()
        self.lfcc_fb = nn.Parameter(torch.empty(FFT // 2 + 1, COEFFICIENTS), requires_grad=False)
        self.l_dct = nn.Linear(COEFFICIENTS, COEFFICIENTS, bias=False)
        self.register_buffer("window", torch.hamming_window(WINDOW), persistent=False)

    def forward(self, x: Tensor) -> Tensor:
        x = torch.cat([x[:, :1], x[:, 1:] - EMPHASIS * x[:, :-1]], dim=1)
        spectrum = torch.stft(
            x, FFT, HOP, WINDOW, self.get_buffer("window"), pad_mode="constant", return_complex=True
        )
        power = (spectrum.real.square() + spectrum.imag.square()).transpose(1, 2)
        cepstra = self.l_dct(torch.log10(power @ self.lfcc_fb + TINY))
        energy = torch.log10(power.sum(2, keepdim=True) / FFT + TINY)
        static = torch.cat([energy, cepstra[:, :, 1:]], dim=2)
        first = _difference(static)
        return torch.cat([static, first, _difference(first)], dim=2)


def _difference(x: Tensor) -> Tensor:
    padded = functional.pad(x.transpose(1, 2), (1, 1), mode="replicate").transpose(1, 2)
    return padded[:, 2:] - padded[:, :-2]


class LargerHalf(nn.Module):
    """The element-wise maximum of the two halves of the channels."""

    def forward(self, x: Tensor) -> Tensor:
        return torch.maximum(*x.chunk(2, dim=1))


class Recurrent(nn.Module):
    """A bidirectional LSTM that keeps the width: (n, frames, 96) to the same."""

    def __init__(self) -> None:
        super().__init__()
        self.l_blstm = nn.LSTM(HIDDEN, HIDDEN // 2, bidirectional=True, batch_first=True)

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.l_blstm(x)[0]
        return out


class LcnnNet(nn.Module):
    """Sound, float32 (n, samples) at 16 kHz in -1..1, to one logit (n,): higher means bona fide."""

    def __init__(self) -> None:
        super().__init__()
        self.m_frontend = nn.ModuleList([Cepstra()])
        self.m_transform = nn.ModuleList([nn.Sequential(*_convolutions())])
        self.m_before_pooling = nn.ModuleList([nn.Sequential(Recurrent(), Recurrent())])
        self.m_output_act = nn.ModuleList([nn.Linear(HIDDEN, 1)])
        for name, value in (("input_mean", 0), ("input_std", 1), ("output_mean", 0), ("output_std", 1)):
            # in the weights, but not used by the trained forward pass
            self.register_buffer(name, torch.full((1,), float(value)))

    def forward(self, x: Tensor) -> Tensor:
        maps = self.m_transform[0](self.m_frontend[0](x)[:, None])
        frames = maps.transpose(1, 2).flatten(2)
        hidden = (self.m_before_pooling[0](frames) + frames).mean(1)
        return self.m_output_act[0](hidden).squeeze(1)


def _convolutions() -> Iterator[nn.Module]:
    for inputs, outputs, side, pooled, normalised in STEPS:
        yield nn.Conv2d(inputs, outputs, side, padding=side // 2)
        yield LargerHalf()
        if pooled:
            yield nn.MaxPool2d(2)
        if normalised:
            yield nn.BatchNorm2d(outputs // 2, affine=False)
