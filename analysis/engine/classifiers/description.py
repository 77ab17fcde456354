"""What a user declares of a classifier that is not in our catalogue: one JSON file in the folder of the model."""

import hashlib
import json
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from analysis.engine.classifiers.training.record import Training
from analysis.engine.errors import EngineError

FILE = "assay.json"
LIMIT_BYTES = 64 * 1024
TRAINED_ON = "trained-on.json"  # the digests of the files that a head was trained on here
# What makes a model: nothing else of its folder is taken, least of all code or pickles.
PARTS = (
    "config.json",
    "preprocessor_config.json",
    "model.safetensors",
    "model.onnx",
    "head.safetensors",
    TRAINED_ON,
)
# What a score depends on: a calibration counts only as long as all of it stays.
_SCORING = ("consumes", "manipulated", "files", "precision", "preprocessing", "head", "window_seconds")
Text = Annotated[str, Field(max_length=1000, pattern=r"^[^\x00]*$")]
Digest = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
Triple = tuple[float, float, float]


class BadDescription(EngineError):
    """The description of a classifier cannot be used; the text says what to change."""

    code = "bad_description"


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class Preprocessing(_Strict):
    """Replaces the model's own: resized to width × height, divided by 255, less mean, divided by std (RGB)."""

    width: int = Field(ge=8, le=2048)
    height: int = Field(ge=8, le=2048)
    mean: Triple = (0.5, 0.5, 0.5)
    std: Triple = (0.5, 0.5, 0.5)

    @model_validator(mode="after")
    def _divides(self) -> "Preprocessing":
        if min(self.std) <= 0:
            raise ValueError("std must be above 0")
        return self


class Head(_Strict):
    """What judges the features of frames: each by itself, or windows of them over time.

    window, stride: in sampled frames, for the two that look over time.
    """

    kind: Literal["linear", "lstm", "transformer"]
    features: int = Field(ge=1, le=8192)
    hidden: int = Field(default=128, ge=1, le=4096)
    layers: int = Field(default=1, ge=1, le=12)
    heads: int = Field(default=4, ge=1, le=32)
    window: int = Field(default=30, ge=2, le=512)
    stride: int = Field(default=1, ge=1, le=512)

    @model_validator(mode="after")
    def _splits(self) -> "Head":
        if self.kind == "transformer" and self.features % self.heads:
            raise ValueError(f"{self.features} features cannot be split between {self.heads} heads")
        return self


class Description(_Strict):
    """A classifier as its user declares it.

    manipulated: the labels that mean manipulated; for a model with a single output "high" or "low". A head has one
    output, and high means manipulated.
    files: the SHA-256 of every part, taken when it was added.
    """

    format: Literal[1] = 1
    name: str = Field(pattern=r"^[a-z0-9][a-z0-9-]{0,47}$")
    title: Text = ""
    consumes: Literal["frames", "faces", "sound"]
    manipulated: tuple[Text, ...] = ()
    files: dict[Literal[PARTS], Digest]  # type: ignore[valid-type]  # the names above
    origin: Text = ""
    licence: Text = "unknown"
    paper: Text = ""
    looks_at: Text = ""
    cannot_see: Text = ""
    family: str = Field(default="", max_length=64)
    batch: int = Field(default=16, ge=1, le=256)
    precision: Literal["float32", "float16", "bfloat16"] = "float32"
    device: Annotated[str, Field(pattern=r"^(cpu|cuda(:\d+)?)?$")] = ""
    preprocessing: Preprocessing | None = None
    head: Head | None = None
    window_seconds: float = Field(default=4.0, ge=0.5, le=60)
    by_default: bool = False
    training: Training | None = None

    @model_validator(mode="after")
    def _belongs_together(self) -> "Description":
        if self.head is None and not self.manipulated:
            raise ValueError("say which labels mean manipulated")
        if (self.head is not None) != ("head.safetensors" in self.files):
            raise ValueError("a head needs head.safetensors, and that file a head")
        if self.head is not None and self.consumes == "sound" and self.head.kind != "linear":
            raise ValueError("a head over sound is linear")
        if ("model.safetensors" in self.files) == ("model.onnx" in self.files):
            raise ValueError("there must be one of model.safetensors and model.onnx")
        if self.head is not None and "model.onnx" in self.files:
            raise ValueError("a head needs the features of model.safetensors")
        return self

    @property
    def digest(self) -> str:
        """One SHA-256 for all that makes a score: every part, and how it is fed and read."""
        said = self.model_dump(mode="json", include=set(_SCORING))
        # says when it was trained, which makes no score: the same training twice is the same version
        said["files"].pop(TRAINED_ON, None)
        return hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()


def read(folder: Path) -> Description:
    """The description in a folder. Raises BadDescription."""
    path = folder / FILE
    try:
        if path.stat().st_size > LIMIT_BYTES:
            raise BadDescription(f"{FILE} is larger than {LIMIT_BYTES} bytes.")
        return parsed(json.loads(path.read_bytes()))
    except (OSError, ValueError, RecursionError) as error:
        raise BadDescription(f"{FILE} cannot be read: {error}") from error


def parsed(declared: object) -> Description:
    """Raises BadDescription, which names every field that is wrong."""
    try:
        return Description.model_validate(declared)
    except ValidationError as error:
        raise BadDescription(f"The description cannot be used: {_wrong(error)}.") from error


def parsed_preprocessing(declared: object) -> Preprocessing:
    """Raises BadDescription, which names every field that is wrong."""
    try:
        return Preprocessing.model_validate(declared)
    except ValidationError as error:
        raise BadDescription(f"The preprocessing cannot be used: {_wrong(error)}.") from error


def _wrong(error: ValidationError) -> str:
    return "; ".join(
        f"{'.'.join(map(str, one['loc'])) or 'description'}: {one['msg']}" for one in error.errors()[:10]
    )


def written(description: Description) -> str:
    return json.dumps(description.model_dump(mode="json", exclude_none=True), indent=2) + "\n"
