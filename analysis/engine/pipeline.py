"""Examines one file with several detectors, and yields what happens as it happens.

The file is decoded once, in the reader's child process; threads find faces if somebody consumes them; each
detector works in a thread of its own. Belts between them are bounded, so memory does not grow with the file.
"""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from analysis.engine.calibration import Calibration
from analysis.engine.errors import Cancelled
from analysis.engine.lane import InFeed
from analysis.engine.registry import Registry
from analysis.engine.schedule import Conductor, Options, Order
from analysis.engine.types import Concluded, Observation

__all__ = ["Examination", "Options", "examine"]

CANCEL_LOOK_SECONDS = 0.1
HALT_SECONDS = 0.3


def examine(
    path: Path,
    *,
    registry: Registry,
    detectors: Sequence[str] | None = None,
    options: Options | None = None,
    cancelled: Callable[[], bool] = lambda: False,
    excluded: Mapping[str, str] | None = None,
    calibrations: Mapping[str, Calibration] | None = None,
) -> "Examination":
    """The examination of a file, as an iterator of observations that ends with Concluded.

    detectors: names, or None for the defaults of the file's kind. A file that cannot be read does not raise:
    every detector ends NotAssessed and the outcome is "not assessable".
    cancelled: asked about every 0.1 s, from the thread that iterates; then Cancelled is raised there.
    excluded: detectors that must not run and why, such as one that hung on this file before.
    calibrations: by detector; one without is uncalibrated, and so is one whose calibration is of another version.
    Raises UnknownDetector at once.
    """
    names = None if detectors is None else tuple(dict.fromkeys(detectors))
    for name in names or ():
        registry.card(name)
    order = Order(path, registry, names, options or Options(), excluded or {}, calibrations or {})
    return Examination(Conductor(order), cancelled)


class Examination(Iterator[Observation]):
    """One examination under way. Iterate in one thread; `computing` may be read from any.

    Close it, or use it as a context manager, if you may not iterate to its end.
    """

    def __init__(self, conductor: Conductor, cancelled: Callable[[], bool]) -> None:
        self._conductor = conductor
        self._cancelled = cancelled
        self._looked = 0.0
        self._concluded = False
        conductor.start()

    @property
    def current(self) -> InFeed | None:
        """The detector that has been computing longest, since when; None while none is. Whom a watchdog blames."""
        return next(iter(self._conductor.computing()), None)

    def __next__(self) -> Observation:
        while not self._concluded:
            self._look()
            # asked before polling: what was put before the end is still to be taken after it
            over = self._conductor.finished
            observation = self._conductor.out.poll(0 if over else CANCEL_LOOK_SECONDS)
            if observation is not None:
                self._concluded = isinstance(observation, Concluded)
                if self._concluded:
                    self._heed()
                return observation
            if over:
                self._raise_error()
        self.close()
        raise StopIteration

    def _look(self) -> None:
        if time.monotonic() - self._looked < CANCEL_LOOK_SECONDS:
            return
        self._looked = time.monotonic()
        self._heed()

    def _heed(self) -> None:
        if self._cancelled():
            self.close()
            raise Cancelled("The examination was cancelled.")

    def _raise_error(self) -> None:
        self.close()
        raise self._conductor.error or RuntimeError("the examination ended without a conclusion")

    def close(self, within_seconds: float = HALT_SECONDS) -> bool:
        """Ends the reader's child and, at its next batch, every thread. Whether all have ended in time.

        Call it again with more time before the process exits: torch aborts when Python ends under a busy thread.
        """
        self._concluded = True
        return self._conductor.halt(within_seconds)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
