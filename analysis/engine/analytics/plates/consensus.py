"""Several reads of one plate to one, by a vote for each sign.

Reads are aligned and vote as in ROVER (Fiscus 1997, sections 2 and 3). Ours differs: the best read comes first and
not the oldest, so that a blurred first read decides nothing; lookalikes are aligned with each other; a vote weighs
its confidence times the square of that of the whole read; and the grammar has the last word between lookalikes.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from analysis.engine.analytics.plates.distance import GAP, between, substitution
from analysis.engine.analytics.plates.formats import Grammar
from analysis.engine.analytics.plates.lettering import word_in
from analysis.engine.analytics.plates.reading import Character, Read, Reading, understood

MOST_READS = 16
# What is longer is no plate, and would only cost time.
MOST_SIGNS = 16
MOST_CANDIDATES = 5
# A read must agree with others before it is told: one alone may be sure of a wrong sign.
LEAST_READS = 3
LEAST_CONFIDENCE = 0.6
_MISSING = ""


@dataclass(frozen=True)
class Candidate:
    """A text it may be, with the share of the reads' weight that says so."""

    text: str
    share: float


@dataclass(frozen=True)
class Consensus:
    """What reads of one plate say together.

    best: the read nearest to it, the surest of those; its frame is the one to show.
    reads: how many were looked at; agreeing: how many of them say this text by themselves. doubt: why it is not good
    enough to tell; empty where it is.
    """

    reading: Reading
    best: Read
    candidates: tuple[Candidate, ...]
    reads: int
    doubt: str
    agreeing: int = 0

    @property
    def confidence(self) -> float:
        """That of its weakest sign: one wrong sign is another plate."""
        return min((one.confidence for one in self.reading.characters), default=0.0)


@dataclass
class _Column:
    """The votes for one place; a sign that is missing votes for the empty one."""

    votes: dict[str, float]

    def cost(self, sign: str) -> float:
        """What it costs to put a sign here, or none: what it differs from the votes, by their weight."""
        total = sum(self.votes.values())
        costs = (weight * _difference(sign, voted) for voted, weight in self.votes.items())
        return sum(costs) / total if total else 0.0

    def vote(self, votes: Mapping[str, float]) -> None:
        for sign, weight in votes.items():
            self.votes[sign] = self.votes.get(sign, 0.0) + weight


def consensus(reads: Sequence[Read], grammar: Grammar, *, least_reads: int = LEAST_READS) -> Consensus | None:
    """The plate that reads agree on, whatever their order; None where none of them holds 1 to MOST_SIGNS signs.

    Of more than MOST_READS the surest are looked at. Fewer than `least_reads` that agree are a doubt.
    """
    best_first = surest(reads)
    if not best_first:
        return None
    reading = understood(voted(best_first), grammar)
    said = _said(best_first, grammar)
    return Consensus(
        reading,
        _nearest(best_first, reading.text),
        _candidates(said, reading),
        len(best_first),
        _doubt(said, reading, least_reads),
        _agreeing(said, reading),
    )


def voted(reads: Sequence[Read]) -> tuple[Character, ...]:
    """The signs that reads agree on, before any grammar; none where no read has any."""
    best_first = surest(reads)
    total = sum(map(_quality, best_first))
    characters = (_character(column, total) for column in _aligned(best_first))
    return tuple(one for one in characters if one.sign)


def surest(reads: Sequence[Read]) -> list[Read]:
    """At most MOST_READS reads of 1 to MOST_SIGNS signs, the surest first; equally sure ones by frame."""
    held = [read for read in reads if 1 <= len(read.characters) <= MOST_SIGNS]
    return sorted(held, key=lambda read: (-_quality(read), read.frame, read.pts_seconds, read.text))[
        :MOST_READS
    ]


def _quality(read: Read) -> float:
    return max(read.confidence, 1e-3) ** 2


def _aligned(reads: Sequence[Read]) -> list[_Column]:
    columns: list[_Column] = []
    before = 0.0
    for read in reads:
        quality = _quality(read)
        columns = _with(columns, read.characters, quality, before)
        before += quality
    return columns


def _with(
    columns: list[_Column], characters: Sequence[Character], quality: float, before: float
) -> list[_Column]:
    """The columns with one read's votes. `before`: the weight of the reads that voted, all without a new column."""
    merged: list[_Column] = []
    for column, character in _pairs(columns, characters):
        here = column or _Column({_MISSING: before} if before else {})
        here.vote(_votes(character, quality) if character else {_MISSING: quality})
        merged.append(here)
    # the places with the least for them go
    while len(merged) > MOST_SIGNS:
        missing = [one.votes.get(_MISSING, 0.0) for one in merged]
        del merged[missing.index(max(missing))]
    return merged


def _votes(character: Character, quality: float) -> dict[str, float]:
    """How a read's weight is shared out; what is left over says nothing."""
    shares = {**character.alternatives, character.sign: character.confidence}
    total = max(1.0, sum(shares.values()))
    return {sign: quality * share / total for sign, share in shares.items()}


def _pairs(
    columns: Sequence[_Column], characters: Sequence[Character]
) -> list[tuple[_Column | None, Character | None]]:
    """Which character goes to which column, by the cheapest alignment; at most 16 by 16 steps."""
    costs = [[column.cost(one.sign) for one in characters] for column in columns]
    without = [column.cost(_MISSING) for column in columns]
    table = _table(costs, without, len(characters))
    pairs: list[tuple[_Column | None, Character | None]] = []
    row, place = len(columns), len(characters)
    while row or place:
        here = table[row][place]
        if row and place and here == table[row - 1][place - 1] + costs[row - 1][place - 1]:
            row, place = row - 1, place - 1
            pairs.append((columns[row], characters[place]))
        elif row and here == table[row - 1][place] + without[row - 1]:
            row -= 1
            pairs.append((columns[row], None))
        else:
            place -= 1
            pairs.append((None, characters[place]))
    return pairs[::-1]


def _table(costs: list[list[float]], without: list[float], places: int) -> list[list[float]]:
    """The cost of every beginning of the columns to every beginning of the characters."""
    table = [[place * GAP for place in range(places + 1)]]
    for row, line_costs in enumerate(costs):
        above = table[row]
        line = [above[0] + without[row]]
        for place, cost in enumerate(line_costs):
            line.append(min(above[place] + cost, above[place + 1] + without[row], line[place] + GAP))
        table.append(line)
    return table


def _difference(one: str, other: str) -> float:
    return substitution(one, other) if (one and other) or one == other else GAP


def _character(column: _Column, total: float) -> Character:
    """The winner of a place. Its confidence: the weight for it, of all the weight the reads have."""
    order = sorted(column.votes.items(), key=lambda one: (-one[1], one[0]))
    (sign, weight), *rest = order
    others = {other: min(1.0, value / total) for other, value in rest if other}
    return Character(sign, min(1.0, weight / total), MappingProxyType(others))


def _nearest(reads: Sequence[Read], text: str) -> Read:
    """The read that differs least from a text; the first of those."""
    distances = {read: between(read, text).total for read in dict.fromkeys(one.text for one in reads)}
    return min(reads, key=lambda read: (distances[read.text], -read.confidence))


def _said(reads: Sequence[Read], grammar: Grammar) -> list[tuple[str, float]]:
    """What each read says by itself, and its weight."""
    first = {read.text: read for read in reversed(reads)}
    texts = {text: understood(read.characters, grammar).text for text, read in first.items()}
    return [(texts[read.text], _quality(read)) for read in reads]


def _candidates(said: Sequence[tuple[str, float]], reading: Reading) -> tuple[Candidate, ...]:
    """The told text first, then what single reads say, by their weight; what the grammar leaves open too."""
    weights = dict.fromkeys((reading.text, *reading.candidates), 0.0)
    for text, weight in said:
        weights[text] = weights.get(text, 0.0) + weight
    total = sum(weights.values())
    order = sorted(weights.items(), key=lambda one: (one[0] != reading.text, -one[1], one[0]))
    return tuple(Candidate(text, weight / total) for text, weight in order[:MOST_CANDIDATES])


def _agreeing(said: Sequence[tuple[str, float]], reading: Reading) -> int:
    return sum(text == reading.text for text, _ in said)


def _doubt(said: Sequence[tuple[str, float]], reading: Reading, least_reads: int) -> str:
    same = _agreeing(said, reading)
    weakest = min((one.confidence for one in reading.characters), default=0.0)
    if same < least_reads:
        return f"{least_reads} reads have to agree on {reading.text or 'nothing'}; so far {same}"
    if weakest < LEAST_CONFIDENCE:
        return f"the weakest sign has a confidence of {weakest:.2f}, below {LEAST_CONFIDENCE}"
    if len(reading.candidates) > 1:
        return f"the grammars allow {' and '.join(reading.candidates[:3])}"
    if word := word_in(reading.text):
        return f"it spells {word}, as vehicles are lettered beside their plate"
    return ""
