"""The pictures of a video, or a still one, on their way to the sessions."""

from dataclasses import dataclass

from analysis.engine.types.arrays import Pixels


@dataclass(frozen=True)
class Frame:
    """One picture, upright, uint8 RGB (height, width, 3). `index` counts samples from 0.

    A damaged one was not decoded whole, or is predicted from one that was not: no session is given it.
    One that is not `sampled` lies between two samples and has the index of the first. `dense` ones belong to a passage
    at the full rate, which only detectors whose card says `dense` are fed; `footage` ones are those that footage
    detectors are fed. `number` counts the decoded pictures of the source from 0.
    """

    index: int
    pts_seconds: float
    rgb: Pixels
    damaged: bool = False
    sampled: bool = True
    dense: bool = False
    footage: bool = False
    number: int = 0


@dataclass(frozen=True)
class FrameBatch:
    """Consecutive frames, without the damaged ones where a session is fed."""

    frames: tuple[Frame, ...]
