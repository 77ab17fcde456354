"""Dialects: the events of one topic as one family of existing clients expects them.

A voice is fed with every event of its topic from the first on, in order, and answers with the frames the
dialect has for it. Sockets and the channels in Redis speak through the same voices.
"""

import logging
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar
from uuid import UUID

logger = logging.getLogger(__name__)
Frame = Mapping[str, Any]
Event = Mapping[str, Any]


class Voice(ABC):
    """One topic told in one dialect. Works in a thread that may read the database, never in an event loop.

    Those that sockets speak (`TopicKind.voices`) may read it only where they are made: `hear` and `last` are
    called in the event loop too, take microseconds, and depend on nothing but the events; and copy.deepcopy
    makes another voice at the same place.

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


def heard(voice: Voice, event: Event) -> Sequence[Frame]:
    """What a voice says to an event; nothing, and a line in our log, where its data is not as the dialect expects.

    Anybody on this machine may append lines of any shape: one that cannot be said must not silence the rest.
    """
    try:
        return voice.hear(event)
    except (LookupError, TypeError, ValueError, AttributeError):
        logger.exception("%s cannot say %s", type(voice).__name__, event.get("id"))
        return ()
