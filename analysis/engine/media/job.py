"""What the child is asked to do."""

import os
from dataclasses import dataclass

from analysis.engine.media import wire
from analysis.engine.media.limits import Limits, Passages
from analysis.engine.trust import NOBODY, TrustList


@dataclass(frozen=True)
class Job:
    """`task` is "probe" or "read"; `out` and `ring` are inherited descriptors."""

    task: str
    path: str
    kind: str
    format: str
    limits: Limits
    out: int
    ring: int = -1
    fps: float | None = None
    max_frames: int | None = None
    passages: Passages | None = None
    frames: bool = False
    sound: bool = False
    file: bool = False
    trust: TrustList = NOBODY


def read_job(descriptor: int) -> Job:
    """The job at the head of this pipe, and not a byte of what follows."""
    (length,) = wire.JOB.unpack(read_exactly(descriptor, wire.JOB.size))
    said = wire.load(read_exactly(descriptor, length))
    passages = Passages(**said["passages"]) if said.get("passages") else None
    trust = TrustList(**said.get("trust", {}))
    return Job(**{**said, "limits": Limits(**said["limits"]), "passages": passages, "trust": trust})


def read_exactly(descriptor: int, count: int) -> bytes:
    """That many bytes; fewer only when the pipe was closed."""
    parts = bytearray()
    while len(parts) < count:
        chunk = os.read(descriptor, count - len(parts))
        if not chunk:
            break
        parts += chunk
    return bytes(parts)
