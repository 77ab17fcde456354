"""Which detectors there are, which of them can run here, and why the others cannot."""

import importlib
import importlib.metadata
import logging
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, fields
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Self

from analysis.engine.catalogue import CATALOGUE
from analysis.engine.classifiers.description import read
from analysis.engine.classifiers.folder import folders
from analysis.engine.classifiers.module import Classifier
from analysis.engine.detectors.base import Card, Detector, DetectorModule
from analysis.engine.errors import EngineError, UnknownDetector, UnverifiedWeights
from analysis.engine.nets.rates.rates import Rates
from analysis.engine.objects import MakeFinder, best_object_finder
from analysis.engine.prepared import prepared
from analysis.engine.types import Consumes, MediaKind
from analysis.engine.weights import WeightStore

if TYPE_CHECKING:
    from analysis.engine.nets.rates.forward import Forward

logger = logging.getLogger(__name__)
PLUGIN_GROUP = "assay.detectors"
BROKEN_PREFIX = "plug-in:"  # before the name of one that could not be loaded
NAME_CHARACTERS, VERSION_CHARACTERS, UNIT_CHARACTERS = 64, 32, 16  # what a result on record has room for
NAME, SHA256 = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*"), re.compile(r"[0-9a-f]{64}")
FEEDING = {
    Consumes.FRAMES: {MediaKind.VIDEO, MediaKind.IMAGE},
    Consumes.FACES: {MediaKind.VIDEO, MediaKind.IMAGE},
    Consumes.SOUND: {MediaKind.VIDEO, MediaKind.AUDIO},
    Consumes.FILE: set(MediaKind),
    Consumes.FOOTAGE: {MediaKind.VIDEO, MediaKind.IMAGE},
}
BUILT_IN = (
    "meso",
    "classnseg",
    "minifasnet",
    "ladeda",
    "aasist",
    "rawgat",
    "lcnn",
    "spectrum",
    "jpeg",
    "jpeg_grid",
    "error_level",
    "noise_level",
    "copy_move",
    "resampling",
    "pulse",
    "border",
    "blink",
    "landmark_jitter",
    "gop",
    "repeats",
    "dropped_frames",
    "video_splice",
    "lip_sync",
    "provenance",
    "metadata",
    "splice",
    "vocoder",
    "silence",
    "hum",
    "bandwidth",
    "motion",
    "tracking",
    "anpr",
)


class DuplicateDetector(EngineError):
    """Two modules offer a detector of the same name."""

    code = "duplicate_detector"


class UnsoundCard(EngineError):
    """A card that could not be put on record."""

    code = "unsound_card"


@dataclass(frozen=True)
class CardState:
    """A detector's card with the face finder in use, whether it can run here, and if not, why and what to do."""

    card: Card
    available: bool
    reason: str = ""


@dataclass
class Registry:
    """The detectors of a process. Cards come without torch; a detector is loaded when first asked for, and kept.

    `broken` names plug-ins that could not be loaded, and why; each has a card here, which never is available.
    `origins` says of each detector where its module is, as an entry point writes it. With `rates` nets run in the
    way that is fastest here. `find_objects` makes the finder for detectors that follow objects.
    """

    weights: WeightStore
    device: str = "cpu"
    modules: dict[str, DetectorModule] = field(default_factory=dict)
    catalogue: dict[str, Card] = field(default_factory=dict)
    broken: dict[str, str] = field(default_factory=dict)
    origins: dict[str, str] = field(default_factory=dict)
    rates: Rates | None = None
    find_objects: MakeFinder = best_object_finder
    _loaded: dict[str, Detector] = field(default_factory=dict)
    _lock: Lock = field(default_factory=Lock)

    @classmethod
    def load(cls, weights_dir: Path, *, device: str = "cpu", only: Sequence[str] | None = None) -> Self:
        """The built-in detectors and the plug-ins of the entry-point group `assay.detectors`.

        only: names to keep. Raises UnknownDetector for a name nobody offers. A plug-in that cannot be loaded,
        or offers a name that is taken, costs nobody else.
        """
        registry = cls.of(_built_in(), WeightStore(weights_dir), device=device)
        for folder in folders(weights_dir):
            registry._take_in(folder)
        for entry in sorted(
            importlib.metadata.entry_points(group=PLUGIN_GROUP), key=lambda entry: entry.name
        ):
            registry._plug_in(entry)
        if only is not None:
            registry.catalogue = {name: registry.card(name) for name in only}
        return registry

    @classmethod
    def of(cls, modules: Iterable[DetectorModule], weights: WeightStore, *, device: str = "cpu") -> Self:
        """A registry of just these modules."""
        registry = cls(weights, device)
        for module in modules:
            registry._add(module, getattr(module, "__name__", type(module).__name__))
        return registry

    def _add(self, module: DetectorModule, origin: str) -> None:
        """All cards of the module, or none of them."""
        cards = list(module.cards())
        if not callable(getattr(module, "make", None)):
            raise UnsoundCard(f"{origin} has cards and no make() that would load their detectors.")
        for at, card in enumerate(cards):
            refuse_unsound(card)
            if card.name in self.catalogue or card.name in [other.name for other in cards[:at]]:
                raise DuplicateDetector(
                    f"Two modules offer a detector named {card.name!r}. Rename or uninstall one of them."
                )
        self.catalogue |= {card.name: card for card in cards}
        self.modules |= {card.name: module for card in cards}
        self.origins |= {card.name: origin for card in cards}

    def _take_in(self, folder: Path) -> None:
        """A classifier a user added; one that cannot be used is listed, and why."""
        try:
            self._add(Classifier(folder, read(folder)), f"classifiers/{folder.name}")
        except EngineError as error:
            self._break(folder.name, f"classifier {folder.name} cannot be used: {error}")

    def _plug_in(self, entry: importlib.metadata.EntryPoint) -> None:
        try:
            self._add(entry.load(), entry.value)
        # somebody else's module may raise anything at all while it is imported
        except (Exception, SystemExit) as error:
            logger.warning("plug-in %s cannot be loaded", entry.name, exc_info=True)
            self._break(entry.name, f"{entry.value} cannot be loaded: {type(error).__name__}: {error}")

    def _break(self, name: str, reason: str) -> None:
        plug_in = name[: NAME_CHARACTERS - len(BROKEN_PREFIX)]
        self.broken[plug_in] = reason.replace("\0", "�")[:500]
        card = _broken_card(plug_in)
        self.catalogue.setdefault(card.name, card)

    def card(self, name: str) -> Card:
        """Raises UnknownDetector with the names that are known."""
        if name not in self.catalogue:
            raise UnknownDetector(f"No detector {name!r}. Known: {', '.join(sorted(self.catalogue))}.")
        return self.catalogue[name]

    def cards(self) -> list[Card]:
        return list(self.catalogue.values())

    def state(self, name: str) -> CardState:
        """Whether that detector can run here: its weights are verified, nothing is loaded."""
        card = self.card(name)
        plug_in = card.name.removeprefix(BROKEN_PREFIX)
        reason = self.broken[plug_in] if name not in self.modules else self._missing_weights(card)
        return CardState(prepared(card, self.weights), not reason, reason)

    def states(self) -> list[CardState]:
        return [self.state(name) for name in self.catalogue]

    def _missing_weights(self, card: Card) -> str:
        module = self.modules[card.name]
        if isinstance(module, Classifier):
            return module.missing()
        needed = {card.weights, *card.further_weights}
        missing = []
        for key in (key for key, published in CATALOGUE.items() if published.file in needed):
            try:
                self.weights.path(key)
            except UnverifiedWeights as error:
                missing.append(str(error))
        return " ".join(missing)

    def detector(self, name: str) -> Detector:
        """The loaded detector. Raises UnknownDetector, or UnverifiedWeights when its file is not right."""
        card = self.card(name)
        with self._lock:
            if name not in self.modules:
                raise UnverifiedWeights(self.state(name).reason)
            if name not in self._loaded:
                loaded = self.modules[name].make(card.name, self.weights, self.device)
                if self.rates:
                    for forward in forwards_of(loaded):
                        forward.settle(self.rates)
                self._loaded[name] = loaded
            return self._loaded[name]

    def defaults(self, kind: MediaKind) -> list[str]:
        """What examines a file of that kind when nobody names detectors: the unavailable too, so that they
        are named as missing."""
        return [card.name for card in self.cards() if card.by_default and kind in card.kinds]


def forwards_of(detector: Detector) -> tuple["Forward", ...]:
    """The nets of a detector that can be run in several ways: what its `forwards` hold, if it has any."""
    held = getattr(detector, "forwards", ())
    if not isinstance(held, tuple) or not held:
        return ()
    from analysis.engine.nets.rates.forward import Forward

    return tuple(one for one in held if isinstance(one, Forward))


def built_in_names() -> set[str]:
    """The names of the detectors that come with Assay."""
    return {card.name for module in _built_in() for card in module.cards()}


def _built_in() -> list[DetectorModule]:
    return [importlib.import_module(f"analysis.engine.detectors.{name}") for name in BUILT_IN]


def refuse_unsound(card: Card) -> None:
    """Raises UnsoundCard for a card that could not be put on record, or whose detector could never be asked."""
    if not isinstance(card, Card):
        raise UnsoundCard(f"{card!r:.80} is no Card.")
    texts = [getattr(card, part.name) for part in fields(card) if part.type in (str, "str")]
    optional = [text for text in (card.weights, card.weights_sha256) if text is not None]
    if not all(
        isinstance(text, str) and "\0" not in text
        for text in (*texts, *optional, *card.links, *card.further_weights)
    ):
        raise UnsoundCard("A card holds something that is no text, or text with U+0000.")
    if not (isinstance(card.consumes, Consumes) and all(isinstance(kind, MediaKind) for kind in card.kinds)):
        raise UnsoundCard("A card must say what it consumes and of which kinds with Consumes and MediaKind.")
    if card.dense and card.consumes not in {Consumes.FRAMES, Consumes.FACES}:
        raise UnsoundCard("A card can ask for every frame only if it consumes frames or faces.")
    if card.hears and not (
        card.consumes in {Consumes.FRAMES, Consumes.FACES} and card.kinds == {MediaKind.VIDEO}
    ):
        raise UnsoundCard(
            "A card can hear beside what it consumes only if that is frames or faces of videos."
        )
    _refuse_unsound_footage(card)
    for text, most in (
        (card.name, NAME_CHARACTERS),
        (card.family, NAME_CHARACTERS),
        (card.version, VERSION_CHARACTERS),
        (card.unit, UNIT_CHARACTERS),
    ):
        if not 1 <= len(text) <= most:
            raise UnsoundCard(f"{text!r:.80} has {len(text)} characters; 1 to {most} are allowed.")
    if not NAME.fullmatch(card.name):
        raise UnsoundCard(
            f"{card.name!r} is no name: it may hold letters, digits and . _ - and nothing else."
        )
    if not card.kinds & FEEDING[card.consumes]:
        kinds = " and ".join(sorted(card.kinds)) or "nothing"
        raise UnsoundCard(f"{card.name} consumes {card.consumes.value}, which {kinds} cannot give it.")
    if card.weights_sha256 is not None and not SHA256.fullmatch(card.weights_sha256):
        raise UnsoundCard(
            f"{card.name} names weights by {card.weights_sha256!r:.80}, which is no SHA-256 in hex."
        )


def _refuse_unsound_footage(card: Card) -> None:
    footage = card.consumes is Consumes.FOOTAGE
    if card.follows and not footage:
        raise UnsoundCard("A card can ask for followed objects only if it consumes footage.")
    if footage and (card.forensic or card.by_default):
        raise UnsoundCard("A card that consumes footage must say that it is not forensic and not by default.")


def _broken_card(plug_in: str) -> Card:
    """What stands in the list of detectors for a plug-in that could not be loaded, so that it is seen."""
    return Card(
        name=f"{BROKEN_PREFIX}{plug_in}",
        title=f"Plug-in {plug_in}",
        version="0",
        family=plug_in,
        subject="file",
        consumes=Consumes.FILE,
        kinds=frozenset(MediaKind),
        unit="files",
        looks_at="Unknown: it could not be loaded.",
        cannot_see="Anything.",
        paper="",
        licence="",
        accuracy="Unknown.",
        preprocessing="",
        by_default=False,
    )
