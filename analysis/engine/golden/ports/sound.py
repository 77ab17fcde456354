"""Nets that judge sound."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import torch

from analysis.engine.golden.ports.port import Array, Port, Values, placed, with_layers
from analysis.engine.nets import aasist, lcnn, rawgat
from analysis.engine.nets.state import load_state


def _load_aasist(shape: aasist.Shape) -> Callable[..., Any]:
    def load(path: Path, *, device: str) -> Callable[[Array, Mapping[str, Any]], Values]:
        net = placed(load_state(aasist.AasistNet(shape), path), device)
        layers = {name: layer for name, layer in net.named_modules() if name}

        def run(sound: Array, _described: Mapping[str, Any]) -> Values:
            def values() -> Values:
                hidden = net.embed(torch.from_numpy(sound)[None].to(device))
                logits = net.out_layer(hidden)
                return {
                    "last_hidden": hidden[0].cpu().numpy(),
                    "logits": logits[0].cpu().numpy(),
                    "softmax": torch.softmax(logits, dim=1)[0].cpu().numpy(),
                }

            return with_layers(net, layers, values)

        return run

    return load


def _load_rawgat(path: Path, *, device: str) -> Callable[[Array, Mapping[str, Any]], Values]:
    net = placed(load_state(rawgat.RawGatNet(), path), device)
    layers = {name: layer for name, layer in net.named_modules() if name}

    def run(sound: Array, _described: Mapping[str, Any]) -> Values:
        def values() -> Values:
            logits = net(torch.from_numpy(sound)[None].to(device))
            return {
                "logits": logits[0].cpu().numpy(),
                "softmax": torch.softmax(logits, dim=1)[0].cpu().numpy(),
            }

        return with_layers(net, layers, values)

    return run


def _load_lcnn(path: Path, *, device: str) -> Callable[[Array, Mapping[str, Any]], Values]:
    net = placed(load_state(lcnn.LcnnNet(), path), device)
    layers = {"lfcc_1xframesx60": net.m_frontend[0], "conv_stack": net.m_transform[0]}

    def run(sound: Array, _described: Mapping[str, Any]) -> Values:
        def values() -> Values:
            logit = net(torch.from_numpy(sound)[None].to(device))
            return {
                "score_logit_bonafide": logit.cpu().numpy(),
                "sigmoid": torch.sigmoid(logit).cpu().numpy(),
            }

        return with_layers(net, layers, values)

    return run


SOUND: dict[str, Port] = {
    "AASIST": Port("aasist", _load_aasist(aasist.AASIST)),
    "AASIST-L": Port("aasist-l", _load_aasist(aasist.AASIST_L)),
    "RawGAT-ST": Port("rawgat-st", _load_rawgat),
    "LFCC-LCNN-LSTM_toy": Port("lfcc-lcnn", _load_lcnn),
}
