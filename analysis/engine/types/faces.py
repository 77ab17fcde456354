"""The faces found in frames, on their way to the sessions."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from analysis.engine.types.arrays import Pixels
from analysis.engine.types.places import Box, Landmarks
from analysis.engine.types.reasons import Reason


@dataclass(frozen=True)
class FaceCrop:
    """One face that passed the quality gate; `rgb` is its crop from the full-size frame, uint8 (h, w, 3).

    `region` is what part of the frame the crop shows. `landmarks` are, in 0–1 of the frame, the person's right and
    left eye, the tip of the nose, and the right and left corner of the mouth; None where the finder gives none.
    `surroundings` hold, by how many times its box they are large (2.7 and 4), small copies of the face with what
    is around it, uint8 (80, 80, 3), from media/surroundings.py.
    """

    index: int
    pts_seconds: float
    track: int
    box: Box
    confidence: float
    rgb: Pixels
    landmarks: Landmarks | None = None
    region: Box | None = None
    surroundings: Mapping[float, Pixels] = field(default_factory=dict)


@dataclass(frozen=True)
class FaceBatch:
    """The faces of consecutive frames.

    `sampled` names every frame looked at as (index, pts_seconds); `refused` says for frames without a
    usable face why: no_face, face_too_small, face_too_blurred or decode_error; `left_out` names the refusals of single
    faces as (index, reason), also in frames where another face was usable. `finder` is who looked, and the
    SHA-256 of its weights.
    """

    sampled: tuple[tuple[int, float], ...]
    faces: tuple[FaceCrop, ...]
    refused: Mapping[int, Reason] = field(default_factory=dict)
    left_out: tuple[tuple[int, Reason], ...] = ()
    finder: tuple[str, str] | None = None
