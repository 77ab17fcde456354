"""What supervisor and slot say to each other: one JSON object per line, over the slot's stdin and stdout."""

import json
from dataclasses import asdict, dataclass
from uuid import UUID

from analysis.queue import Attempt


@dataclass(frozen=True)
class Report:
    """A slot's state. `seen` grows with every sign of life of the examination.

    `ready`: loaded and waiting for `go`. `in_feed`: the detector that has been computing longest. `stressing`: the
    outcome is known, and altered copies are looked at.
    """

    ready: bool = False
    device: str = ""
    run: UUID | None = None
    attempt: int = 0
    seen: int = 0
    in_feed: str = ""
    stressing: bool = False

    @property
    def which(self) -> Attempt | None:
        """What it has in hand."""
        return Attempt(self.run, self.attempt) if self.run else None

    def line(self) -> bytes:
        """As it is sent."""
        return json.dumps(asdict(self), default=str).encode() + b"\n"

    @classmethod
    def parse(cls, line: bytes) -> "Report":
        """Raises ValueError."""
        fields = json.loads(line)
        run = fields.pop("run")
        return cls(run=UUID(run) if run else None, **fields)


@dataclass(frozen=True)
class Order:
    """What a slot is told: `go` (take runs), `cancel` an attempt, `stop` (give back what you have and end)."""

    name: str
    attempt: Attempt | None = None

    def line(self) -> bytes:
        """As it is sent."""
        return f"{self.name} {self.attempt or ''}".strip().encode() + b"\n"

    @classmethod
    def parse(cls, line: str) -> "Order":
        """Raises ValueError."""
        name, _, attempt = line.strip().partition(" ")
        return cls(name, Attempt.parse(attempt) if attempt else None)
