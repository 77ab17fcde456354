"""Where a net looked: Grad-CAM, after Selvaraju et al. (2017), section 3, or the gradient of the input.

Ours differs: each place of the feature map is weighed by its own gradient (Draelos & Carin 2020, "HiResCAM"),
because the mean gradient of Grad-CAM also lights places that the decision does not depend on; features are taken
where the last convolution leaves them, before whatever follows; convolutions that cut a picture into patches
(stride = size) do not count. A net without any other, such as a vision transformer, is asked for the gradient of its
input (Simonyan et al. 2014, section 3). Sound: the input times its gradient, along the time.
"""

import copy
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import chain
from threading import get_ident
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import adaptive_avg_pool2d

from analysis.engine.types import Floats

MOST_SIDE = 64
INPUT_SIDE = 32  # of a map of gradients, which are noise pixel by pixel
LEAST_SIDE = 4  # a smaller feature map says nothing about a place
CAM = "Gradient times features of the last convolution (Selvaraju et al. 2017; weighed place by place)."
INPUT = "Gradient of the input (Simonyan et al. 2014), as the net has no convolution that looks at places."
TIME = "Input times its gradient along the time (after Simonyan et al. 2014)."
Speak = Callable[[Any], Tensor]


def over_picture(net: nn.Module, given: Tensor, speak: Speak) -> tuple[Floats, str]:
    """Map in 0..1, and the method.

    given: (1, channels, height, width). speak: of what the net gives, the one number that rises with "manipulated",
    before any sigmoid or softmax, which would leave no gradient where the net is sure.
    """
    net = _ordinary(net)
    with torch.inference_mode(False), torch.enable_grad(), _last_features(net) as features:
        given = given.detach().clone().requires_grad_()
        said = speak(net(given)).sum()
        if not features:
            (slope,) = torch.autograd.grad(said, given)
            return _scaled(_shrunk(slope.abs().amax(dim=1), INPUT_SIDE)), INPUT
        (slope,) = torch.autograd.grad(said, features[-1])
    spoken = (slope * features[-1].detach()).sum(dim=1).clamp(min=0)
    return _scaled(_shrunk(spoken, MOST_SIDE)), CAM


def over_time(net: nn.Module, given: Tensor, speak: Speak) -> tuple[Floats, str]:
    """The same of sound: one row. given: (1, time) or (1, time, features)."""
    net = _ordinary(net)
    with torch.inference_mode(False), torch.enable_grad():
        given = given.detach().clone().requires_grad_()
        (slope,) = torch.autograd.grad(speak(net(given)).sum(), given)
    moved = (slope * given.detach()).abs().float().reshape(1, given.shape[1], -1).sum(dim=2)
    columns = min(MOST_SIDE, moved.shape[1])
    return _scaled(adaptive_avg_pool2d(moved[:, None], (1, columns))), TIME


def _ordinary(net: nn.Module) -> nn.Module:
    """The net; where it was made in inference mode a copy, as nothing can be derived through such tensors."""
    if not any(one.is_inference() for one in chain(net.parameters(), net.buffers())):
        return net
    with torch.inference_mode(False):
        return copy.deepcopy(net)


@contextmanager
def _last_features(net: nn.Module) -> Iterator[list[Tensor]]:
    """Filled, while this thread runs the net, with the feature map that came last."""
    kept: list[Tensor] = []
    asking = get_ident()

    def keep(module: nn.Module, _: object, out: Tensor) -> None:
        # another thread may be scoring with the same net
        if get_ident() == asking and out.ndim == 4 and min(out.shape[2:]) >= LEAST_SIDE:
            kept[:] = [out]

    hooks = [
        module.register_forward_hook(keep)
        for module in net.modules()
        if isinstance(module, nn.Conv2d) and module.kernel_size != module.stride
    ]
    try:
        yield kept
    finally:
        for hook in hooks:
            hook.remove()


def _shrunk(values: Tensor, most: int) -> Tensor:
    rows, columns = (min(most, side) for side in values.shape[1:])
    return adaptive_avg_pool2d(values.float()[:, None], (rows, columns))[:, 0]


def _scaled(values: Tensor) -> Floats:
    """To 0..1 by the largest; all 0 where nothing spoke for "manipulated". Raises ValueError for what is no number."""
    array = values[0].cpu().numpy().astype(np.float32)
    if not np.isfinite(array).all():
        raise ValueError("the net's gradient is not a number")
    top = float(array.max())
    return array / np.float32(top) if top > 0 else np.zeros_like(array)
