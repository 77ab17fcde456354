"""The observations that say how far a run is."""

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from analysis.engine.types.media import Probe

if TYPE_CHECKING:
    from analysis.engine.plan import Plan


class Stage(StrEnum):
    """The steps of a run, in the order they usually come."""

    INITIALIZING = "initializing"
    FRAME_EXTRACTION = "frame_extraction"
    AUDIO_EXTRACTION = "audio_extraction"
    SPECTROGRAM_GENERATION = "spectrogram_generation"
    FEATURE_EXTRACTION = "feature_extraction"
    MODEL_INFERENCE = "model_inference"
    VISUALIZATION = "visualization"
    POST_PROCESSING = "post_processing"


@dataclass(frozen=True)
class Probed:
    """The file was opened; this is what it holds."""

    probe: Probe


@dataclass(frozen=True)
class Prepared:
    """Detectors are loaded, and this is how they will be fed."""

    plan: "Plan"


@dataclass(frozen=True)
class StageStarted:
    stage: Stage
    message: str


@dataclass(frozen=True)
class StageFinished:
    stage: Stage
    message: str
    seconds: float


@dataclass(frozen=True)
class DetectorStarted:
    detector: str
    message: str


@dataclass(frozen=True)
class DetectorProgressed:
    """How far a detector is: `done` of `total` units (None when the length is unknown)."""

    detector: str
    done: int
    total: int | None
    unit: str
    fps: float | None
    seconds_left: float | None
    pts_seconds: float
    faces: int | None = None
