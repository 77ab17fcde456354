"""Nets that judge sound."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import torch

from analysis.engine.golden.ports.port import Array, Port, Values, with_layers
from analysis.engine.nets import aasist


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

            return with_layers(net, layers, values)

        return run

    return load


SOUND: dict[str, Port] = {
    "AASIST": Port("aasist", _load_aasist(aasist.AASIST)),
    "AASIST-L": Port("aasist-l", _load_aasist(aasist.AASIST_L)),
}
