"""How frames are put together into batches."""

from analysis.engine.media.limits import Sampling


class Portion:
    """Tells when a batch is full. The first ones are short: 1, 1, 2, 4 … frames, so that detectors begin at once."""

    def __init__(self, sampling: Sampling) -> None:
        self._sampling = sampling
        self._given = self._waiting = self._bytes = 0

    def fills_with(self, size_bytes: int) -> bool:
        """Counts one more frame; whether the batch is complete with it."""
        self._waiting += 1
        self._bytes += size_bytes
        most = min(self._sampling.batch_frames, max(1, self._given))
        full = self._waiting >= most or self._bytes >= self._sampling.batch_bytes
        if full:
            self._given += self._waiting
            self._waiting = self._bytes = 0
        return full
