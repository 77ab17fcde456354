"""An event as it came: one numbered line of a topic."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from typing import Any

from assay_client.errors import BadAnswer
from assay_client.json_text import Member, members

ENDINGS = frozenset({"run.succeeded", "run.failed", "run.cancelled", "job.succeeded", "job.failed"})
# What takes an ending back, a run asked for again or a job begun anew; any other line may follow one.
REOPENINGS = frozenset({"run.retried", "job.reported"})


@dataclass(frozen=True, slots=True)
class Event:
    """A CloudEvents 1.0 object. `text` is what the server sent, and what `digest` is over."""

    topic: str
    seq: int
    type: str
    subject: str
    message: str
    time: datetime
    data: Mapping[str, Any]
    prev: str
    hash: str
    text: str = field(repr=False)
    digest: bytes = field(repr=False)

    @property
    def id(self) -> str:
        """`<topic>/<seq>`."""
        return f"{self.topic}/{self.seq}"

    @property
    def ends(self) -> bool:
        """Whether a run or a job ended with it."""
        return self.type in ENDINGS


@dataclass(frozen=True, slots=True)
class Thinned:
    """Lines that were left out: emptied by retention, or progress that newer progress outdates."""

    first: int
    last: int


def read(text: str, parts: Sequence[Member] | None = None) -> Event:
    """The event in a text; `parts` are its members, if they are known already. Raises BadAnswer."""
    parts = members(text) if parts is None else parts
    named = {one.name: one.value for one in parts}
    try:
        return Event(
            topic=str(named["topic"]),
            seq=_whole(named["seq"]),
            type=str(named["type"]),
            subject=str(named.get("subject", "")),
            message=str(named["message"]),
            time=datetime.fromisoformat(named["time"]),
            data=dict(named["data"]),
            prev=str(named["prev"]),
            hash=str(named["hash"]),
            text=text,
            digest=_digest(text, parts),
        )
    except (KeyError, TypeError, ValueError) as fault:
        raise BadAnswer("The server sent an event that lacks what every event has.") from fault


def _digest(text: str, parts: Sequence[Member]) -> bytes:
    """Over the text as it came, without prev and hash: numbers read and written again might differ."""
    kept = [text[one.start : one.end] for one in parts if one.name not in ("prev", "hash")]
    return sha256(f"{{{','.join(kept)}}}".encode()).digest()


def _whole(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise TypeError("seq")
    return value
