"""The frozen model whose features a head is trained on: where it lies, and what it makes of pictures or sound."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from analysis.engine.classifiers.description import Preprocessing, read
from analysis.engine.classifiers.folder import folders, missing, refuse_unusable
from analysis.engine.classifiers.nets import SAMPLE_RATE_HZ, Pictures, Sounds, TransformersNet
from analysis.engine.errors import EngineError, UnverifiedWeights
from analysis.engine.types import Floats
from analysis.engine.weights import sha256_of

MODEL = "model.safetensors"
PARTS = ("config.json", "preprocessor_config.json", MODEL)
MOST_FEATURES = 8192
Kind = Literal["frames", "faces", "sound"]
Precision = Literal["float32", "float16", "bfloat16"]


@dataclass(frozen=True)
class Described:
    """A backbone before it is loaded. title: its name in words."""

    folder: Path
    title: str
    licence: str = ""
    consumes: Kind | None = None
    preprocessing: Preprocessing | None = None
    precision: Precision = "float32"
    window_seconds: float = 4.0

    def parts(self) -> list[Path]:
        return [self.folder / name for name in PARTS if (self.folder / name).is_file()]

    @property
    def sha256(self) -> str:
        return sha256_of(self.folder / MODEL)


def find(weights_dir: Path, said: str) -> Described:
    """A classifier that was added, by its name, before a folder. Raises UnverifiedWeights for what is no backbone."""
    added = {folder.name: folder for folder in folders(weights_dir)}
    found = _added(added[said]) if said in added else _folder(Path(said), list(added))
    refuse_unusable(found.folder, found.parts())
    return found


def _added(folder: Path) -> Described:
    told = read(folder)
    if reason := missing(folder, told):
        raise UnverifiedWeights(reason)
    if "model.onnx" in told.files:
        raise UnverifiedWeights(
            f"{told.name} is an ONNX file, which gives no features. Name a model.safetensors."
        )
    return Described(
        folder,
        told.title or told.name,
        told.licence,
        told.consumes,
        told.preprocessing,
        told.precision,
        told.window_seconds,
    )


def _folder(folder: Path, added: Sequence[str]) -> Described:
    if not folder.is_dir():
        known = ", ".join(added) or "none"
        raise UnverifiedWeights(
            f"{folder} is neither a folder nor a classifier that was added (those: {known})."
        )
    if (folder / "model.onnx").is_file() and not (folder / MODEL).is_file():
        raise UnverifiedWeights(f"{folder} holds an ONNX file, which gives no features. Name a {MODEL}.")
    return Described(folder, _title(folder))


def _title(folder: Path) -> str:
    """Its folder's name, and the kind of net that its config.json says."""
    try:
        kind = json.loads((folder / "config.json").read_bytes()).get("model_type", "")
    except (OSError, ValueError, RecursionError, AttributeError):
        kind = ""  # what is wrong with it is said by who looks at it in full
    name = "".join(letter for letter in folder.resolve().name if letter.isprintable())[:100]
    return f"{name} ({kind[:40]})" if kind and isinstance(kind, str) and kind.isprintable() else name


class Backbone:
    """The loaded model. Raises UnverifiedWeights when it cannot be loaded, or gives no features of its input."""

    def __init__(self, said: Described, *, sound: bool, device: str) -> None:
        self.said = said
        self.window_samples = round(said.window_seconds * SAMPLE_RATE_HZ)
        try:
            self._prepare: Any = Sounds(said.folder) if sound else Pictures(said.folder, said.preprocessing)
            self._net = TransformersNet(said.folder, said.precision, device, "")
            shape = self([self._blank(sound=sound)]).shape
        except EngineError:
            raise
        except Exception as error:  # somebody's model may raise anything at all
            raise UnverifiedWeights(
                f"{said.title} gives no features: {type(error).__name__}: {str(error)[:300]}"
            ) from error
        if len(shape) != 2 or not 1 <= shape[1] <= MOST_FEATURES:
            raise UnverifiedWeights(
                f"{said.title} gives features of shape {shape}; 1 to {MOST_FEATURES} are taken."
            )
        self.features = int(shape[1])

    def __call__(self, content: Sequence[NDArray[Any]]) -> Floats:
        """float32 (n, features), of pictures or windows."""
        return self._net.features(self._prepare(content)).numpy()

    def _blank(self, *, sound: bool) -> NDArray[Any]:
        return np.zeros(self.window_samples, np.float32) if sound else np.full((64, 64, 3), 128, np.uint8)
