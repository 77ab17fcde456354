"""A read of a plate: which signs, how sure of each, and which country's grammar it fits.

A reader cannot tell 0 from O by looks. The grammar can, where it asks for a digit or a letter in that place; a
sign decided that way is marked, with what had been read.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import repeat
from types import MappingProxyType

from analysis.engine.analytics.plates.formats import Format, Grammar, Template
from analysis.engine.analytics.plates.signs import LONGEST, LONGEST_TEXT, LOOKALIKE, signs

# More than this and the text is another one: SIBOSIB is not a plate of seven digits.
MOST_CHANGES = 3
MOST_ALTERNATIVES = 8
_NONE: Mapping[str, float] = MappingProxyType({})


@dataclass(frozen=True)
class Character:
    """One sign. `alternatives`: other signs the reader thought of, with its confidence in each.

    `settled`: the grammar decided between lookalikes here; `read` is then what the reader had preferred, else empty.
    """

    sign: str
    confidence: float
    alternatives: Mapping[str, float] = field(default_factory=lambda: _NONE)
    settled: bool = False
    read: str = ""


@dataclass(frozen=True)
class Read:
    """What a reader read in one frame. `frame`: its index in the file."""

    characters: tuple[Character, ...]
    pts_seconds: float
    frame: int

    @property
    def text(self) -> str:
        """The signs alone."""
        return "".join(one.sign for one in self.characters)

    @property
    def confidence(self) -> float:
        """The mean over its characters; 0 for none."""
        return sum(one.confidence for one in self.characters) / max(1, len(self.characters))


@dataclass(frozen=True)
class Reading:
    """What the grammars make of characters.

    formats: those the text fits, with the fewest signs changed; where several texts fit equally well, those of all.
    candidates: the texts it may be, at first the one that is told; more than one where the formats disagree.
    region: a country's code, only where every format that fits is of that country.
    """

    characters: tuple[Character, ...]
    formats: tuple[Format, ...]
    candidates: tuple[str, ...]
    region: str | None

    @property
    def text(self) -> str:
        """The signs alone."""
        return "".join(one.sign for one in self.characters)

    @property
    def written(self) -> str:
        """The text as it stands on the plate, where the formats agree on the separators."""
        ways = {one.separated(self.text) for one in self.formats}
        return ways.pop() if len(ways) == 1 else self.text


def read_of(
    text: str,
    confidences: float | Sequence[float],
    *,
    pts_seconds: float,
    frame: int,
    alternatives: Sequence[Mapping[str, float]] = (),
) -> Read:
    """A read from what a reader says; other writing than letters and digits is left out with its confidence.

    confidences: one for the whole text, or one for each of its characters, 0..1; what is no such number counts as 0.
    alternatives: nothing, or one mapping for each character. Raises ValueError where the lengths differ.
    """
    sure = repeat(confidences) if isinstance(confidences, int | float) else confidences
    others = alternatives or repeat(_NONE)
    for what, given in (("confidences", sure), ("alternatives", others)):
        if isinstance(given, Sequence) and len(given) != len(text):
            raise ValueError(f"{len(text)} characters came with {len(given)} {what}.")
    told = zip(text[:LONGEST_TEXT], sure, others, strict=False)
    characters = (
        Character(sign, _share(confidence), _alternatives(sign, other))
        for written, confidence, other in told
        for sign in signs(written)
    )
    return Read(tuple(characters)[:LONGEST], pts_seconds, frame)


def understood(characters: Sequence[Character], grammar: Grammar) -> Reading:
    """Which formats characters fit, with lookalikes settled where those formats ask for it.

    The formats that need the fewest signs changed count. Where these make different texts of it, nothing is
    settled: it stays as it was read, and each text is a candidate.
    """
    characters = tuple(characters)
    text = "".join(one.sign for one in characters)
    fits = _closest(text, grammar)
    texts = dict.fromkeys(template.settled(text) for _, template in fits)
    formats = tuple(dict.fromkeys(one for one, _ in fits))
    regions = {one.region for one in formats}
    region = regions.pop() or None if len(regions) == 1 else None
    if len(texts) != 1:
        return Reading(characters, formats, tuple(dict.fromkeys([text, *texts])) if text else (), region)
    (settled,) = texts
    ruled = [set().union(*places) for places in zip(*(one.places for _, one in fits), strict=True)]
    decided = zip(characters, settled, ruled, strict=True)
    return Reading(tuple(_settled(*one) for one in decided), formats, (settled,), region)


def _closest(text: str, grammar: Grammar) -> list[tuple[Format, Template]]:
    """The fits with the fewest changes; those of the fallback only where there are no others."""
    best: dict[bool, tuple[int, list[tuple[Format, Template]]]] = {}
    for one, template in grammar.of_length(len(text)):
        changes = template.changes(text)
        if changes is None or changes > MOST_CHANGES:
            continue
        fewest, fits = best.get(not one.region, (MOST_CHANGES + 1, []))
        if changes <= fewest:
            best[not one.region] = (changes, [*(fits if changes == fewest else []), (one, template)])
    return (best.get(False) or best.get(True) or (0, []))[1]


def _settled(character: Character, sign: str, allowed: set[str]) -> Character:
    """The character as the grammar has it.

    Where it rules out the lookalike, confidence in that is confidence in the sign: the shape was seen, only its
    name was in doubt.
    """
    other = LOOKALIKE.get(sign, "")
    share = {**character.alternatives, character.sign: character.confidence}
    if not other or other in allowed or not share.get(other):
        return replace(character, sign=sign)
    rest = {name: value for name, value in character.alternatives.items() if name not in {sign, other}}
    together = min(1.0, share.get(sign, 0.0) + share[other])
    return Character(
        sign, together, MappingProxyType(rest), settled=True, read=character.read or character.sign
    )


def _alternatives(sign: str, told: Mapping[str, float]) -> Mapping[str, float]:
    shares: dict[str, float] = {}
    for written, confidence in list(told.items())[:LONGEST_TEXT]:
        other = signs(written) if len(written) == 1 else ""
        if len(other) == 1 and other != sign and _share(confidence):
            shares[other] = max(shares.get(other, 0.0), _share(confidence))
    most = sorted(shares.items(), key=lambda one: (-one[1], one[0]))[:MOST_ALTERNATIVES]
    return MappingProxyType(dict(most)) if most else _NONE


def _share(value: float) -> float:
    return min(1.0, max(0.0, float(value))) if math.isfinite(value) else 0.0
