"""Which shapes the plates of a country have: grammars, kept as data in formats.toml.

A shape is written like the plate: `L` a letter, `D` a digit, `A` either, a space or a hyphen where plates have
one. What stands in square brackets may be missing, from its end: `L[LL]` is one to three letters. A format may
narrow `L`, `D` and `A` and name further classes by a capital of its own.
"""

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from itertools import product
from pathlib import Path
from typing import Any

from analysis.engine.analytics.plates.signs import DIGITS, LETTERS, LOOKALIKE, SIGNS
from analysis.engine.errors import EngineError

DATA = Path(__file__).with_name("formats.toml")
SHORTEST, LONGEST = 2, 10
MOST_FORMATS, MOST_SHAPES, MOST_TEMPLATES = 500, 40, 400
MOST_CHARACTERS = 1_000_000
_SEPARATORS = " -"
_CLASSES: Mapping[str, frozenset[str]] = {"L": LETTERS, "D": DIGITS, "A": SIGNS}


class InvalidFormats(EngineError):
    """A file of plate formats is not what it has to be."""

    code = "invalid_plate_formats"


@dataclass(frozen=True)
class Template:
    """One length of a shape: the signs each place may hold, and the separator before it, if any."""

    places: tuple[frozenset[str], ...]
    separators: tuple[str, ...]

    def changes(self, text: str) -> int | None:
        """How many signs of `text` would have to be their lookalike to fit; None where that does not do."""
        if len(text) != len(self.places):
            return None
        wrong = [(sign, place) for sign, place in zip(text, self.places, strict=True) if sign not in place]
        fits = all(LOOKALIKE.get(sign) in place for sign, place in wrong)
        return len(wrong) if fits else None

    def settled(self, text: str) -> str:
        """`text` with lookalikes where the places ask for them."""
        places = zip(text, self.places, strict=True)
        return "".join(sign if sign in place else LOOKALIKE[sign] for sign, place in places)

    def separated(self, text: str) -> str:
        """`text` as it stands on the plate."""
        return "".join(before + sign for before, sign in zip(self.separators, text, strict=True))


@dataclass(frozen=True)
class Format:
    """One way plates are written somewhere. `region`: an ISO 3166-1 code; empty for the fallback."""

    name: str
    region: str
    templates: tuple[Template, ...]

    def separated(self, text: str) -> str:
        """`text` with its separators, where only one way to set them fits; as it is elsewhere."""
        ways = {one.separated(text) for one in self.templates if one.changes(text) == 0}
        return ways.pop() if len(ways) == 1 else text


@dataclass(frozen=True)
class Grammar:
    """The formats to read by; `fallback` is asked only where none of them fits."""

    formats: tuple[Format, ...]
    fallback: tuple[Format, ...]
    _by_length: Mapping[int, tuple[tuple[Format, Template], ...]] = field(default_factory=dict, repr=False)

    def __post_init__(self) -> None:
        by_length: dict[int, list[tuple[Format, Template]]] = {}
        for one in (*self.formats, *self.fallback):
            for template in one.templates:
                by_length.setdefault(len(template.places), []).append((one, template))
        object.__setattr__(self, "_by_length", {size: tuple(all_) for size, all_ in by_length.items()})

    @property
    def regions(self) -> tuple[str, ...]:
        """The codes of the countries it knows."""
        return tuple(sorted({one.region for one in self.formats}))

    def only(self, regions: Iterable[str]) -> "Grammar":
        """The formats of some countries, and the fallback. Raises InvalidFormats for a country not known."""
        wanted = set(regions)
        if unknown := wanted - set(self.regions):
            raise InvalidFormats(
                f"No plate formats for {', '.join(sorted(unknown))}. Known: {', '.join(self.regions)}."
            )
        return replace(
            self, formats=tuple(one for one in self.formats if one.region in wanted), _by_length={}
        )

    def of_length(self, length: int) -> tuple[tuple[Format, Template], ...]:
        """All that plates of so many signs may look like."""
        return self._by_length.get(length, ())


@cache
def built_in() -> Grammar:
    """The formats that come with the program."""
    return load(DATA.read_text(encoding="utf-8"))


def load(text: str) -> Grammar:
    """The formats written in a TOML file. Raises InvalidFormats, which says what is wrong and where."""
    if len(text) > MOST_CHARACTERS:
        raise InvalidFormats(f"The plate formats have more than {MOST_CHARACTERS} characters.")
    try:
        data = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise InvalidFormats(f"The plate formats are no TOML: {error}") from error
    _refuse_unknown(data, {"format", "fallback"}, "the file")
    formats = tuple(_format(one, fallback=False) for one in _tables(data, "format"))
    fallback = tuple(_format(one, fallback=True) for one in _tables(data, "fallback"))
    names = [one.name for one in (*formats, *fallback)]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise InvalidFormats(f"Two plate formats are called {twice[0]!r}.")
    return Grammar(formats, fallback)


def _tables(data: Mapping[str, Any], key: str) -> list[Mapping[str, Any]]:
    tables = data.get(key, [])
    if not isinstance(tables, list) or not all(isinstance(one, dict) for one in tables):
        raise InvalidFormats(f"Plate formats are written as tables [[{key}]].")
    if len(tables) > MOST_FORMATS:
        raise InvalidFormats(f"There are {len(tables)} plate formats; at most {MOST_FORMATS} are read.")
    return tables


def _format(table: Mapping[str, Any], *, fallback: bool) -> Format:
    name = table.get("name")
    if not isinstance(name, str) or not 1 <= len(name) <= 60:
        raise InvalidFormats("A plate format has no name of 1 to 60 characters.")
    known = {"name", "shapes", "classes", "most_signs"} | (set() if fallback else {"region"})
    _refuse_unknown(table, known, f"the plate format {name!r}")
    region = table.get("region", "")
    if not fallback and not (isinstance(region, str) and len(region) == 2 and set(region) <= LETTERS):
        raise InvalidFormats(f"The plate format {name!r} has no region of two capitals.")
    most = table.get("most_signs", LONGEST)
    if type(most) is not int or not SHORTEST <= most <= LONGEST:
        raise InvalidFormats(f"most_signs of the plate format {name!r} is not {SHORTEST} to {LONGEST}.")
    return Format(name, region, _templates(name, table.get("shapes"), _classes(name, table), most))


def _classes(name: str, table: Mapping[str, Any]) -> Mapping[str, frozenset[str]]:
    own = table.get("classes", {})
    if not isinstance(own, dict):
        raise InvalidFormats(f"The classes of the plate format {name!r} are no table.")
    for key, held in own.items():
        if len(key) != 1 or key not in LETTERS:
            raise InvalidFormats(f"The plate format {name!r} calls a class {key!r}, which is no capital.")
        if not isinstance(held, str) or not held or not set(held) <= SIGNS:
            raise InvalidFormats(f"The class {key} of the plate format {name!r} holds no letters and digits.")
    return {**_CLASSES, **{key: frozenset(held) for key, held in own.items()}}


def _templates(
    name: str, shapes: object, classes: Mapping[str, frozenset[str]], most: int
) -> tuple[Template, ...]:
    if not isinstance(shapes, list) or not 1 <= len(shapes) <= MOST_SHAPES:
        raise InvalidFormats(f"The plate format {name!r} has no list of 1 to {MOST_SHAPES} shapes.")
    found: dict[Template, None] = {}
    for shape in shapes:
        if not isinstance(shape, str) or len(shape) > 60:
            raise InvalidFormats(f"A shape of the plate format {name!r} is no text of at most 60 characters.")
        for written in _expanded(name, shape):
            template = _template(name, written, classes)
            if len(template.places) <= most:
                found[template] = None
        if len(found) > MOST_TEMPLATES:
            raise InvalidFormats(f"The plate format {name!r} has more than {MOST_TEMPLATES} ways.")
    if not found or not all(SHORTEST <= len(one.places) <= LONGEST for one in found):
        raise InvalidFormats(f"The plate format {name!r} has plates of not {SHORTEST} to {LONGEST} signs.")
    return tuple(found)


def _expanded(name: str, shape: str) -> list[str]:
    """A shape without brackets, in every length it may have."""
    parts: list[list[str]] = []
    for piece in shape.split("["):
        optional, closed, rest = piece.partition("]")
        if bool(closed) != bool(parts) or "]" in rest:
            raise InvalidFormats(
                f"The brackets of the shape {shape!r} of the plate format {name!r} do not pair."
            )
        if closed:
            parts.append([optional[:length] for length in range(len(optional) + 1)])
        parts.append([rest if closed else optional])
    ways = 1
    for part in parts:
        ways *= len(part)
    if ways > MOST_TEMPLATES:
        raise InvalidFormats(
            f"The shape {shape!r} of the plate format {name!r} has more than {MOST_TEMPLATES} ways."
        )
    return ["".join(one) for one in product(*parts)]


def _template(name: str, written: str, classes: Mapping[str, frozenset[str]]) -> Template:
    places: list[frozenset[str]] = []
    separators: list[str] = []
    before = ""
    for sign in written:
        if sign in _SEPARATORS:
            before = sign
            continue
        if sign not in classes:
            raise InvalidFormats(
                f"The plate format {name!r} has {sign!r} in a shape, but no class of that name."
            )
        places.append(classes[sign])
        separators.append(before if len(places) > 1 else "")
        before = ""
    return Template(tuple(places), tuple(separators))


def _refuse_unknown(table: Mapping[str, Any], known: set[str], where: str) -> None:
    if unknown := sorted(set(table) - known):
        raise InvalidFormats(f"Unknown field {unknown[0]!r} in {where}. Known: {', '.join(sorted(known))}.")
