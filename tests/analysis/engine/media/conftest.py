"""What the media tests share."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from analysis.engine.media.limits import Limits, Sampling, Summary
from analysis.engine.media.reader import open_media
from analysis.engine.types import Consumes, Frame, FrameBatch, Probe, Samples

EVERYTHING = frozenset(Consumes)


@dataclass(frozen=True)
class ReadMedia:
    """Everything a file gave."""

    probe: Probe
    frames: list[Frame]
    samples: Samples
    summary: Summary

    @property
    def times(self) -> list[float]:
        return [round(frame.pts_seconds, 3) for frame in self.frames]


@pytest.fixture
def read() -> Callable[..., ReadMedia]:
    """Reads a file to its end."""

    def whole(
        path: Path, *, fps: float | None = None, limits: Limits | None = None, **sampling: int
    ) -> ReadMedia:
        frames: list[Frame] = []
        sound: list[Samples] = [np.empty(0, np.float32)]
        with open_media(
            path, limits=limits or Limits(), sampling=Sampling(fps, **sampling), wants=EVERYTHING
        ) as reader:
            for batch in reader.batches():
                if isinstance(batch, FrameBatch):
                    frames += batch.frames
                else:
                    sound.append(batch.samples)
            return ReadMedia(reader.probe, frames, np.concatenate(sound), reader.summary)

    return whole


def children() -> list[int]:
    """The reader processes that this process started and that are still there."""
    tasks = Path("/proc/self/task").iterdir()
    pids = [int(pid) for task in tasks for pid in (task / "children").read_text().split()]
    return [
        pid for pid in pids if b"analysis.engine.media.child" in Path(f"/proc/{pid}/cmdline").read_bytes()
    ]


def shared_memory() -> set[str]:
    """Names in the system's shared memory, a database's own aside."""
    names = {path.name for path in Path("/dev/shm").iterdir()}  # noqa: S108  # where Linux keeps them
    return {name for name in names if not name.startswith("PostgreSQL.")}
