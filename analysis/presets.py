"""What people choose from instead of naming detectors one by one."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from analysis.models import DetectorCard


@dataclass(frozen=True)
class Preset:
    """A choice. Empty `detectors`: those that a worker uses for such a file."""

    name: str
    title: str | Promise
    explanation: str | Promise
    detectors: tuple[str, ...] = ()


def presets(cards: Iterable[DetectorCard]) -> list[Preset]:
    """The full examination first; the others only where detectors for them are known."""
    cards = sorted(cards, key=lambda card: card.name)
    quick = tuple(card.name for card in cards if card.available and _reads_the_file_alone(card))
    footage = tuple(card.name for card in cards if not card.card.get("forensic", True))
    full = Preset("full", _("Full"), _("Every detector that this desk uses for such a file."))
    others = (
        Preset("quick", _("Quick"), _("What the file itself says, without decoding it: seconds."), quick),
        Preset("footage", _("Footage"), _("Motion, objects and number plates; nothing judges it."), footage),
    )
    return [full, *(preset for preset in others if preset.detectors)]


def _reads_the_file_alone(card: DetectorCard) -> bool:
    return card.card.get("consumes") == "file" and card.card.get("by_default", False)
