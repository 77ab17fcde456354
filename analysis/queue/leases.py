"""Leases: who may write for a run, since when and for how long. `attempt` is the fencing number."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from django.conf import settings
from django.db import connection

from analysis.errors import LeaseLost


@dataclass(frozen=True)
class Attempt:
    """One attempt at a run. What is meant for it, such as a cancel, is nothing to the attempt after it."""

    run: UUID
    number: int

    def __str__(self) -> str:
        return f"{self.run}/{self.number}"

    @classmethod
    def parse(cls, words: str) -> "Attempt":
        """The opposite of `str`. Raises ValueError."""
        run, _, number = words.partition("/")
        return cls(UUID(run), int(number))


@dataclass(frozen=True)
class Claim:
    """A run in the hands of a slot. `path` is relative to the media folder; a camera has none, and kind "camera"."""

    run: UUID
    attempt: int
    topic: UUID
    kind: str
    filename: str
    path: str
    detectors: tuple[str, ...]
    excluded: Mapping[str, str]
    worker: UUID
    slot: int
    purpose: str = "examination"
    stress_seconds: int | None = None
    # why no copies are made after all
    unstressed: str = ""
    camera: UUID | None = None

    @property
    def which(self) -> Attempt:
        """The attempt it is."""
        return Attempt(self.run, self.attempt)


@dataclass(frozen=True)
class Beat:
    """A lease that was extended. `cancel_requested`: somebody asked for its run to stop."""

    which: Attempt
    cancel_requested: bool


def extend(worker: UUID, held: Sequence[Attempt]) -> list[Beat]:
    """Keeps the leases of these attempts for another LEASE_SECONDS; one query.

    Only those a slot says it has: a claim whose answer was lost on its way would never run out otherwise.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE analysis_runlease l SET expires = clock_timestamp() + make_interval(secs => %s)"
            " FROM analysis_run r, unnest(%s::uuid[], %s::int[]) AS held (run, attempt)"
            " WHERE r.id = l.run_id AND r.state = 'running' AND l.worker_id = %s"
            " AND l.run_id = held.run AND l.attempt = held.attempt"
            " RETURNING l.run_id, l.attempt, l.cancel_requested_at IS NOT NULL",
            [settings.LEASE_SECONDS, [one.run for one in held], [one.number for one in held], worker],
        )
        return [Beat(Attempt(run, number), asked) for run, number, asked in cursor.fetchall()]


def fence(claim: Claim) -> None:
    """Makes sure, until the transaction ends, that the attempt is still the one that may write.

    Raises LeaseLost.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT 1 FROM analysis_runlease WHERE run_id = %s AND attempt = %s AND worker_id = %s FOR SHARE",
            [claim.run, claim.attempt, claim.worker],
        )
        if cursor.fetchone() is None:
            raise LeaseLost(f"Attempt {claim.attempt} of run {claim.run} is over; nothing more is written.")
