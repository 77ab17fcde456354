"""Lines on their way from the log to sockets, and the announcement that carries them through Redis."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self
from uuid import UUID

PART_LIMIT_BYTES = 192 * 1024
LOT_BYTES = 2**20
LOT_PARTS = 200
# Towards a reader that has fallen behind, only the newest per detector of these need be sent.
COALESCED = frozenset({"run.progressed", "visualization.progressed"})


@dataclass(frozen=True, slots=True)
class Line:
    """One event as it is sent; `body` is empty when retention has emptied the line."""

    topic: UUID
    seq: int
    type: str
    body: str
    subject: str = ""


@dataclass(frozen=True, slots=True)
class Announcement:
    """Consecutive new lines of one topic, for everybody who watches the topic or its owner."""

    topic: UUID
    kind: str
    owner: UUID
    lines: tuple[Line, ...]
    after: int

    @classmethod
    def of(cls, kind: str, owner: UUID, lines: Sequence[Line], *, after: int | None = None) -> Self:
        """Of lines of one topic in order. `after`: nothing but emptied lines lies between it and the first."""
        before = lines[0].seq - 1 if after is None else after
        return cls(lines[0].topic, kind, owner, tuple(lines), before)

    @property
    def first(self) -> int:
        return self.lines[0].seq

    @property
    def last(self) -> int:
        return self.lines[-1].seq

    def parts(self) -> Iterator["Announcement"]:
        """The same in pieces that Redis and its readers take easily, in order."""
        part: list[Line] = []
        size_bytes, after = 0, self.after
        for line in self.lines:
            if part and size_bytes + len(line.body) > PART_LIMIT_BYTES:
                yield Announcement.of(self.kind, self.owner, part, after=after)
                part, size_bytes, after = [], 0, part[-1].seq
            part.append(line)
            size_bytes += len(line.body)
        yield Announcement.of(self.kind, self.owner, part, after=after)

    def message(self) -> dict[str, Any]:
        """What goes through the channel layer."""
        return {
            "type": "log.lines",
            "topic": self.topic.hex,
            "kind": self.kind,
            "owner": self.owner.hex,
            "lines": [(line.seq, line.type, line.subject, line.body) for line in self.lines],
        }

    @classmethod
    def read(cls, message: Mapping[str, Any]) -> Self:
        """The announcement a message carries."""
        topic = UUID(message["topic"])
        lines = tuple(Line(topic, seq, kind, body, subject) for seq, kind, subject, body in message["lines"])
        return cls(topic, message["kind"], UUID(message["owner"]), lines, lines[0].seq - 1)


def lots(announcements: Sequence[Announcement]) -> Iterator[list[Announcement]]:
    """The lines in parts, as many together as Redis takes easily in one round trip."""
    lot: list[Announcement] = []
    size_bytes = 0
    for part in (part for one in announcements for part in one.parts()):
        if lot and (size_bytes >= LOT_BYTES or len(lot) >= LOT_PARTS):
            yield lot
            lot, size_bytes = [], 0
        lot.append(part)
        size_bytes += sum(len(line.body) for line in part.lines)
    if lot:
        yield lot


def topic_group(topic: UUID) -> str:
    """The group of everybody who watches a topic."""
    return f"topic.{topic.hex}"


def user_group(user: UUID) -> str:
    """The group of everybody who watches all topics of a user."""
    return f"user.{user.hex}"
