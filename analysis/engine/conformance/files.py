"""Files as content: drawn ones for detectors that read what a file says of itself, and a reference pair."""

import math
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from analysis.engine.conformance import drawing
from analysis.engine.conformance.contents import FPS, RATE_HZ, Content, Repertoire
from analysis.engine.detectors.base import Card
from analysis.engine.endings import outside
from analysis.engine.errors import EngineError
from analysis.engine.media.limits import Limits, Sampling
from analysis.engine.media.reader import MediaReader, open_media
from analysis.engine.types import Batch, Consumes, FileFacts, FrameBatch, MediaKind, Probe, SoundBatch, Source
from analysis.engine.weights import WeightStore

if TYPE_CHECKING:
    from analysis.engine.media.faces import FaceFinder

READ_SECONDS = 60.0  # of a long recording; what comes later is left out


class UnfitReference(EngineError):
    """A reference file that this detector does not look at, or that cannot be read."""

    code = "unfit_reference"


def of_files(card: Card, folder: Path) -> Repertoire:
    """The contents for a detector that is fed what containers say."""
    usual = [path for kind, draw in USUAL if kind in card.kinds for path in draw(folder)]
    beyond = [path for kind, draw in OUTSIDE if kind in card.kinds for path in draw(folder)]
    if MediaKind.VIDEO in card.kinds and MediaKind.IMAGE not in card.kinds:
        beyond.append(drawing.write_clip(folder / "one-frame.mp4", iter([drawing.scene(240, 320)])))
    usual_ones = tuple(_facts(path) for path in usual)
    return Repertoire(usual_ones, tuple(_facts(path) for path in beyond), (), ())


def _pictures(folder: Path) -> list[Path]:
    rgb = drawing.scene(480, 640)
    jpeg = drawing.write_picture(folder / "picture.jpg", rgb, quality=90)
    return [drawing.write_picture(folder / "picture.png", rgb), jpeg]


def _pixels(folder: Path) -> list[Path]:
    pixel = np.full((1, 1, 3), 90, np.uint8)
    return [drawing.write_picture(folder / f"one-pixel.{suffix}", pixel) for suffix in ("png", "jpg")]


def _clips(folder: Path) -> list[Path]:
    frames = (drawing.scene(240, 320, seconds=number / 10) for number in range(40))
    return [drawing.write_clip(folder / "clip.mp4", frames)]


def _sounds(folder: Path) -> list[Path]:
    return [drawing.write_sound(folder / "singing.wav", drawing.voice(4.0))]


def _silence(folder: Path) -> list[Path]:
    return [drawing.write_sound(folder / "silence.wav", np.zeros(5 * RATE_HZ, np.float32))]


USUAL = ((MediaKind.IMAGE, _pictures), (MediaKind.VIDEO, _clips), (MediaKind.AUDIO, _sounds))
OUTSIDE = ((MediaKind.IMAGE, _pixels), (MediaKind.AUDIO, _silence))


def _facts(path: Path) -> Content:
    with _open(path, Consumes.FILE) as reader:
        facts = reader.facts()
        return Content(
            path.name, _source(reader.probe), reader.probe.duration_seconds or 0.0, lambda: iter([facts])
        )


def read(path: Path, card: Card, weights: Path) -> Content:
    """A file of somebody's as content, decoded anew each time. Raises UnfitReference."""
    try:
        with _open(path, card.consumes) as reader:
            declined = outside(card, reader.probe)
            source, probe = _source(reader.probe), reader.probe
    except (EngineError, OSError) as error:
        raise UnfitReference(f"{path.name} cannot be read: {error}") from error
    if declined:
        raise UnfitReference(f"{path.name} is nothing for it: {declined.detail}.")
    if card.consumes is Consumes.FOOTAGE:
        raise UnfitReference("It watches footage and judges nothing, so it is not compared on files.")
    seconds = min(READ_SECONDS, probe.duration_seconds or 0.0)
    return Content(path.name, source, seconds, lambda: _batches(path, card.consumes, weights))


def _batches(path: Path, consumes: Consumes, weights: Path) -> Iterator[Batch]:
    if consumes is Consumes.FILE:
        yield _file_facts(path)
        return
    finder = _face_finder(weights) if consumes is Consumes.FACES else None
    with _open(path, consumes) as reader:
        for batch in reader.batches():
            if _start(batch) > READ_SECONDS:
                return
            yield finder.feed(batch) if finder and isinstance(batch, FrameBatch) else batch


@lru_cache(maxsize=8)
def _file_facts(path: Path) -> FileFacts:
    with _open(path, Consumes.FILE) as reader:
        return reader.facts()


def _face_finder(weights: Path) -> "FaceFinder":
    from analysis.engine.media.faces import FaceFinder, best_finder

    return FaceFinder(best_finder(WeightStore(weights)))


def _start(batch: FrameBatch | SoundBatch) -> float:
    return batch.frames[0].pts_seconds if isinstance(batch, FrameBatch) else batch.start_seconds


def _open(path: Path, consumes: Consumes) -> MediaReader:
    return open_media(
        path, limits=Limits(), sampling=Sampling(fps=FPS, batch_frames=4), wants=frozenset({consumes})
    )


def _source(probe: Probe) -> Source:
    if probe.kind is MediaKind.IMAGE:
        return Source(probe, FPS, 1)
    return Source(probe, FPS, math.ceil(probe.duration_seconds * FPS) if probe.duration_seconds else None)
