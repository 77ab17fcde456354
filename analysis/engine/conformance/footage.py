"""What a detector of footage is fed by the kit: a place in which a block passes, followed where it asks for objects."""

from collections.abc import Callable, Iterator
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from analysis.engine.analytics.objects import Detection, TrackEvent
from analysis.engine.analytics.tracking import Tracker
from analysis.engine.analytics.zones import Line, Polygon, Zone
from analysis.engine.conformance import drawing
from analysis.engine.conformance.contents import (
    BATCH_FRAMES,
    CLIP_SECONDS,
    FPS,
    LONG_SECONDS,
    Content,
    Repertoire,
)
from analysis.engine.detectors.base import Card
from analysis.engine.types import (
    Box,
    FootageBatch,
    FootageFrame,
    FootageSettings,
    FoundBy,
    MediaKind,
    Probe,
    SnapshotPolicy,
    Source,
)

if TYPE_CHECKING:
    from analysis.engine.types import Pixels

FOOTAGE_FPS = 10.0
PASS_SECONDS = 5.0
MIDDLE = Polygon(((0.3, 0.0), (0.7, 0.0), (0.7, 1.0), (0.3, 1.0)))
SETTINGS = FootageSettings(
    max_fps=FOOTAGE_FPS,
    zones=(Zone("left", Polygon(((0.0, 0.0), (0.5, 0.0), (0.5, 1.0), (0.0, 1.0)))), Zone("middle", MIDDLE)),
    lines=(Line("gate", (0.5, 1.0), (0.5, 0.0)),),
    snapshots=SnapshotPolicy.ALL,
)
FOUND_BY = FoundBy("drawn", "1", blind="It finds what was drawn.")


def of_footage(card: Card) -> Repertoire:
    """A clip with a block that passes after 2 s and again every 5 s, and a picture where it takes those."""
    films, stills = MediaKind.VIDEO in card.kinds, MediaKind.IMAGE in card.kinds
    usual = [_clip(card, "a clip of 10 s", CLIP_SECONDS)] if films else []
    pixel = _clip(card, "a clip one pixel in size", 2.0, (1, 1)) if films else _still(card, (1, 1))
    single = [] if stills else [_clip(card, "a clip of one frame", 1 / FOOTAGE_FPS)]
    large = _clip(card, "four frames in full HD", 4 / FOOTAGE_FPS, (1080, 1920))
    return Repertoire(
        usual=(*usual, *([_still(card)] if stills else [])),
        outside=(*single, pixel),
        long=(_clip(card, "a clip of 40 s", LONG_SECONDS),) if films else (),
        demanding=(large if films else _still(card, (4000, 6000)),),
    )


def _clip(card: Card, title: str, seconds: float, size: tuple[int, int] = (360, 480)) -> Content:
    frames = round(seconds * FOOTAGE_FPS)
    probe = Probe(
        MediaKind.VIDEO,
        "mp4",
        seconds,
        width=size[1],
        height=size[0],
        fps_from_header=FOOTAGE_FPS,
        frames_from_header=frames,
        video_codec="h264",
        video_streams=1,
    )
    source = Source(probe, FPS, frames, SETTINGS)
    return Content(title, source, seconds, partial(_batches, card, size, frames, passing))


def _still(card: Card, size: tuple[int, int] = (480, 640)) -> Content:
    probe = Probe(MediaKind.IMAGE, "png", width=size[1], height=size[0], video_codec="png", video_streams=1)
    title = f"a picture of {size[1]} x {size[0]}"
    return Content(title, Source(probe, FPS, 1, SETTINGS), 0.0, partial(_batches, card, size, 1, _standing))


def passing(seconds: float) -> Box | None:
    """Where the block is at that time: it comes from the left and takes 4 of 5 s to the right."""
    into = (seconds - 2.0) % PASS_SECONDS
    if seconds < 2.0 or into >= 4.0:
        return None
    left = 0.8 * into / 4.0
    return left, 0.4, left + 0.15, 0.6


def _standing(_seconds: float) -> Box | None:
    return 0.2, 0.4, 0.35, 0.6


def _batches(
    card: Card, size: tuple[int, int], count: int, where: Callable[[float], Box | None]
) -> Iterator[FootageBatch]:
    tracker = Tracker()
    found_by = FOUND_BY if card.follows else None
    waiting: list[FootageFrame] = []
    for number in range(count):
        waiting.append(_frame(number, size, where, tracker if card.follows else None))
        if len(waiting) == BATCH_FRAMES and number < count - 1:
            yield FootageBatch(tuple(waiting), found_by=found_by)
            waiting = []
    yield FootageBatch(tuple(waiting), tuple(tracker.finish()), found_by)


def _frame(
    number: int, size: tuple[int, int], where: Callable[[float], Box | None], tracker: Tracker | None
) -> FootageFrame:
    at = number / FOOTAGE_FPS
    box, rgb = where(at), _place(size)
    if box:
        left, top, right, bottom = (
            round(side * full) for side, full in zip(box, (size[1], size[0]) * 2, strict=True)
        )
        rgb[top:bottom, left:right] = (200, 60, 40)
    if tracker is None:
        return FootageFrame(number, at, rgb)
    events: list[TrackEvent] = tracker.step(at, [Detection(box, 0.9, "car")] if box else [])
    return FootageFrame(number, at, rgb, tracker.tracks, tuple(events))


def _place(size: tuple[int, int]) -> "Pixels":
    """The same scene each time, as a camera that stands still sees it."""
    height, width = size
    tile = drawing.scene(min(height, 360), min(width, 480))
    tiles = np.tile(tile, (-(-height // tile.shape[0]), -(-width // tile.shape[1]), 1))
    return np.ascontiguousarray(tiles[:height, :width]).copy()
