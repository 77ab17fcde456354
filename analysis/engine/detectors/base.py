"""The protocol every detector follows, forensic or footage."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Protocol, runtime_checkable

from analysis.engine.types import (
    Assessment,
    Batch,
    Consumes,
    EvidenceMade,
    FaceCrop,
    Floats,
    Frame,
    MediaKind,
    Observation,
    Pixels,
    Samples,
    Source,
)
from analysis.engine.weights import WeightStore


@dataclass(frozen=True)
class Card:
    """What a detector says of itself; shown to people before and beside its score.

    `family`: detectors of one family count as one voice. `subject`: what is judged ("face", "picture",
    "sound", "file"). `looks_at`, `cannot_see` and `accuracy` are sentences; `accuracy` names data set,
    N and interval, or says that there is no own measurement. `by_default` is false for detectors that run only
    when asked for by name. `dense` detectors are fed passages of the video at its full rate (media/limits.py, Passages)
    instead of samples; their faces lie between those that were found in samples.
    `hears`: a detector of frames or faces of videos that is fed the sound beside them, in the same pass.
    `follows`: a detector of footage that needs objects: they are found and followed in the frames it is fed. Footage
    detectors judge nothing: they are never `forensic` and run only when asked for.
    `explains`: it can show where the model looked (Explains).
    `stressed` is false where saving a file again legitimately removes what is looked at, such as the traces of an
    earlier saving: such a detector is not asked about altered copies (engine/stress).
    `weights_sha256` is of `weights`; `further_weights` are files it needs besides, whose digests its facts name.
    """

    name: str
    title: str
    version: str
    family: str
    subject: str
    consumes: Consumes
    kinds: frozenset[MediaKind]
    unit: str
    looks_at: str
    cannot_see: str
    paper: str
    licence: str
    accuracy: str
    preprocessing: str
    weights: str | None = None
    weights_sha256: str | None = None
    forensic: bool = True
    by_default: bool = True
    dense: bool = False
    hears: bool = False
    follows: bool = False
    links: tuple[str, ...] = field(default=())
    further_weights: tuple[str, ...] = ()
    explains: bool = False
    stressed: bool = True


def wanted(cards: Iterable[Card]) -> frozenset[Consumes]:
    """What a file must be read for, to feed all of them."""
    cards = tuple(cards)
    heard = {Consumes.SOUND} if any(card.hears for card in cards) else set()
    return frozenset({card.consumes for card in cards} | heard)


class Session(Protocol):
    """What one detector remembers during one run. Used by one thread, fed in media-time order.

    Where the card hears, pictures are in order among themselves and so is sound: neither waits for the other.
    """

    def feed(self, batch: Batch) -> Iterable[Observation]:
        """Takes the next batch; yields ScoresMeasured, or what was seen in footage (FootageTold). The pipeline counts
        progress."""

    def drain(self) -> Iterable[Observation]:
        """What was held back until now, such as a last, shorter window. Called once, after the last batch."""

    def finish(self) -> Assessment:
        """Concludes. Called once, after `drain`."""

    def evidence(self) -> Iterable[EvidenceMade]:
        """Pictures of what was seen. Called once, after `finish`."""


class Detector(Protocol):
    """Loaded weights or code, shared by the runs of a worker."""

    card: Card

    def open(self, source: Source) -> Session:
        """A session for one run. Must be cheap: weights are loaded when the detector is made."""


@dataclass(frozen=True)
class Window:
    """A stretch of sound that was scored as one, 16 kHz mono in -1..1; shorter than the net's where the clip is."""

    start_seconds: float
    samples: Samples


Piece = FaceCrop | Frame | Window


@dataclass(frozen=True)
class Attention:
    """Where a model looked, not where an edit is: how much each place spoke for "manipulated".

    values: float32 (rows, columns) in 0..1, at most 64 each; one row over time for sound. All 0 where nothing did.
    picture: uint8 RGB that the map covers, whole; None for sound. method: a sentence with its source.
    """

    values: Floats
    picture: Pixels | None
    method: str


@runtime_checkable
class Explains(Protocol):
    """What a detector offers besides when its card says `explains`."""

    def explain(self, piece: Piece) -> Attention:
        """Deterministic; of one piece that it scored. Called only when somebody asked for it."""


class DetectorModule(Protocol):
    """What a module of detectors (one of `analysis/engine/detectors`, or a plug-in) offers the registry."""

    def cards(self) -> list[Card]:
        """The cards of all its detectors; must not import torch."""

    def make(self, name: str, weights: WeightStore, device: str) -> Detector:
        """The detector of that card, loaded.

        Raises UnverifiedWeights when a file it needs is missing or another.
        """
