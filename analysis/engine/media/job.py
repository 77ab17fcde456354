"""What the child is asked to do."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from analysis.engine.media import wire
from analysis.engine.media.limits import Flow, Limits, Passages
from analysis.engine.trust import NOBODY, TrustList


@dataclass(frozen=True)
class Job:
    """`task` is "probe", "read", "alter", "cut" or "watch"; `out`, `ring` and `into` are inherited descriptors.

    `until_seconds` is where the file counts as ended. To alter is to write the copy that `variant` describes to `into`,
    at most `most_bytes` long; to cut is to copy what lies between `begin_seconds` and `until_seconds` there. To watch
    is to go on as `live` says, which is a watching.order.LiveOrder.
    """

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
    flow: Flow | None = None
    frames: bool = False
    sound: bool = False
    file: bool = False
    trust: TrustList = NOBODY
    begin_seconds: float = 0.0
    until_seconds: float | None = None
    into: int = -1
    most_bytes: int = 0
    variant: Mapping[str, Any] = field(default_factory=dict)
    live: Mapping[str, Any] = field(default_factory=dict, repr=False)


def read_job(descriptor: int) -> Job:
    """The job at the head of this pipe, and not a byte of what follows."""
    (length,) = wire.JOB.unpack(read_exactly(descriptor, wire.JOB.size))
    said = wire.load(read_exactly(descriptor, length))
    passages = Passages(**said["passages"]) if said.get("passages") else None
    flow = Flow(**said["flow"]) if said.get("flow") else None
    trust = TrustList(**said.get("trust", {}))
    made = {"limits": Limits(**said["limits"]), "passages": passages, "flow": flow, "trust": trust}
    return Job(**{**said, **made})


def read_exactly(descriptor: int, count: int) -> bytes:
    """That many bytes; fewer only when the pipe was closed."""
    parts = bytearray()
    while len(parts) < count:
        chunk = os.read(descriptor, count - len(parts))
        if not chunk:
            break
        parts += chunk
    return bytes(parts)
