"""Dialects: the events of one topic as one family of existing clients expects them.

A voice is fed with every event of its topic from the first on, in order, and answers with the frames the
dialect has for it. Sockets and the channels in Redis speak through the same voices.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar
from uuid import UUID

Frame = Mapping[str, Any]
Event = Mapping[str, Any]


class Voice(ABC):
    """One topic told in one dialect. Works in a thread that may read the database, never in an event loop.

    remembers: whether frames depend on events before; if not, a voice may begin anywhere in its topic.
    """

    remembers: ClassVar[bool] = True

    @abstractmethod
    def hear(self, event: Event) -> Sequence[Frame]:
        """Takes the next event, and says it; nothing when the dialect has no word for it."""

    def last(self) -> Sequence[Frame]:
        """What somebody who joins after the events heard so far is told at once."""
        return ()


@dataclass(frozen=True)
class Channel:
    """A channel of Redis that says a topic in a dialect. `kept`: the key that holds the last frame, if any."""

    name: str
    voice: Voice
    kept: str = ""


Voices = Mapping[str, Callable[[UUID], Voice]]
Channels = Callable[[UUID], Sequence[Channel]]
