"""The same content in batches of another size."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import TypeVar

from analysis.engine.types import Batch, FaceBatch, FootageBatch, Frame, FrameBatch, SoundBatch

SOUND_RATE_HZ = 16_000
WHOLE = 1 << 20  # more frames or seconds than any content here has
Item = TypeVar("Item")


def portioned(batches: Iterable[Batch], size: int | None) -> Iterator[Batch]:
    """Frames `size` at a time, and sound in pieces of `size` sixteenths of a second; None leaves it as it comes.

    What a container says comes once and stays as it is.
    """
    if size is None:
        yield from batches
        return
    coming = iter(batches)
    first = next(coming, None)
    if first is None:
        return
    rest = _chained(first, coming)
    if isinstance(first, FrameBatch):
        yield from (FrameBatch(tuple(part)) for part in _groups(_frames(rest), size))
    elif isinstance(first, FaceBatch):
        yield from (_joined(part) for part in _groups(_faces(rest), size))
    elif isinstance(first, FootageBatch):
        yield from _footage(list(rest), size)
    elif isinstance(first, SoundBatch):
        yield from _pieces(rest, size * SOUND_RATE_HZ // 16)
    else:
        yield from rest


def _chained(first: Batch, coming: Iterator[Batch]) -> Iterator[Batch]:
    yield first
    yield from coming


def _groups(items: Iterator[Item], size: int) -> Iterator[list[Item]]:
    while group := list(islice(items, size)):
        yield group


def _frames(batches: Iterable[Batch]) -> Iterator[Frame]:
    for batch in batches:
        if isinstance(batch, FrameBatch):
            yield from batch.frames


def _faces(batches: Iterable[Batch]) -> Iterator[FaceBatch]:
    """Face batches of one frame each."""
    for batch in batches:
        if isinstance(batch, FaceBatch):
            for index, pts_seconds in batch.sampled:
                yield FaceBatch(
                    ((index, pts_seconds),),
                    tuple(face for face in batch.faces if face.index == index),
                    {index: batch.refused[index]} if index in batch.refused else {},
                    tuple(one for one in batch.left_out if one[0] == index),
                    batch.finder,
                )


def _footage(batches: Sequence[Batch], size: int) -> Iterator[FootageBatch]:
    """What is left when the footage ends comes with the last frames."""
    parts = [batch for batch in batches if isinstance(batch, FootageBatch)]
    frames, last = iter([frame for part in parts for frame in part.frames]), parts[-1]
    groups = list(_groups(frames, size))
    for group in groups[:-1]:
        yield FootageBatch(tuple(group), found_by=last.found_by)
    yield FootageBatch(tuple(groups[-1]) if groups else (), last.left, last.found_by)


def _joined(parts: Sequence[FaceBatch]) -> FaceBatch:
    return FaceBatch(
        tuple(sampled for part in parts for sampled in part.sampled),
        tuple(face for part in parts for face in part.faces),
        {index: reason for part in parts for index, reason in part.refused.items()},
        tuple(one for part in parts for one in part.left_out),
        parts[0].finder,
    )


def _pieces(batches: Iterable[Batch], count: int) -> Iterator[SoundBatch]:
    import numpy as np

    sound = [batch for batch in batches if isinstance(batch, SoundBatch)]
    samples = np.concatenate([batch.samples for batch in sound])
    for at in range(0, len(samples), count):
        yield SoundBatch(sound[0].start_seconds + at / SOUND_RATE_HZ, samples[at : at + count])
