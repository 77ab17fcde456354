"""Classifiers in Hugging Face format, by transformers or ONNX Runtime: what goes in, and the score that comes out.

Nothing is fetched and no code of the model's own is run. A model that is not whole, or holds NaN, is refused.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from analysis.engine.classifiers.description import Description, Preprocessing
from analysis.engine.errors import UnverifiedWeights
from analysis.engine.nets import attention, precision
from analysis.engine.nets.rates.forward import Forward
from analysis.engine.nets.state import refuse_numbers_that_are_none
from analysis.engine.types import Floats

SAMPLE_RATE_HZ = 16_000
PICTURE_SPAN = (-2.0, 2.0)  # what most models' pictures lie in when they are normalised
Arrays = Sequence[NDArray[Any]]


class Net(Protocol):
    """A loaded model. `config` is its config.json."""

    config: Mapping[str, Any]

    def logits(self, inputs: Mapping[str, Tensor]) -> Tensor:
        """float32 (n, outputs)."""


class TransformersNet:
    """A model of transformers. precise: float32, float16 or bfloat16. task: the part of the class's name after
    AutoModelFor; empty for bare features."""

    def __init__(self, folder: Path, precise: str, device: str, task: str) -> None:
        import transformers

        transformers.utils.logging.disable_progress_bar()
        precision.keep_full(device)
        kind = getattr(transformers, f"AutoModelFor{task}" if task else "AutoModel")
        _refuse_unnamed(folder)
        try:
            net, info = kind.from_pretrained(
                folder,
                local_files_only=True,
                use_safetensors=True,
                trust_remote_code=False,
                output_loading_info=True,
            )
        except Exception as error:  # whatever transformers thinks of a folder somebody made
            why = str(error).partition("\n")[0][:500]
            raise UnverifiedWeights(f"transformers cannot load {folder.name}: {why}") from error
        lacking = sorted(map(str, [*info["missing_keys"], *info["mismatched_keys"]]))
        # a pooler is not needed: without one the mean over the places is taken
        self._pools = not any(name.startswith("pooler.") for name in lacking)
        lacking = [name for name in lacking if task or not name.startswith("pooler.")]
        if lacking:
            raise UnverifiedWeights(
                f"{folder.name} is not whole: {len(lacking)} parts of the net would be random ({lacking[0]} …)."
            )
        refuse_numbers_that_are_none(net, folder.name)
        self.config = net.config.to_dict()
        self.device = device
        self.dtype = getattr(torch, precise)
        self._net = net.eval().to(device, self.dtype)
        self._read = _logits if task else partial(_features, pools=self._pools)
        self.forwards: tuple[Forward, ...] = ()

    def logits(self, inputs: Mapping[str, Tensor]) -> Tensor:
        return self._run(inputs)

    def features(self, inputs: Mapping[str, Tensor]) -> Tensor:
        """float32 (n, features): what the model pools, or the mean over its places."""
        return self._run(inputs)

    def looked(self, inputs: Mapping[str, Tensor], odds: Callable[[Tensor], Tensor]) -> tuple[Floats, str]:
        """Where it looked in the one input, and the method. odds: of its logits (or of what it pools), before sigmoid.

        A map over the picture, or one row over the time of a sound.
        """
        ((name, value),) = inputs.items()
        net = Outputs(self._net, name, self._read, self.dtype)
        over = attention.over_picture if name == "pixel_values" else attention.over_time
        return over(net, value.to(self.device), lambda out: odds(out.cpu()))

    def run_fastest(
        self, said: Description, inputs: Mapping[str, Tensor], read: Callable[[Tensor], Tensor]
    ) -> None:
        """Lets it run in whichever way is fastest here for inputs of that one shape. read: outputs to scores."""
        [(name, values)] = inputs.items()
        outputs = Outputs(self._net, name, self._read, self.dtype)
        self.forwards = (
            Forward(
                said.name,
                outputs,
                weights_sha256=said.digest,
                shape=tuple(values.shape[1:]),
                span=PICTURE_SPAN,
                read=read,
                device=self.device,
            ),
        )

    def _run(self, inputs: Mapping[str, Tensor]) -> Tensor:
        if self.forwards and len(inputs) == 1:
            [values] = inputs.values()
            return self.forwards[0](values).cpu()
        given = {
            name: value.to(self.device, self.dtype if value.is_floating_point() else None)
            for name, value in inputs.items()
        }
        with torch.inference_mode():
            return self._read(self._net(**given)).float().cpu()


class Outputs(nn.Module):
    """A model of transformers as a net from one tensor to another, float32 on both sides."""

    def __init__(self, net: nn.Module, name: str, read: Callable[[Any], Tensor], dtype: torch.dtype) -> None:
        super().__init__()
        self.net = net
        self._name, self._read, self._dtype = name, read, dtype

    def forward(self, inputs: Tensor) -> Tensor:
        return self._read(self.net(**{self._name: inputs.to(self._dtype)})).float()


def _logits(out: Any) -> Tensor:
    logits: Tensor = out.logits
    return logits


def _features(out: Any, *, pools: bool) -> Tensor:
    pooled: Tensor | None = getattr(out, "pooler_output", None) if pools else None
    if pooled is None:
        last = out.last_hidden_state
        # (n, places, features), or (n, features, height, width) for convolutions
        pooled = last.mean(dim=1) if last.ndim == 3 else last.flatten(2).mean(dim=2)
    return pooled.flatten(1)


class OnnxNet:
    """A model of ONNX Runtime on the CPU, with one input and its logits as first output."""

    def __init__(self, folder: Path) -> None:
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = torch.get_num_threads()
        self.config = json.loads((folder / "config.json").read_bytes())
        try:
            # from memory, so that it can refer to no other file
            self._session = onnxruntime.InferenceSession(
                (folder / "model.onnx").read_bytes(), options, providers=["CPUExecutionProvider"]
            )
        except Exception as error:  # whatever ONNX Runtime thinks of a broken file
            raise UnverifiedWeights(f"ONNX Runtime cannot load {folder.name}: {str(error)[:500]}") from error
        if len(self._session.get_inputs()) != 1:
            raise UnverifiedWeights(f"{folder.name}/model.onnx has more than one input.")

    def logits(self, inputs: Mapping[str, Tensor]) -> Tensor:
        [values] = inputs.values()
        name = self._session.get_inputs()[0].name
        return torch.from_numpy(np.asarray(self._session.run(None, {name: values.numpy()})[0], np.float32))


class Pictures:
    """Makes a model's input from uint8 RGB pictures of any size."""

    def __init__(self, folder: Path, declared: Preprocessing | None) -> None:
        self._declared = declared
        self._own = None if declared else _processor(folder, "AutoImageProcessor")

    def __call__(self, pictures: Arrays) -> dict[str, Tensor]:
        if self._declared is not None:
            return {"pixel_values": _prepared(pictures, self._declared)}
        assert self._own is not None  # noqa: S101  # one of the two is there
        given = self._own(images=list(pictures), return_tensors="pt", input_data_format="channels_last")
        return {"pixel_values": given["pixel_values"]}


class Sounds:
    """Makes a model's input from windows of 16 kHz mono sound."""

    def __init__(self, folder: Path) -> None:
        self._own = _processor(folder, "AutoFeatureExtractor")
        rate = getattr(self._own, "sampling_rate", None)
        if rate != SAMPLE_RATE_HZ:
            raise UnverifiedWeights(f"{folder.name} wants sound at {rate} Hz; {SAMPLE_RATE_HZ} is given.")

    def __call__(self, windows: Arrays) -> dict[str, Tensor]:
        given = self._own(list(windows), sampling_rate=SAMPLE_RATE_HZ, return_tensors="pt")
        return {name: given[name] for name in ("input_values", "input_features") if name in given}


class Reading:
    """How the outputs of a model are read as one score. Raises UnverifiedWeights for labels it does not have."""

    def __init__(self, config: Mapping[str, Any], manipulated: Sequence[str]) -> None:
        labels = labels_of(config)
        self._several = config.get("problem_type") == "multi_label_classification"
        self._single = len(labels) == 1
        self._count = len(labels)
        known = ["high", "low"] if self._single else list(labels.values())
        unknown = [label for label in manipulated if label not in known]
        if not labels or unknown or len(set(manipulated)) >= len(set(known)):
            raise UnverifiedWeights(
                f"Say which labels mean manipulated, and leave some that do not: this model has "
                f"{', '.join(known) or 'none'}{f', not {unknown[0]}' if unknown else ''}."
            )
        self._inverted = list(manipulated) == ["low"] and self._single
        self._places = [at for at, label in labels.items() if label in manipulated]

    def scores(self, logits: Tensor) -> list[float]:
        """0 to 1 for each row; 1 means manipulated."""
        if logits.ndim != 2 or logits.shape[1] != self._count:
            raise ValueError(f"the model gave {tuple(logits.shape)}, not {self._count} outputs each")
        if self._single:
            high = torch.sigmoid(logits[:, 0])
            return [float(value) for value in (1 - high if self._inverted else high)]
        if self._several:
            return [float(value) for value in torch.sigmoid(logits)[:, self._places].amax(dim=1)]
        return [
            float(value) for value in torch.softmax(logits, dim=1)[:, self._places].sum(dim=1).clamp(0, 1)
        ]

    def odds(self, logits: Tensor) -> Tensor:
        """What rises with the score and is never sure: the log odds of each row."""
        if self._single:
            return -logits[:, 0] if self._inverted else logits[:, 0]
        if self._several:
            return logits[:, self._places].amax(dim=1)
        others = [at for at in range(self._count) if at not in self._places]
        return logits[:, self._places].logsumexp(dim=1) - logits[:, others].logsumexp(dim=1)


def labels_of(config: Mapping[str, Any]) -> dict[int, str]:
    """The labels by the output they are of. Raises UnverifiedWeights where they are not numbered."""
    named = config.get("id2label") or {}
    try:
        return {int(at): str(label) for at, label in named.items()}
    except (AttributeError, ValueError, TypeError) as error:
        raise UnverifiedWeights(
            "The labels in config.json (id2label) are not named by the number of their output, as in "
            '{"0": "camera", "1": "generated"}.'
        ) from error


def _refuse_unnamed(folder: Path) -> None:
    """Raises UnverifiedWeights for a config.json that names no kind of model, or labels that cannot be read."""
    config = json.loads((folder / "config.json").read_bytes())
    labels_of(config)
    if not isinstance(config.get("model_type"), str):
        raise UnverifiedWeights(f"{folder.name}/config.json names no kind of model (model_type).")


def _processor(folder: Path, kind: str) -> Any:
    import transformers

    try:
        return getattr(transformers, kind).from_pretrained(
            folder, local_files_only=True, trust_remote_code=False
        )
    except Exception as error:  # whatever transformers thinks of a folder somebody made
        raise UnverifiedWeights(
            f"{folder.name} does not say how its input is made ({str(error)[:300]}); declare preprocessing."
        ) from error


def _prepared(pictures: Arrays, declared: Preprocessing) -> Tensor:
    import cv2

    side = (declared.width, declared.height)
    resized = np.stack([cv2.resize(one, side, interpolation=cv2.INTER_AREA) for one in pictures])
    scaled = resized.astype(np.float32) / 255
    normal = (scaled - np.array(declared.mean, np.float32)) / np.array(declared.std, np.float32)
    return torch.from_numpy(normal.transpose(0, 3, 1, 2).copy())
