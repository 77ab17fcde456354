"""Has a stretch of a recording copied by the sandboxed child. The web may call this: no decoder is loaded here."""

import math
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from analysis.engine.errors import LimitExceeded, ReaderLost, UndecodableMedia
from analysis.engine.media import wire
from analysis.engine.media.limits import Limits
from analysis.engine.media.probe_child import expect, failure, job, recognise
from analysis.engine.media.sandbox import Sandbox
from analysis.engine.media.sniff import PICTURE_FORMATS

MEDIA_TYPES = {"mp4": "video/mp4", "matroska": "video/x-matroska"}
SUFFIXES = {"mp4": "mp4", "matroska": "mkv"}
_LONGEST_NAME = 64


@dataclass(frozen=True)
class Clip:
    """What a copy holds. It begins at the key picture before what was asked for, in seconds of the original.

    `times_mended`: how many packets carried a time that no container takes (missing, or not later than the one before).
    `sound_left_out`: the codec of sound that neither container takes.
    """

    container: str
    begins_seconds: float
    ends_seconds: float
    pictures: int
    video_codec: str
    audio_codec: str | None
    sound_left_out: str | None
    times_mended: int

    @property
    def media_type(self) -> str:
        """As HTTP calls it."""
        return MEDIA_TYPES[self.container]

    @property
    def suffix(self) -> str:
        """As file names end."""
        return SUFFIXES[self.container]


def cut(
    path: Path,
    into: int,
    *,
    start_seconds: float,
    end_seconds: float,
    limits: Limits,
    most_bytes: int,
    within_seconds: float,
) -> Clip:
    """Copies the packets of the picture and the sound that are examined to the descriptor `into`, an empty file.

    Nothing is coded anew: it begins at the last key picture that is not later than `start_seconds` (at the first one
    there is, where none is earlier) and ends with what is decoded before `end_seconds`.
    Raises UndecodableMedia, UnsupportedCodec, LimitExceeded (also where the copy would be larger than `most_bytes`, or
    takes longer than `within_seconds`) or ReaderLost.
    """
    found = recognise(path)
    if found.format in PICTURE_FORMATS:
        raise UndecodableMedia(
            f"{path.name}: its pictures are no packets of a recording that could be copied."
        )
    task = job("cut", path, found, limits) | {
        "into": into,
        "most_bytes": most_bytes,
        "begin_seconds": start_seconds,
        "until_seconds": end_seconds,
    }
    sandbox = Sandbox(task, name=path.name, descriptors=(into,))
    try:
        expect(sandbox, wire.Tag.PROBED, limits.probe_seconds)
        return _follow(sandbox, time.monotonic() + within_seconds, limits.stall_seconds)
    finally:
        sandbox.close()


def _follow(sandbox: Sandbox, until: float, stall_seconds: float) -> Clip:
    clip: Clip | None = None
    while (left := until - time.monotonic()) > 0:
        tag, payload = sandbox.receive(min(stall_seconds, max(left, 0.1)))
        if tag is wire.Tag.FAILED:
            raise failure(sandbox.name, payload)
        if tag is wire.Tag.FACTS:
            clip = _clip(payload)
        elif tag is wire.Tag.ENDED and clip is not None:
            return clip
        elif tag is not wire.Tag.ALIVE:
            raise ReaderLost(f"{sandbox.name}: the reader's answer makes no sense ({tag.name}).")
    raise LimitExceeded(f"{sandbox.name}: copying it takes too long. Ask for a shorter stretch.")


def _clip(payload: bytes) -> Clip:
    """What the child says of its copy, of which nothing is believed that it must not say."""
    try:
        said = wire.load(payload)
        clip = Clip(**said)
    except (wire.Garbled, TypeError) as error:
        raise ReaderLost(f"the reader's answer makes no sense ({error}).") from error
    names = (clip.video_codec, clip.audio_codec, clip.sound_left_out)
    whole = (clip.pictures, clip.times_mended)
    if (
        clip.container not in MEDIA_TYPES
        or not all(_is_time(seconds) for seconds in (clip.begins_seconds, clip.ends_seconds))
        or not all(type(count) is int and 0 <= count < 1 << 40 for count in whole)
        or not all(name is None or _is_name(name) for name in names)
        or clip.video_codec is None
    ):
        raise ReaderLost("the reader's answer makes no sense (clip).")
    return clip


def _is_time(value: Any) -> bool:
    return type(value) in (int, float) and math.isfinite(value) and abs(value) < 1e9


def _is_name(value: Any) -> bool:
    return isinstance(value, str) and value.isprintable() and len(value) <= _LONGEST_NAME
