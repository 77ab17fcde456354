"""What a detector is fed by the kit: usual content, content outside its domain, long and demanding content."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from analysis.engine.conformance import drawing
from analysis.engine.detectors.base import Card
from analysis.engine.media.surroundings import surroundings
from analysis.engine.types import (
    Batch,
    Consumes,
    FaceBatch,
    FaceCrop,
    Frame,
    FrameBatch,
    MediaKind,
    Probe,
    Reason,
    SoundBatch,
    Source,
)

if TYPE_CHECKING:
    from analysis.engine.types import Pixels, Samples

FPS = 5.0
BATCH_FRAMES = 4
RATE_HZ = drawing.SOUND_RATE_HZ
CLIP_SECONDS, LONG_SECONDS = 10.0, 40.0
FACE_BOX = (0.3, 0.2, 0.6, 0.7)
CROWD, CROWD_SIDE = 16, 400


@dataclass(frozen=True)
class Content:
    """Something to feed: `batches` gives it from the start each time. `seconds` of media, 0 for a picture."""

    title: str
    source: Source
    seconds: float
    batches: Callable[[], Iterator[Batch]]


@dataclass(frozen=True)
class Repertoire:
    """All that one detector is fed.

    `usual` need not lie in its domain, but looks, sounds or reads like media; of `outside` nothing may be
    scored; `long` shows whether memory grows with the file; `demanding` is what takes the longest steps.
    """

    usual: tuple[Content, ...]
    outside: tuple[Content, ...]
    long: tuple[Content, ...]
    demanding: tuple[Content, ...]


def repertoire(card: Card, folder: Path) -> Repertoire:
    """The contents for what that card consumes; files are drawn into `folder`."""
    if card.consumes is Consumes.FRAMES:
        return _of_pictures(card, _frames)
    if card.consumes is Consumes.FACES:
        return _of_pictures(card, _faces)
    if card.consumes is Consumes.SOUND:
        return _of_sound(card)
    if card.consumes is Consumes.FOOTAGE:
        from analysis.engine.conformance.footage import of_footage

        return of_footage(card)
    from analysis.engine.conformance.files import of_files

    return of_files(card, folder)


Feed = Callable[[Iterable["Pixels"]], Iterator[Batch]]


def _of_pictures(card: Card, feed: Feed) -> Repertoire:
    """Clips where it takes videos, pictures where it takes those; one frame is outside the domain of a detector
    that takes no picture."""
    films, stills = MediaKind.VIDEO in card.kinds, MediaKind.IMAGE in card.kinds
    clip = _clip("a clip of 10 s", lambda: feed(_scenes(CLIP_SECONDS)), CLIP_SECONDS)
    single = _clip("a clip of one frame", lambda: feed(_scenes(1 / FPS)), 1 / FPS)
    still = _still("a picture", lambda: feed([drawing.scene(480, 640)]))
    usual = [*([clip] if films else []), *([still] if stills else [])]
    outside = [] if stills else [single]
    outside += _faceless(films=films) if feed is _faces else [_pixel(stills=stills)]
    long = [_clip("a clip of 40 s", lambda: feed(_scenes(LONG_SECONDS)), LONG_SECONDS)] if films else []
    return Repertoire(
        tuple(usual), tuple(outside), tuple(long), tuple(_large(feed, films=films, stills=stills))
    )


def _large(feed: Feed, *, films: bool, stills: bool) -> Iterator[Content]:
    if feed is _faces:
        yield (_clip if films else _still)("a crowd of 16 faces", _crowd)
        return
    if stills:
        yield _still("a picture of 24 megapixels", lambda: feed([drawing.large(4000, 6000)]))
    if films:
        yield _clip("four frames in full HD", lambda: feed([drawing.large(1080, 1920)] * 4), 4 / FPS)


def _pixel(*, stills: bool) -> Content:
    pixel = np.full((1, 1, 3), 90, np.uint8)
    if stills:
        return _still("a picture of one pixel", lambda: _frames([pixel]), side=1)
    return _clip("a clip one pixel in size", lambda: _frames([pixel] * 20), 4.0, side=1)


def _faceless(*, films: bool) -> list[Content]:
    def batches(reason: Reason) -> Iterator[Batch]:
        sampled = tuple((index, index / FPS) for index in range(20 if films else 1))
        yield FaceBatch(sampled, (), {index: reason for index, _ in sampled})

    make = _clip if films else _still
    return [
        make("no face at all", partial(batches, Reason.NO_FACE)),
        make("faces too small to be judged", partial(batches, Reason.FACE_TOO_SMALL)),
    ]


def _scenes(seconds: float) -> Iterator["Pixels"]:
    first = drawing.scene(360, 480)
    for index in range(round(seconds * FPS)):
        # rolled instead of drawn anew, which would take longer than most detectors
        yield np.roll(first, (index * 2, index * 4), (0, 1))


def _frames(pictures: Iterable["Pixels"]) -> Iterator[Batch]:
    waiting: list[Frame] = []
    for index, rgb in enumerate(pictures):
        waiting.append(Frame(index, index / FPS, rgb))
        if len(waiting) == BATCH_FRAMES:
            yield FrameBatch(tuple(waiting))
            waiting = []
    if waiting:
        yield FrameBatch(tuple(waiting))


def _faces(pictures: Iterable["Pixels"]) -> Iterator[Batch]:
    """One face in each picture; of the pictures themselves nothing is seen."""
    crop = drawing.face(160)
    for batch in _frames(pictures):
        assert isinstance(batch, FrameBatch)  # noqa: S101  # by _frames
        found = [
            _face(frame.index, frame.pts_seconds, 0, np.roll(crop, frame.index, 1).copy(), frame.rgb)
            for frame in batch.frames
        ]
        yield FaceBatch(tuple((frame.index, frame.pts_seconds) for frame in batch.frames), tuple(found))


def _face(index: int, pts_seconds: float, track: int, crop: "Pixels", frame: "Pixels") -> FaceCrop:
    around = surroundings(frame, FACE_BOX)
    return FaceCrop(index, pts_seconds, track, FACE_BOX, 0.9, crop, surroundings=around)


def _crowd() -> Iterator[Batch]:
    crops = [drawing.face(CROWD_SIDE, seed=track) for track in range(CROWD)]
    sampled = tuple((index, index / FPS) for index in range(BATCH_FRAMES))
    faces = [_face(index, pts, track, rgb, rgb) for index, pts in sampled for track, rgb in enumerate(crops)]
    yield FaceBatch(sampled, tuple(faces))


def _of_sound(card: Card) -> Repertoire:
    silence = np.zeros(5 * RATE_HZ, np.float32)
    return Repertoire(
        usual=(_sound(card, "a sung scale of 10 s", drawing.voice(CLIP_SECONDS)),),
        outside=(
            _sound(card, "silence", silence),
            _sound(card, "a twentieth of a second", drawing.voice(0.05)),
            _sound(card, "a single sample", np.full(1, 0.25, np.float32)),
        ),
        long=(_sound(card, "40 s of singing", drawing.voice(8.0), LONG_SECONDS),),
        demanding=(_sound(card, "a second of singing at once", drawing.voice(1.0)),),
    )


def _sound(card: Card, title: str, samples: "Samples", seconds: float = 0.0) -> Content:
    """These samples a second at a time, from the beginning again until they last `seconds`."""
    lasting = seconds or len(samples) / RATE_HZ

    def batches() -> Iterator[Batch]:
        for start in range(0, round(lasting * RATE_HZ), RATE_HZ):
            piece = samples[start % len(samples) :][: min(RATE_HZ, round(lasting * RATE_HZ) - start)]
            yield SoundBatch(start / RATE_HZ, piece.copy())

    kind = MediaKind.AUDIO if MediaKind.AUDIO in card.kinds else MediaKind.VIDEO
    probe = Probe(kind, "wav", lasting, audio_codec="pcm_s16le", sample_rate_hz=RATE_HZ, channels=1)
    return Content(title, Source(probe, FPS, None), lasting, batches)


def _clip(
    title: str, batches: Callable[[], Iterator[Batch]], seconds: float = 4.0, side: int | None = None
) -> Content:
    probe = Probe(
        MediaKind.VIDEO,
        "mp4",
        seconds,
        width=side or 480,
        height=side or 360,
        fps_from_header=FPS,
        frames_from_header=round(seconds * FPS),
        video_codec="h264",
        video_streams=1,
    )
    return Content(title, Source(probe, FPS, round(seconds * FPS)), seconds, batches)


def _still(title: str, batches: Callable[[], Iterator[Batch]], side: int | None = None) -> Content:
    probe = Probe(
        MediaKind.IMAGE, "png", width=side or 640, height=side or 480, video_codec="png", video_streams=1
    )
    return Content(title, Source(probe, FPS, 1), 0.0, batches)
