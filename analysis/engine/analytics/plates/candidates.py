"""Which rows, pairs of rows and parts of rows may be a plate, by what was read at first."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise, permutations

from analysis.engine.analytics.plates.formats import Grammar
from analysis.engine.analytics.plates.framing import LEAST_FOR_A_SIGN, fits_a_country, mended
from analysis.engine.analytics.plates.reading import Character, read_of, understood
from analysis.engine.analytics.plates.rows import above, as_long_as, beside, joined, part, row_height, stacked
from analysis.engine.analytics.plates.signs import DIGITS, LETTERS, LOOKALIKE, normalised
from analysis.engine.analytics.plates.telling import LEAST_SIGNS, MOST_SIGNS
from analysis.engine.analytics.plates.writing import Line, Quad, Writing

# More than that have no country's plates; one or two more may be seals and strips.
_ORNAMENTS = 2
# Small letters of a shape of their own: plates have capitals alone. Two, since a reader takes some g for a 9.
_SMALL = frozenset("abdefghijklmnqrty")
_MOST_SMALL = 1
_WORDS_APART = " "
# As long as the letters of a country (1968 Convention on Road Traffic, annex 3).
_LABEL = 3
_MOST_PLATE_ROWS = 2
_MOST_HALVES = 10
# 06:30:01 has two; a seal between letters and digits is sometimes read as one.
_MOST_COLONS = 1


@dataclass(frozen=True)
class Candidate:
    """Rows that may be one plate, from top to bottom, and what each says.

    longer: the rows reach further than what was read of them, since both rows of a plate are as long as the plate.
    """

    rows: tuple[Quad, ...]
    writings: tuple[Writing, ...]
    needs_a_country: bool = False
    longer: bool = False

    @property
    def text(self) -> str:
        """What the rows say, one after the other."""
        return "".join(one.text for one in self.writings)


def candidates(lines: Sequence[Line], grammar: Grammar) -> list[Candidate]:
    """The most plate-like first: what fits a country, then the surer."""
    lines = _without_boards(lines)
    every = [*_alone(lines), *_parts(lines, grammar), *_pairs(lines, grammar)]
    ranked = [(_rank(one, grammar), one) for one in every if _may_be(one)]
    fitting = [(rank, one) for rank, one in ranked if rank[0] or not one.needs_a_country]
    return [one for _, one in sorted(fitting, key=lambda pair: pair[0], reverse=True)]


def _without_boards(lines: Sequence[Line]) -> list[Line]:
    """The lines but those of notices and signposts: more rows of one height above each other than plates have."""
    return [line for line in lines if len(_board(line, lines)) <= _MOST_PLATE_ROWS]


def _board(line: Line, lines: Sequence[Line]) -> list[Line]:
    """The line and those that continue it upwards and downwards, as far as it tells whether they are too many."""
    found, ends = [line], [line]
    while ends and len(found) <= _MOST_PLATE_ROWS:
        end = ends.pop()
        near = [one for one in lines if one not in found and stacked(end.quad, one.quad)]
        found += near
        ends += near
    return found


def _alone(lines: Sequence[Line]) -> Iterator[Candidate]:
    for line in lines:
        yield Candidate((line.quad,), (line.writing,))


def _pairs(lines: Sequence[Line], grammar: Grammar) -> Iterator[Candidate]:
    """Rows that may be parts of a plate; only a country's format proves that they belong together."""
    halves = [line for line in lines if not _is_whole(line, grammar)][:_MOST_HALVES]
    joint = [
        (Line(joined(one.quad, other.quad), _after(one.writing, other.writing)), (one, other))
        for one, other in permutations(halves, 2)
        if beside(one.quad, other.quad)
    ]
    for line, _ in joint:
        yield Candidate((line.quad,), (line.writing,), needs_a_country=True)
    rows = [*((line, (line,)) for line in halves), *joint]
    for (upper, its), (lower, others) in permutations(rows, 2):
        if not set(map(id, its)) & set(map(id, others)) and above(upper.quad, lower.quad):
            both = as_long_as(upper.quad, lower.quad), as_long_as(lower.quad, upper.quad)
            yield Candidate(both, (upper.writing, lower.writing), needs_a_country=True, longer=True)


def _parts(lines: Sequence[Line], grammar: Grammar) -> Iterator[Candidate]:
    """A row without the letters of a country, or another label, that are its first or last word."""
    for line in lines:
        words = _words(line.writing)
        if len(words) < 2 or _is_whole(line, grammar):
            continue
        if _is_label(line.writing, words[0]):
            yield _part(line, words[1][0], words[-1][1])
        if _is_label(line.writing, words[-1]):
            yield _part(line, words[0][0], words[-2][1])


def _is_label(writing: Writing, word: tuple[int, int]) -> bool:
    text = normalised(writing.text[word[0] : word[1]])
    return len(text) <= _LABEL and set(text) <= LETTERS


def _words(writing: Writing) -> list[tuple[int, int]]:
    """From which to before which character each word goes; at most the first eight."""
    ends = [
        -1,
        *(place for place, sign in enumerate(writing.text) if sign == _WORDS_APART),
        len(writing.text),
    ]
    return [(start + 1, end) for start, end in pairwise(ends) if end > start + 1][:8]


def _part(line: Line, start: int, end: int) -> Candidate:
    said = line.writing
    begin = 0.0 if start == 0 else (said.places[start - 1] + said.places[start]) / 2
    stop = 1.0 if end == len(said.text) else (said.places[end - 1] + said.places[end]) / 2
    piece = Writing(
        said.text[start:end],
        said.confidences[start:end],
        said.alternatives[start:end],
        tuple((place - begin) / max(1e-6, stop - begin) for place in said.places[start:end]),
    )
    return Candidate((part(line.quad, begin, stop),), (piece,), needs_a_country=True)


def _after(one: Writing, other: Writing) -> Writing:
    places = (*(place / 2 for place in one.places), *(0.5 + place / 2 for place in other.places))
    return Writing(
        one.text + other.text,
        one.confidences + other.confidences,
        one.alternatives + other.alternatives,
        places,
    )


def _is_whole(line: Line, grammar: Grammar) -> bool:
    """Whether a row is a plate by itself, of more signs than half of one has."""
    characters = _characters(Candidate((line.quad,), (line.writing,)))
    return len(characters) >= 6 and fits_a_country(understood(characters, grammar))


def _may_be(one: Candidate) -> bool:
    """Whether its signs are as many, as mixed and as capital as those of a plate."""
    characters = _characters(one)
    surely = [sign for sign in characters if sign.confidence >= LEAST_FOR_A_SIGN]
    small = sum(letter in _SMALL for letter in one.text)
    return (
        LEAST_SIGNS <= len(characters) <= MOST_SIGNS + _ORNAMENTS
        and len(surely) >= len(characters) / 2
        and small <= _MOST_SMALL
        and one.text.count(":") + one.text.count("/") <= _MOST_COLONS
        and _is_mixed(characters)
    )


def _is_mixed(characters: Sequence[Character]) -> bool:
    """Whether letters and digits can be among them, another framing granted."""
    read = {sign for one in characters for sign in (one.sign, *one.alternatives)}
    shapes = read | {LOOKALIKE.get(sign, sign) for sign in read}
    return bool(read & LETTERS and read & DIGITS) or bool(shapes & LETTERS and shapes & DIGITS)


def _rank(one: Candidate, grammar: Grammar) -> tuple[bool, float, float]:
    characters = _characters(one)
    fits = fits_a_country(understood(mended(characters, grammar), grammar))
    sure = sum(sign.confidence for sign in characters) / max(1, len(characters))
    return fits, sure, max(map(row_height, one.rows))


def _characters(one: Candidate) -> tuple[Character, ...]:
    said = one.writings
    sure = [value for writing in said for value in writing.confidences]
    others = [value for writing in said for value in writing.alternatives]
    return read_of(one.text, sure, pts_seconds=0.0, frame=0, alternatives=others).characters
