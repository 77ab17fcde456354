"""Our nets as a golden file names them: how to load each, feed it, and which of its values to compare."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from analysis.engine.nets import aasist, mesonet

Array = NDArray[Any]
Values = dict[str, Array]


@dataclass(frozen=True)
class Port:
    """One net: its `key` in the catalogue, and what makes a function from input to values of its file."""

    key: str
    load: Callable[[Path], Callable[[Array, Mapping[str, Any]], Values]]


def _with_layers(net: nn.Module, layers: Mapping[str, nn.Module], run: Callable[[], Values]) -> Values:
    """The values of `run`, joined by what the named layers gave on the way."""
    seen: Values = {}

    def keep(name: str) -> Callable[[nn.Module, Any, Any], None]:
        def hook(_module: nn.Module, _inputs: Any, output: Any) -> None:
            first = output[0] if isinstance(output, tuple) else output
            seen[f"layers.{name}"] = first.detach().numpy().copy()

        return hook

    handles = [layer.register_forward_hook(keep(name)) for name, layer in layers.items()]
    try:
        with torch.inference_mode():
            return run() | seen
    finally:
        for handle in handles:
            handle.remove()


def _load_meso(build: Callable[[], mesonet.MesoNet]) -> Callable[[Path], Any]:
    def load(path: Path) -> Callable[[Array, Mapping[str, Any]], Values]:
        net = mesonet.load_keras(build(), path)
        layers: dict[str, nn.Module] = {f"maxpool_{at}": pool for at, pool in enumerate(net.pools, start=1)}
        layers["dense_16_after_leaky_relu"] = net.leaky

        def run(picture: Array, _described: Mapping[str, Any]) -> Values:
            unit = picture.astype(np.float32) / 255 if picture.dtype == np.uint8 else picture
            faces = torch.from_numpy(unit)[None].permute(0, 3, 1, 2)
            values = _with_layers(net, layers, lambda: _meso_outputs(net(faces)))
            # the golden tensors are height, width, channel
            return {k: v.transpose(0, 2, 3, 1) if v.ndim == 4 else v for k, v in values.items()}

        return run

    return load


def _meso_outputs(logit: torch.Tensor) -> Values:
    genuine = torch.sigmoid(logit)
    return {
        "logit_before_sigmoid": logit.numpy(),
        "sigmoid_probability_real": genuine.numpy(),
        "p_fake": (1 - genuine).numpy(),
    }


def _load_aasist(shape: aasist.Shape) -> Callable[[Path], Any]:
    def load(path: Path) -> Callable[[Array, Mapping[str, Any]], Values]:
        net = aasist.AasistNet(shape)
        net.load_state_dict(torch.load(path, map_location="cpu", weights_only=True))
        net.eval()
        layers = {name: layer for name, layer in net.named_modules() if name}

        def run(sound: Array, _described: Mapping[str, Any]) -> Values:
            def values() -> Values:
                hidden = net.embed(torch.from_numpy(sound)[None])
                logits = net.out_layer(hidden)
                return {
                    "last_hidden": hidden[0].numpy(),
                    "logits": logits[0].numpy(),
                    "softmax": torch.softmax(logits, dim=1)[0].numpy(),
                }

            return _with_layers(net, layers, values)

        return run

    return load


def _load_yunet(path: Path) -> Callable[[Array, Mapping[str, Any]], Values]:
    import cv2

    raw = cv2.dnn.readNetFromONNX(str(path))
    finder = cv2.FaceDetectorYN.create(str(path), "", (320, 320), 0.6, 0.3, 5000)

    def outputs(picture: Array) -> Values:
        names = raw.getUnconnectedOutLayersNames()
        raw.setInput(picture.transpose(2, 0, 1)[None])
        return dict(zip(names, raw.forward(names), strict=True))

    def run(picture: Array, described: Mapping[str, Any]) -> Values:
        if picture.dtype != np.uint8:
            return outputs(picture * 255)
        finder.setInputSize((picture.shape[1], picture.shape[0]))
        found = finder.detect(picture)[1]
        faces = found if found is not None else np.zeros((0, 15), np.float32)
        on_canvas = {f"canvas_640.raw.{name}": value for name, value in outputs(_canvas(picture)).items()}
        return {"opencv_FaceDetectorYN_full_size.faces": faces} | on_canvas

    return run


def _canvas(picture: Array, side: int = 640) -> Array:
    """The picture, fitted into the top left of a black square, float32 in 0..255."""
    import cv2

    height, width = picture.shape[:2]
    scale = min(side / height, side / width, 1)
    if scale < 1:
        picture = cv2.resize(
            picture, (int(width * scale), int(height * scale)), interpolation=cv2.INTER_LINEAR
        )
    canvas = np.zeros((side, side, 3), np.float32)
    canvas[: picture.shape[0], : picture.shape[1]] = picture
    return canvas


PORTS: dict[str, Port] = {
    "Meso4_DF": Port("meso4-df", _load_meso(mesonet.meso4)),
    "Meso4_F2F": Port("meso4-f2f", _load_meso(mesonet.meso4)),
    "MesoInception_DF": Port("mesoinception4-df", _load_meso(mesonet.mesoinception4)),
    "MesoInception_F2F": Port("mesoinception4-f2f", _load_meso(mesonet.mesoinception4)),
    "AASIST": Port("aasist", _load_aasist(aasist.AASIST)),
    "AASIST-L": Port("aasist-l", _load_aasist(aasist.AASIST_L)),
    "YuNet": Port("yunet", _load_yunet),
}
