"""What a run says as a whole."""

from dataclasses import dataclass
from enum import StrEnum


class OutcomeName(StrEnum):
    """The five things a run may say."""

    STRONG_SIGNS = "strong_signs"
    SOME_SIGNS = "some_signs"
    NO_SIGNS = "no_signs"
    DISAGREE = "disagree"
    NOT_ASSESSABLE = "not_assessable"


@dataclass(frozen=True)
class Outcome:
    """What the run as a whole says, in sentences made from the code path that ran.

    `rule` is the fusion rule as it was applied, for the record. `seen` counts what footage detectors saw, which is no
    part of the outcome; empty where none was asked.
    """

    name: OutcomeName
    sentence: str
    why: str
    limit: str
    rule: str
    seen: str = ""

    @property
    def told(self) -> str:
        """The outcome, then what was seen."""
        return f"{self.sentence} Seen: {self.seen}." if self.seen else self.sentence
