"""What people choose from: presets, and detectors one by one, grouped by what they look at."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from analysis.models import DetectorCard
from analysis.page_rows import CardRow
from analysis.page_words import LOOKED_AT

# What cards say they judge, and for cards that say something else what they are fed.
_PLACES = {
    "face": "faces",
    "faces": "faces",
    "presentation": "faces",
    "picture": "picture",
    "frames": "picture",
    "sound": "sound",
    "file": "file",
    "footage": "footage",
}


@dataclass(frozen=True)
class Preset:
    """A choice. Empty `detectors`: those that a worker uses for such a file; `ticked` are these, of any file."""

    name: str
    title: str | Promise
    explanation: str | Promise
    detectors: tuple[str, ...] = ()
    ticked: tuple[str, ...] = ()


@dataclass(frozen=True)
class Choice:
    """A detector that can be ticked; `usual`: it is, unless somebody chooses otherwise."""

    row: CardRow
    usual: bool


@dataclass(frozen=True)
class Group:
    """Detectors that look at the same."""

    name: str
    title: str | Promise
    choices: Sequence[Choice]

    @property
    def usual(self) -> int:
        return sum(choice.usual for choice in self.choices)


@dataclass(frozen=True)
class Chooser:
    """All detectors, in groups."""

    groups: Sequence[Group]

    @property
    def usual(self) -> int:
        return sum(group.usual for group in self.groups)

    @property
    def off(self) -> int:
        return sum(not choice.row.available for group in self.groups for choice in group.choices)

    @property
    def known(self) -> int:
        return sum(len(group.choices) for group in self.groups)


def presets(cards: Iterable[DetectorCard]) -> list[Preset]:
    """The full examination first; the others only where detectors for them are known."""
    cards = sorted(cards, key=lambda card: card.name)
    quick = tuple(card.name for card in cards if card.available and _reads_the_file_alone(card))
    footage = tuple(card.name for card in cards if not card.card.get("forensic", True))
    usual = tuple(card.name for card in cards if _is_usual(card))
    full = Preset("full", _("Full"), _("Every detector that this desk uses for such a file."), ticked=usual)
    others = (
        Preset(
            "quick", _("Quick"), _("What the file itself says, without decoding it: seconds."), quick, quick
        ),
        Preset(
            "footage",
            _("Footage"),
            _("Motion, objects and number plates; nothing judges it."),
            footage,
            footage,
        ),
    )
    return [full, *(preset for preset in others if preset.detectors)]


def chooser(rows: Iterable[CardRow]) -> Chooser:
    """Every detector in its group, those that are off last."""
    placed: dict[str, list[Choice]] = {name: [] for name in LOOKED_AT}
    for row in sorted(rows, key=lambda row: (not row.available, row.title.casefold())):
        placed[_place(row)].append(Choice(row, _is_usual(row)))
    return Chooser([Group(name, LOOKED_AT[name], found) for name, found in placed.items() if found])


def _place(row: CardRow) -> str:
    consumes = str(row.card.get("consumes"))
    if consumes == "footage":
        return "footage"
    return _PLACES.get(str(row.card.get("subject"))) or _PLACES.get(consumes, "picture")


def _is_usual(card: DetectorCard | CardRow) -> bool:
    return card.available and bool(card.card.get("by_default"))


def _reads_the_file_alone(card: DetectorCard) -> bool:
    return card.card.get("consumes") == "file" and card.card.get("by_default", False)
