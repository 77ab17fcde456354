"""Sound on its way to the sessions."""

from dataclasses import dataclass

from analysis.engine.types.arrays import Samples


@dataclass(frozen=True)
class SoundBatch:
    """Consecutive sound, 16 kHz mono float32 in -1..1, without gaps between batches."""

    start_seconds: float
    samples: Samples
