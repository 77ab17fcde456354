"""What an author states of a detector, and the conformance kit holds it to."""

from dataclasses import dataclass
from pathlib import Path

from analysis.engine.errors import EngineError

LOOSEST_TOLERANCE = 0.01  # beyond it two scores that print alike would not be the same
LARGEST_PACE, LARGEST_MEMORY = 60.0, 64 << 30


class UnsoundTerms(EngineError):
    """Terms that would hold a detector to nothing."""

    code = "unsound_terms"


@dataclass(frozen=True)
class Terms:
    """The reference pair, the tolerances and the budget of one detector.

    genuine, manipulated: two files of which the second must score higher. repeat_tolerance: how far two scores
    of the same content may differ; 0 means bit for bit, evidence and facts too. batch_tolerance: the same
    where the content came in batches of other sizes. pace: the most seconds of computing per second of
    media, where anything shorter than 10 s counts as 10 s. memory_bytes: the most memory of a process that
    holds Python, the detector with its libraries, and what it is fed. Raises UnsoundTerms.
    """

    genuine: Path | None = None
    manipulated: Path | None = None
    repeat_tolerance: float = 0.0
    batch_tolerance: float = 1e-4
    load_seconds: float = 60.0
    pace: float = 2.0
    memory_bytes: int = 2 << 30

    def __post_init__(self) -> None:
        if (self.genuine is None) != (self.manipulated is None):
            raise UnsoundTerms("A reference pair is two files, a genuine and a manipulated one.")
        for value, most in (
            (self.repeat_tolerance, LOOSEST_TOLERANCE),
            (self.batch_tolerance, LOOSEST_TOLERANCE),
            (self.load_seconds, 600.0),
            (self.pace, LARGEST_PACE),
            (self.memory_bytes, LARGEST_MEMORY),
        ):
            if not 0 <= value <= most:
                raise UnsoundTerms(f"{value!r} is no term: it must lie in 0 to {most}.")

    @property
    def pair(self) -> tuple[Path, Path] | None:
        return (self.genuine, self.manipulated) if self.genuine and self.manipulated else None

    def seconds_for(self, media_seconds: float) -> float:
        """The most seconds of computing that media of that length may take."""
        return self.pace * max(10.0, media_seconds)
