"""Where this process last left the topics it wrote to. A guess, for others write too: who uses it must check."""

from collections import OrderedDict
from dataclasses import dataclass
from threading import Lock
from uuid import UUID

LIMIT = 1024


@dataclass(frozen=True, slots=True)
class End:
    """The end of a topic: its kind, its last seq, and the chain hash there."""

    kind: str
    seq: int
    hash: bytes


class Ends:
    """The ends of the topics written to most lately; for all threads of a process."""

    def __init__(self) -> None:
        self._ends: OrderedDict[UUID, End] = OrderedDict()
        self._lock = Lock()

    def note(self, topic: UUID, end: End) -> None:
        with self._lock:
            self._ends[topic] = end
            self._ends.move_to_end(topic)
            if len(self._ends) > LIMIT:
                self._ends.popitem(last=False)

    def take(self, topic: UUID) -> End | None:
        """The end of a topic, once: whoever goes on from it notes the next."""
        with self._lock:
            return self._ends.pop(topic, None)
