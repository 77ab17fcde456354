"""Tiny models in Hugging Face format, made with random weights and saved as their authors would."""

import warnings
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file

from analysis.engine.classifiers import heads
from analysis.engine.classifiers.description import Head

SIDE = 32
LABELS = {0: "camera", 1: "generated"}


def save_vit(folder: Path, *, labels: dict[int, str] | None = None, seed: int = 0, **shape: Any) -> Path:
    """A vision transformer of one layer, with its preprocessing."""
    from transformers import ViTConfig, ViTForImageClassification, ViTImageProcessor

    torch.manual_seed(seed)
    named = labels or LABELS
    small = {"hidden_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 32}
    config = ViTConfig(
        image_size=SIDE,
        patch_size=8,
        num_labels=len(named),
        id2label=named,
        label2id={label: at for at, label in named.items()},
        initializer_range=0.5,
        **(small | shape),
    )
    ViTForImageClassification(config).save_pretrained(folder)
    ViTImageProcessor(size={"height": SIDE, "width": SIDE}).save_pretrained(folder)
    return folder


def save_convnext(folder: Path) -> Path:
    from transformers import ConvNextConfig, ConvNextForImageClassification, ConvNextImageProcessor

    torch.manual_seed(1)
    config = ConvNextConfig(
        num_stages=2,
        hidden_sizes=[8, 16],
        depths=[1, 1],
        image_size=SIDE,
        id2label=LABELS,
        label2id={label: at for at, label in LABELS.items()},
    )
    ConvNextForImageClassification(config).save_pretrained(folder)
    ConvNextImageProcessor(size={"shortest_edge": SIDE}).save_pretrained(folder)
    return folder


def save_wav2vec2(folder: Path, *, rate_hz: int = 16_000) -> Path:
    from transformers import Wav2Vec2Config, Wav2Vec2FeatureExtractor, Wav2Vec2ForSequenceClassification

    torch.manual_seed(2)
    config = Wav2Vec2Config(
        hidden_size=16,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=32,
        conv_dim=(8, 8),
        conv_stride=(5, 4),
        conv_kernel=(10, 8),
        num_feat_extract_layers=2,
        num_conv_pos_embeddings=4,
        num_conv_pos_embedding_groups=2,
        classifier_proj_size=8,
        id2label=LABELS,
        label2id={label: at for at, label in LABELS.items()},
    )
    Wav2Vec2ForSequenceClassification(config).save_pretrained(folder)
    Wav2Vec2FeatureExtractor(sampling_rate=rate_hz).save_pretrained(folder)
    return folder


def save_head(folder: Path, head: Head, *, seed: int = 3) -> Path:
    torch.manual_seed(seed)
    net = heads.build(head)
    with torch.no_grad():
        for values in net.parameters():
            values.normal_(0, 0.5)
    save_file(net.state_dict(), folder / "head.safetensors")
    return folder


def save_onnx(folder: Path) -> Path:
    """The vision transformer of `save_vit`, exported."""
    from transformers import ViTForImageClassification

    net = ViTForImageClassification.from_pretrained(save_vit(folder)).eval()

    class Logits(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.net = net

        def forward(self, pixel_values: torch.Tensor) -> torch.Tensor:
            return self.net(pixel_values).logits  # type: ignore[no-any-return]

    with warnings.catch_warnings():
        # this exporter warns that there is a newer one, which needs a package more
        warnings.simplefilter("ignore")
        torch.onnx.export(
            Logits(),
            (torch.zeros(1, 3, SIDE, SIDE),),
            folder / "model.onnx",
            input_names=["pixel_values"],
            output_names=["logits"],
            dynamic_axes={"pixel_values": {0: "n"}, "logits": {0: "n"}},
            dynamo=False,
        )
    (folder / "model.safetensors").unlink()
    return folder
