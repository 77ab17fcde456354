"""Reads of one track to ballots: what says nearly the same votes together, and with nothing else.

A taxi has its number on the roof, its plate below, and a telephone number on the door. Voting together, the surest
would win over the plate, or signs of both make a text that nobody read.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

from analysis.engine.analytics.plates.consensus import MOST_SIGNS, surest
from analysis.engine.analytics.plates.distance import within
from analysis.engine.analytics.plates.reading import Read
from analysis.engine.analytics.plates.signs import folded

# Two signs wrong, or four that look nearly alike.
SAME_TEXT = 1.6
# A vehicle has one plate on each side, and not much more writing of a plate's shape; the least read goes.
MOST_BALLOTS = 8


@dataclass(frozen=True)
class Ranked:
    """A read and how much like a plate what it was read from is: more is better."""

    read: Read
    likeness: float = 0.0


@dataclass
class Ballot:
    """Reads of nearly one text; `likeness` is the mean over all it ever had, `seen` how many those are."""

    reads: list[Read] = field(default_factory=list)
    seen: int = 0
    likeness: float = 0.0

    def add(self, ranked: Ranked) -> None:
        self.reads = surest([*self.reads, ranked.read])
        self.likeness += (ranked.likeness - self.likeness) / (self.seen + 1)
        self.seen += 1

    def holds(self, read: Read) -> bool:
        """Whether the read says nearly what its surest one says."""
        return within(folded(self.reads[0].text), folded(read.text), SAME_TEXT)


def cast(ballots: Sequence[Ballot], look: Sequence[Ranked]) -> list[Ballot]:
    """The ballots with the reads of one look; two texts of one look are always two."""
    ballots, used = list(ballots), list[Ballot]()
    for one in look:
        if not 1 <= len(one.read.characters) <= MOST_SIGNS:
            continue
        free = (each for each in ballots if each not in used and each.holds(one.read))
        ballot = next(free, None)
        if ballot is None:
            ballot = Ballot()
            ballots.append(ballot)
        ballot.add(one)
        used.append(ballot)
    return sorted(ballots, key=lambda each: each.seen, reverse=True)[:MOST_BALLOTS]
