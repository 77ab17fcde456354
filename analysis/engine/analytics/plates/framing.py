"""Reads one row, or the rows of one plate, in several framings, and lets these vote.

A reader is unsure of what touches the edge of a row: the strip of the European Union becomes an H, a faint first sign
is left out. Read with more and with less around it, the same row errs in different ways.
"""

from collections.abc import Iterator, Sequence
from itertools import combinations
from types import MappingProxyType
from typing import NamedTuple

from analysis.engine.analytics.plates.consensus import LEAST_CONFIDENCE, voted
from analysis.engine.analytics.plates.distance import substitution
from analysis.engine.analytics.plates.formats import Grammar
from analysis.engine.analytics.plates.reading import Character, Read, Reading, read_of, understood
from analysis.engine.analytics.plates.rows import cut
from analysis.engine.analytics.plates.signs import DIGITS, LETTERS
from analysis.engine.analytics.plates.writing import PlateReader, Quad, Writing
from analysis.engine.types.arrays import Pixels


class _Framing(NamedTuple):
    """So much more at the ends, and above and below, in heights of the row."""

    wider: float
    taller: float


AS_FOUND = _Framing(0.0, 0.0)
# Of eight framings those whose vote was right most often on 243 rendered plates, oblique, blurred and noisy: 225,
# against 217 as found. More above and below never helped: a title or a bumper comes in.
_OTHERS = (_Framing(-0.1, -0.1), _Framing(0.4, 0.0), _Framing(0.15, -0.1))
# Two that say the same and are this sure of every sign need no third.
_SURE = 0.9
# Below this a sign may be a seal, a screw or a coat of arms between the signs.
LEAST_FOR_A_SIGN = 0.5
_MOST_ORNAMENTS = 2
_MOST_HARDLY = 6
# Signs of nearly the same shape (distance.py), such as 0 and D, and what the reader must have given the other.
_ALIKE, _LEAST_SHARE = 0.4, 0.05


def framed(
    reader: PlateReader, rgb: Pixels, rows: Sequence[Quad], first: Sequence[Writing] = ()
) -> tuple[Character, ...]:
    """The signs of the rows, one after the other, as all framings agree. `first`: what they say as they were found."""
    reads = [_one(first)] if first else []
    for wider, taller in _OTHERS if first else (AS_FOUND, *_OTHERS):
        pieces = [cut(rgb, row, wider=wider, taller=taller) for row in rows]
        reads.append(_one(reader.read(pieces)))
        if _agree(reads):
            break
    return voted(reads)


def mended(characters: Sequence[Character], grammar: Grammar) -> tuple[Character, ...]:
    """The signs as some country has them, where as they stand no format fits: one hardly read sign taken for the one
    that looks like it and that the reader thought of too, or hardly read ones left out as ornaments."""
    characters = tuple(characters)
    for way in (characters, *_taken_for_another(characters), *_without_ornaments(characters)):
        if _is_mixed(way) and fits_a_country(understood(way, grammar)):
            return way
    return characters


def _is_mixed(characters: Sequence[Character]) -> bool:
    """Whether letters and digits were read; a grammar would make a plate of some numbers and words."""
    read = {one.sign for one in characters}
    return not (read <= LETTERS or read <= DIGITS)


def fits_a_country(reading: Reading) -> bool:
    """Whether a format of a country fits, not only the fallback."""
    return any(one.region for one in reading.formats)


def _one(writings: Sequence[Writing]) -> Read:
    text = "".join(one.text for one in writings)
    sure = [value for one in writings for value in one.confidences]
    others = [value for one in writings for value in one.alternatives]
    return read_of(text, sure, pts_seconds=0.0, frame=0, alternatives=others)


def _agree(reads: Sequence[Read]) -> bool:
    return (
        len(reads) > 1
        and len({one.text for one in reads}) == 1
        and all(sign.confidence >= _SURE for one in reads for sign in one.characters)
    )


def _taken_for_another(characters: tuple[Character, ...]) -> Iterator[tuple[Character, ...]]:
    for place, one in enumerate(characters):
        if one.confidence >= LEAST_CONFIDENCE:
            continue
        for sign, share in one.alternatives.items():
            if share >= _LEAST_SHARE and substitution(one.sign, sign) <= _ALIKE:
                yield (*characters[:place], _taken_for(one, sign), *characters[place + 1 :])


def _taken_for(one: Character, sign: str) -> Character:
    """As between 0 and O: the shape was seen, only its name was in doubt."""
    rest = {name: share for name, share in one.alternatives.items() if name != sign}
    together = min(1.0, one.confidence + one.alternatives[sign])
    return Character(sign, together, MappingProxyType(rest), settled=True, read=one.sign)


def _without_ornaments(characters: tuple[Character, ...]) -> Iterator[tuple[Character, ...]]:
    hardly = [place for place, one in enumerate(characters) if one.confidence < LEAST_FOR_A_SIGN]
    for count in range(1, _MOST_ORNAMENTS + 1):
        for left_out in combinations(hardly[:_MOST_HARDLY], count):
            yield tuple(one for place, one in enumerate(characters) if place not in left_out)
