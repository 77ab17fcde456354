"""What the child says, checked field by field before anybody believes it."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from analysis.engine.errors import LimitExceeded, ReaderLost
from analysis.engine.media import coding_table, wire
from analysis.engine.media.limits import Limits, Summary, Trouble
from analysis.engine.types import MediaKind, Probe

_TEXT = 200
_SPECTRUM_POINTS = 256
_PROBE_NUMBERS = {
    "duration_seconds": 1e9,
    "fps_from_header": 1e6,
    "frames_from_header": 1e12,
    "width": 1e6,
    "height": 1e6,
    "rotation_degrees": 359,
    "bit_depth": 64,
    "sample_rate_hz": 1e8,
    "channels": 1024,
    "video_streams": 1e5,
    "audio_streams": 1e5,
}
_PROBE_FLOATS = {"duration_seconds", "fps_from_header"}
_PROBE_TEXTS = ("container", "video_codec", "audio_codec", "picture_unread", "sound_unread")


@dataclass(frozen=True)
class Failure:
    """The child's own words for why it gave up."""

    code: str
    message: str


def probe(payload: bytes, limits: Limits) -> Probe:
    """The probe in this message. Raises ReaderLost for nonsense and LimitExceeded for too much of it."""
    said = _object(payload)
    fields: dict[str, Any] = {name: _number(said, name, most) for name, most in _PROBE_NUMBERS.items()}
    fields |= {name: _text(said, name) for name in _PROBE_TEXTS}
    try:
        found = Probe(**fields, kind=MediaKind(str(said.get("kind"))))
    except ValueError as error:
        raise ReaderLost(f"the reader's answer makes no sense ({error})") from error
    if found.has_picture and not (found.width and found.height):
        raise ReaderLost("the reader's answer makes no sense (a picture without a size)")
    if (found.width or 0) * (found.height or 0) > limits.max_pixels:
        raise LimitExceeded(f"The picture has more than {limits.max_pixels:,} pixels.")
    return found


def facts(payload: bytes) -> dict[str, Any]:
    """The facts in this message: any JSON, within the size the wire allows.

    Where "sound" or "coding", with which is computed, hold other than such numbers, an error stands in their place: one
    must not cost the others, nor the pictures. Raises ReaderLost where there are no facts at all.
    """
    said = _object(payload)
    for name, check in (("sound", _check_sound), ("coding", coding_table.check)):
        try:
            check(said.get(name))
        except ReaderLost as error:
            said[name] = {"error": str(error)}
    return said


def _check_sound(said: Any) -> None:
    if said is None or (isinstance(said, dict) and "error" in said):
        return
    if not isinstance(said, dict) or not (_number(said, "rate_hz", 1e8) and _number(said, "seconds", 1e9)):
        raise ReaderLost("the reader's answer makes no sense (sound)")
    levels = said.get("levels_db")
    if not isinstance(levels, list) or len(levels) != _SPECTRUM_POINTS:
        raise ReaderLost("the reader's answer makes no sense (sound.levels_db)")
    if not all(type(level) in (float, int) and -300 <= level <= 300 for level in levels):
        raise ReaderLost("the reader's answer makes no sense (sound.levels_db)")


def failure(payload: bytes) -> Failure:
    said = _object(payload)
    return Failure(_text(said, "code") or "", _text(said, "message", most=1000) or "it could not be read.")


def summary(payload: bytes) -> Summary:
    said = _object(payload)
    counts = (
        "frames_decoded",
        "frames_delivered",
        "frames_resized",
        "samples_delivered",
        "decode_errors",
        "timestamps_repaired",
    )
    troubles = said.get("troubles")
    return Summary(
        **{name: int(_number(said, name, 1e15) or 0) for name in counts},
        silence_inserted_seconds=float(_number(said, "silence_inserted_seconds", 1e9) or 0),
        last_pts_seconds=_number(said, "last_pts_seconds", 1e9),
        troubles=tuple(_trouble(one) for one in troubles[:20]) if isinstance(troubles, list) else (),
    )


def _trouble(said: Any) -> Trouble:
    if not isinstance(said, dict):
        raise ReaderLost("the reader's answer makes no sense (trouble)")
    return Trouble(_number(said, "pts_seconds", 1e9), _text(said, "message", most=300) or "")


def _object(payload: bytes) -> dict[str, Any]:
    try:
        return wire.load(payload)
    except wire.Garbled as error:
        raise ReaderLost(f"the reader's answer makes no sense ({error})") from error


def _number(said: Mapping[str, Any], name: str, most: float) -> Any:
    value = said.get(name)
    if value is None:
        return 0 if name in ("rotation_degrees", "video_streams", "audio_streams") else None
    wanted = (int, float) if name in _PROBE_FLOATS or name.endswith("seconds") else int
    if (
        isinstance(value, bool)
        or not isinstance(value, wanted)
        or not 0 <= value <= most
        or not math.isfinite(value)
    ):
        raise ReaderLost(f"the reader's answer makes no sense ({name})")
    return value


def _text(said: Mapping[str, Any], name: str, most: int = _TEXT) -> str | None:
    value = said.get(name)
    if value is None or isinstance(value, str):
        return None if value is None else value[:most]
    raise ReaderLost(f"the reader's answer makes no sense ({name})")
