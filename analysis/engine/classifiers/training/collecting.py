"""Has every labelled file examined by a detector that keeps features instead of scoring.

Decoding, sampling, face finding and what is too small, too short or silent are those of any run: what a head is
trained on is what it will be shown.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from analysis.engine.calibrating.labelled import Labelled
from analysis.engine.calibrating.scoring import Examined, examined
from analysis.engine.classifiers.description import Head
from analysis.engine.classifiers.pictures import PictureSession
from analysis.engine.classifiers.training.backbone import Backbone
from analysis.engine.classifiers.training.features import FileFeatures, Recorder
from analysis.engine.detectors.base import Card, Session
from analysis.engine.detectors.windows import WindowSession
from analysis.engine.errors import EngineError
from analysis.engine.pipeline import Options
from analysis.engine.registry import Registry
from analysis.engine.types import Consumes, EvidenceMade, NotAssessed, Samples, Source
from analysis.engine.weights import WeightStore, sha256_of

BATCH = 16


class UnusableFiles(EngineError):
    """Files that no head can be trained on; the text says what to change."""

    code = "unusable_files"


@dataclass(frozen=True)
class LeftOut:
    """A file that nothing is learnt from, and why."""

    name: str
    reason: str


class Collector:
    """The detector, and its own module. Keeps what its last session was shown."""

    batch = BATCH
    head: Head | None = None

    def __init__(self, backbone: Backbone, card: Card, most_rows: int) -> None:
        self.card, self._backbone, self._most = card, backbone, most_rows
        self.window_samples = backbone.window_samples
        self._last: tuple[Recorder, Session] | None = None

    def cards(self) -> list[Card]:
        return [self.card]

    def make(self, name: str, weights: WeightStore, device: str) -> "Collector":
        return self

    def open(self, source: Source) -> Session:
        recorder = Recorder(self._backbone, self._most)
        session: Session = (
            _Listening(_Hearing(self.card, self.window_samples, recorder.hear))
            if self.card.consumes is Consumes.SOUND
            else _Looking(self, recorder)
        )
        self._last = recorder, session
        return session

    def taken(self, file: Labelled, sha256: str) -> FileFeatures | None:
        """What the last session was shown, once."""
        last, self._last = self._last, None
        if last is None:
            return None
        recorder, session = last
        return recorder.taken(file, sha256, getattr(session, "sampled", 0))


class _Looking(PictureSession):
    def evidence(self) -> Iterable[EvidenceMade]:
        return ()


class _Listening(WindowSession):
    def evidence(self) -> Iterable[EvidenceMade]:
        return ()


@dataclass(frozen=True)
class _Hearing:
    card: Card
    window_samples: int
    score: Callable[[Samples], float]


def digests(files: Sequence[Labelled]) -> tuple[dict[str, str], list[LeftOut]]:
    """The SHA-256 of each file by its name, without those that cannot be read or are there already.

    Raises UnusableFiles for a file that has both labels.
    """
    first: dict[str, Labelled] = {}
    left_out: list[LeftOut] = []
    for file in files:
        try:
            sha256 = sha256_of(file.path)
        except OSError as error:
            left_out.append(LeftOut(file.name, f"cannot be read: {error.strerror}"))
            continue
        other = first.setdefault(sha256, file)
        if other.manipulated is not file.manipulated:
            raise UnusableFiles(
                f"{shown(file.name)} and {shown(other.name)} are the same file, and have both labels. One is wrong."
            )
        if other is not file:
            left_out.append(LeftOut(file.name, f"is the same file as {other.name}"))
    return {file.name: sha256 for sha256, file in first.items()}, left_out


def collect(
    files: Sequence[Labelled],
    collector: Collector,
    weights: WeightStore,
    options: Options,
    *,
    told: Callable[[str], None] = lambda _sentence: None,
    cancelled: Callable[[], bool] = lambda: False,
) -> tuple[list[FileFeatures], list[LeftOut]]:
    """The features of every file, and which have none. told: hears which file is at hand.

    Raises UnusableFiles, and Cancelled.
    """
    known, left_out = digests(files)
    found: list[FileFeatures] = []
    going = examined(
        _told([file for file in files if file.name in known], told),
        registry=Registry.of([collector], weights),
        detectors=[collector.card.name],
        options=options,
        cancelled=cancelled,
    )
    for seen in going:
        one = _kept(seen, collector, known[seen.file.name])
        if isinstance(one, LeftOut):
            left_out.append(one)
        else:
            found.append(one)
    return found, left_out


def _told(files: Sequence[Labelled], told: Callable[[str], None]) -> Iterator[Labelled]:
    for number, file in enumerate(files, start=1):
        told(f"{number} of {len(files)}: {shown(file.name)}")
        yield file


def _kept(seen: Examined, collector: Collector, sha256: str) -> FileFeatures | LeftOut:
    name, features = seen.file.name, collector.taken(seen.file, sha256)
    ending = seen.endings.get(collector.card.name)
    if ending is not None and isinstance(ending.assessment, NotAssessed):
        return LeftOut(name, f"{ending.assessment.reason.value}: {ending.assessment.detail}")
    if features is None:
        return LeftOut(name, "nothing of it was scored")
    if not np.isfinite(features.rows).all():
        return LeftOut(name, "the backbone's features of it are no finite numbers")
    return features


def shown(name: str) -> str:
    """A name that somebody else gave a file, as a terminal may print it."""
    return "".join(letter if letter.isprintable() else "�" for letter in name)[:200]
