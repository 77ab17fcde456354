"""Dialects: the events of one topic as one family of existing clients expects them.

A voice is fed with every event of its topic from the first on, in order, and answers with the frames the
dialect has for it. Sockets and the channels in Redis speak through the same voices.
"""

import logging
import math
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar
from uuid import UUID

logger = logging.getLogger(__name__)
# What a voice raises over data that is not as its dialect expects.
UNSAYABLE = (LookupError, TypeError, ValueError, AttributeError, ArithmeticError)
COMPLAINT_SECONDS = 3600.0
COMPLAINTS_REMEMBERED = 1000
_complained: dict[tuple[str, str], float] = {}
Frame = Mapping[str, Any]
Event = Mapping[str, Any]


class Voice(ABC):
    """One topic told in one dialect. Works in a thread that may read the database, never in an event loop.

    Those that sockets speak (`TopicKind.voices`) may read it only where they are made: `hear` and `last` are
    called in the event loop too, take microseconds, and depend on nothing but the events; and copy.deepcopy
    makes another voice at the same place.

    remembers: whether frames depend on events before; if not, a voice may begin anywhere in its topic. Of
    progress before, the newest of each detector and attempt must do.
    ignores: types of events that change nothing; they need not be read to catch up.
    """

    remembers: ClassVar[bool] = True
    ignores: ClassVar[frozenset[str]] = frozenset()

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


def standing(event: Event) -> Frame:
    """Where in which log an event stands, and when it was written: what tells a frame from one told twice."""
    return {"topic": event["topic"], "seq": event["seq"], "timestamp": event["time"]}


def heard(voice: Voice, event: Event) -> Sequence[Frame]:
    """What a voice says to an event; nothing, and a line in our log, where its data is not as the dialect expects.

    Anybody on this machine may append lines of any shape: one that cannot be said must not silence the rest.
    """
    try:
        return voice.hear(event)
    except UNSAYABLE:
        complain(type(voice).__name__, str(event.get("type")), f"{event.get('topic')}/{event.get('seq')}")
        return ()


def complain(who: str, kind: str, which: str) -> None:
    """Logs the exception at hand, once an hour for who could not say which kind of event: there may be thousands."""
    now = time.monotonic()
    if now - _complained.get((who, kind), -math.inf) < COMPLAINT_SECONDS:
        return
    if len(_complained) >= COMPLAINTS_REMEMBERED:
        _complained.clear()
    _complained[who, kind] = now
    logger.exception("%s cannot say %s, a %s", who, which, kind)
