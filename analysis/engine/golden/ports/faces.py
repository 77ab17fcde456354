"""Nets that judge faces."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from analysis.engine.golden.ports.port import Array, Port, Values, placed, with_layers
from analysis.engine.media.surroundings import cut
from analysis.engine.nets import classnseg, mesonet, minifasnet


def _load_meso(build: Callable[[], mesonet.MesoNet]) -> Callable[..., Any]:
    def load(path: Path, *, device: str) -> Callable[[Array, Mapping[str, Any]], Values]:
        net = placed(mesonet.load_keras(build(), path), device)
        layers: dict[str, nn.Module] = {f"maxpool_{at}": pool for at, pool in enumerate(net.pools, start=1)}
        layers["dense_16_after_leaky_relu"] = net.leaky

        def run(picture: Array, _described: Mapping[str, Any]) -> Values:
            unit = picture.astype(np.float32) / 255 if picture.dtype == np.uint8 else picture
            faces = torch.from_numpy(unit)[None].permute(0, 3, 1, 2).to(device)
            values = with_layers(net, layers, lambda: _meso_outputs(net(faces)))
            # the golden tensors are height, width, channel
            return {k: v.transpose(0, 2, 3, 1) if v.ndim == 4 else v for k, v in values.items()}

        return run

    return load


def _meso_outputs(logit: torch.Tensor) -> Values:
    genuine = torch.sigmoid(logit)
    return {
        "logit_before_sigmoid": logit.cpu().numpy(),
        "sigmoid_probability_real": genuine.cpu().numpy(),
        "p_fake": (1 - genuine).cpu().numpy(),
    }


def _load_classnseg(
    encoder: Path, decoder: Path, *, device: str
) -> Callable[[Array, Mapping[str, Any]], Values]:
    net = placed(classnseg.load(encoder, decoder), device)

    def run(picture: Array, _described: Mapping[str, Any]) -> Values:
        unit = picture.astype(np.float32) / np.float32(255) if picture.dtype == np.uint8 else picture
        normal = (unit - np.array(classnseg.MEAN, np.float32)) / np.array(classnseg.STD, np.float32)
        faces = torch.from_numpy(normal)[None].permute(0, 3, 1, 2).to(device)
        layers = {"latent_1x128x16x16": net.encoder}
        return with_layers(net, layers, lambda: _classnseg_outputs(net, net(faces)))

    return run


def _classnseg_outputs(net: classnseg.ClassNSeg, latent: torch.Tensor) -> Values:
    altered, original = classnseg.activity(latent)[0]
    mask, rebuilt = net.decoder(classnseg.selected(latent))
    return {
        "mean_abs_half_0_altered": altered.cpu().numpy(),
        "mean_abs_half_1_original": original.cpu().numpy(),
        "softmax_of_the_two": torch.softmax(torch.stack([altered, original]), dim=0).cpu().numpy(),
        "decision": np.asarray("altered" if altered > original else "original"),
        "seg_channel_1": mask[0, 1].cpu().numpy(),
        "seg_share_of_pixels_ch1_ge_0.5": (mask[0, 1] >= 0.5).double().mean().cpu().numpy(),
        "reconstruction_tanh": rebuilt[0].cpu().numpy(),
    }


def _load_minifasnet(shape: minifasnet.Shape) -> Callable[..., Any]:
    def load(path: Path, *, device: str) -> Callable[[Array, Mapping[str, Any]], Values]:
        net = placed(minifasnet.load(shape, path), device)
        layers = {name: layer for name, layer in net.named_children() if name != "prob"}

        def run(picture: Array, described: Mapping[str, Any]) -> Values:
            if picture.dtype == np.uint8:
                face = cut(picture, described["face_box_xywh_px"], described["scale"]).astype(np.float32)
            else:
                face = picture * np.float32(255)
            faces = torch.from_numpy(face)[None].permute(0, 3, 1, 2).to(device)
            return with_layers(net, layers, lambda: _minifasnet_outputs(net(faces)[0]))

        return run

    return load


def _minifasnet_outputs(logits: torch.Tensor) -> Values:
    return {"logits_3": logits.cpu().numpy(), "softmax_3": torch.softmax(logits, dim=0).cpu().numpy()}


FACES: dict[str, Port] = {
    "Meso4_DF": Port("meso4-df", _load_meso(mesonet.meso4)),
    "Meso4_F2F": Port("meso4-f2f", _load_meso(mesonet.meso4)),
    "MesoInception_DF": Port("mesoinception4-df", _load_meso(mesonet.mesoinception4)),
    "MesoInception_F2F": Port("mesoinception4-f2f", _load_meso(mesonet.mesoinception4)),
    "ClassNSeg_full": Port("classnseg-full-encoder", _load_classnseg, ("classnseg-full-decoder",)),
    "ClassNSeg_finetune": Port(
        "classnseg-finetune-encoder", _load_classnseg, ("classnseg-finetune-decoder",)
    ),
    "MiniFASNetV2": Port("minifasnet-v2", _load_minifasnet(minifasnet.V2)),
    "MiniFASNetV1SE": Port("minifasnet-v1se", _load_minifasnet(minifasnet.V1SE)),
}
