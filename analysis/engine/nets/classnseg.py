"""The Y-shaped autoencoder of Nguyen, Fang, Yamagishi and Echizen (2019), section III.

An encoder's 128 latent channels fall into two halves, one active for altered faces (the first, as published) and
one for original ones; the decoder is given the more active half alone and branches into a mask of the altered
pixels and a reconstruction. Ours differs from the published model in nothing but the notation.
"""

from itertools import pairwise
from pathlib import Path

import torch
from torch import Tensor, nn

from analysis.engine.nets.state import load_state

FACE_SIDE = 256
HALF = 64
MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)  # ImageNet's, as in training


def _down(inputs: int, outputs: int, stride: int) -> list[nn.Module]:
    return [nn.Conv2d(inputs, outputs, 3, stride, padding=1), nn.BatchNorm2d(outputs), nn.ReLU()]


def _up(inputs: int, outputs: int, stride: int) -> list[nn.Module]:
    return [_transposed(inputs, outputs, stride), nn.BatchNorm2d(outputs), nn.ReLU()]


def _transposed(inputs: int, outputs: int, stride: int = 1) -> nn.ConvTranspose2d:
    return nn.ConvTranspose2d(inputs, outputs, 3, stride, padding=1, output_padding=stride - 1)


def _branch(outputs: int, end: nn.Module) -> nn.Sequential:
    steps = _up(32, 16, 1) + _up(16, 16, 2) + _up(16, 8, 1) + _up(8, 8, 2)
    return nn.Sequential(*steps, _transposed(8, outputs), end)


class Decoder(nn.Module):
    """A latent (n, 128, 16, 16) to a mask, softmax over (untouched, altered), and a reconstruction in -1..1."""

    def __init__(self) -> None:
        super().__init__()
        self.shared = nn.Sequential(*_up(128, 64, 1), *_up(64, 64, 2), *_up(64, 32, 1), *_up(32, 32, 2))
        self.segmenter = _branch(2, nn.Softmax(dim=1))
        self.decoder = _branch(3, nn.Tanh())

    def forward(self, latent: Tensor) -> tuple[Tensor, Tensor]:
        shared = self.shared(latent)
        return self.segmenter(shared), self.decoder(shared)

    def mask(self, latent: Tensor) -> Tensor:
        """How altered each pixel is, (n, 256, 256) in 0..1, without the reconstruction."""
        altered: Tensor = self.segmenter(self.shared(latent))[:, 1]
        return altered


class ClassNSeg(nn.Module):
    """Faces, float32 (n, 3, 256, 256), RGB normalised with MEAN and STD, to latents (n, 128, 16, 16)."""

    def __init__(self) -> None:
        super().__init__()
        widths = (3, 8, 8, 16, 16, 32, 32, 64, 64, 2 * HALF)
        steps = [_down(*pair, stride=1 + at % 2) for at, pair in enumerate(pairwise(widths))]
        self.encoder = nn.Sequential(*(module for step in steps for module in step))
        self.decoder = Decoder()

    def forward(self, faces: Tensor) -> Tensor:
        latent: Tensor = self.encoder(faces)
        return latent


def activity(latent: Tensor) -> Tensor:
    """Mean absolute value of either half, (n, 2): altered, original. The larger one is the net's decision."""
    return latent.unflatten(1, (2, HALF)).abs().mean(dim=(2, 3, 4))


def selected(latent: Tensor) -> Tensor:
    """The latent with the less active half set to 0; a tie goes to the original half, as published."""
    altered, original = activity(latent).unbind(1)
    kept = torch.stack([altered > original, altered <= original], dim=1)
    return (latent.unflatten(1, (2, HALF)) * kept[:, :, None, None, None]).flatten(1, 2)


def load(encoder: Path, decoder: Path) -> ClassNSeg:
    """The net of the two published files, set to inference; raises UnusableWeights."""
    net = ClassNSeg()
    load_state(net.encoder, encoder, prefix="encoder.")
    load_state(net.decoder, decoder)
    return net.eval()
