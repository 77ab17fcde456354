"""How the detectors of one run are fed: which frames are read for them, and what each of their sessions is told."""

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from analysis.engine.condition import measured
from analysis.engine.detectors.base import Card
from analysis.engine.media.limits import Flow, Sampling
from analysis.engine.media.reader import MediaReader
from analysis.engine.types import Condition, Consumes, MediaKind, Probe, Source

if TYPE_CHECKING:
    from analysis.engine.schedule import Options


def sampling(options: "Options", cards: Sequence[Card]) -> Sampling:
    passages = options.passages if any(card.dense for card in cards) else None
    footage = options.footage
    watched = any(card.consumes is Consumes.FOOTAGE for card in cards)
    return Sampling(
        fps=options.sample_fps,
        batch_frames=options.batch_frames,
        passages=passages,
        until_seconds=options.until_seconds,
        flow=Flow(footage.max_fps, footage.frame_skip) if watched else None,
    )


def source(probe: Probe, options: "Options", card: Card) -> Source:
    """What sessions are told; the number of their frames is an estimate from the header."""
    return Source(probe, options.sample_fps, _expected(probe, options, card), options.footage)


def _expected(probe: Probe, options: "Options", card: Card) -> int | None:
    if probe.kind is MediaKind.IMAGE:
        return 1
    if probe.duration_seconds is None:
        return None
    if card.consumes is Consumes.FOOTAGE:
        flow = Flow(options.footage.max_fps, options.footage.frame_skip)
        return math.ceil(probe.duration_seconds * flow.fps(probe.fps_from_header))
    if card.dense:
        fps = min(probe.fps_from_header or options.passages.max_fps, options.passages.max_fps)
        return math.ceil(options.passages.expected_seconds(probe.duration_seconds) * fps)
    grid = math.ceil(probe.duration_seconds * options.sample_fps)
    return min((count for count in (grid, probe.frames_from_header) if count), default=None)


def condition(card: Card, reader: MediaReader) -> Condition:
    """What was measured of the sides of the file that this detector looks at."""
    heard = card.consumes is Consumes.SOUND
    return measured(reader.probe, reader.described, pictured=not heard, heard=heard or card.hears)
