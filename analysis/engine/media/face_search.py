"""Looks for faces in several frames at once, and answers in the order in which the frames came.

Finding faces costs more than decoding; in one thread it would hold up every detector of faces, however many cores
there are.
"""

from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from queue import SimpleQueue

from analysis.engine.media.faces import Candidate, Finder, candidates
from analysis.engine.types import Frame

MOST_AT_ONCE = 4
AHEAD_BYTES = 64 << 20  # of frames that wait for an answer, or for one before them
Answer = tuple[Frame, list[Candidate] | None]


class FaceSearch:
    """Used by one thread. Close it: its own threads end then, after the frames they are looking at."""

    def __init__(self, make: Callable[[], Finder], cores: int) -> None:
        self._at_once = max(1, min(cores, MOST_AT_ONCE))
        # a finder of its own for each thread: none of them may be asked twice at the same time
        self._finders = SimpleQueue[Finder]()
        for _ in range(self._at_once):
            self._finders.put(make())
        self._pool = ThreadPoolExecutor(self._at_once, thread_name_prefix="faces")
        self._ahead = deque[tuple[Frame, Future[list[Candidate]] | None]]()
        self._searched = self._bytes = 0

    def take(self, frame: Frame) -> Iterator[Answer]:
        """What is answered now that this frame is here; None for one that is no sample, or is damaged."""
        looked = self._pool.submit(self._look, frame) if frame.sampled and not frame.damaged else None
        self._ahead.append((frame, looked))
        self._searched += looked is not None
        self._bytes += frame.rgb.nbytes
        while self._searched > self._at_once or self._bytes > AHEAD_BYTES:
            yield self._first()

    def rest(self) -> Iterator[Answer]:
        while self._ahead:
            yield self._first()

    def close(self) -> None:
        self._pool.shutdown(cancel_futures=True)

    def _first(self) -> Answer:
        frame, looked = self._ahead.popleft()
        self._searched -= looked is not None
        self._bytes -= frame.rgb.nbytes
        return frame, looked.result() if looked else None

    def _look(self, frame: Frame) -> list[Candidate]:
        finder = self._finders.get()
        try:
            return candidates(finder, frame.rgb)
        finally:
            self._finders.put(finder)
