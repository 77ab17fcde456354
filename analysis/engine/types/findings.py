"""The observations that hold what a detector found."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from analysis.engine.types.condition import Condition
from analysis.engine.types.places import Box
from analysis.engine.types.reasons import Reason
from analysis.engine.types.verdicts import Assessment

if TYPE_CHECKING:
    from analysis.engine.plots import Plot


@dataclass(frozen=True)
class ScorePoint:
    """One raw detector score at a media time, or a gap: `score` is None and `reason` says why.

    `box` says what part of the frame was scored, where it was a part.
    """

    pts_seconds: float
    score: float | None
    track: int | None = None
    reason: Reason | None = None
    box: Box | None = None


@dataclass(frozen=True)
class ScoresMeasured:
    """New points of a detector's curve, in media-time order per track."""

    detector: str
    points: tuple[ScorePoint, ...]


@dataclass(frozen=True)
class EvidenceMade:
    """A picture (PNG, WebP or JPEG bytes) that shows what a detector saw, and the data it was drawn from."""

    detector: str
    kind: str
    title: str
    caption: str
    media_type: str
    content: bytes
    plot: "Plot | None" = None


@dataclass(frozen=True)
class DetectorEnded:
    """A detector's conclusion; a failure is NotAssessed(detector_failed) with `error_type` set.

    `title`, `subject` and `forensic` are its card's. `condition` is None where the file was never opened.
    """

    detector: str
    version: str
    family: str
    weights_sha256: str | None
    assessment: Assessment
    seconds: float
    error_type: str | None = None
    title: str = ""
    subject: str = ""
    forensic: bool = True
    condition: Condition | None = None
