"""How the pictures of a video lie in its stream: their sizes, sorts and times, without decoding any.

Which are predicted from later ones is told by their order: a picture that is coded after one which is shown later is
predicted both ways (B). So no parser of the stream is needed, and any codec that names its key pictures can be read.
"""

from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import av

from analysis.engine.errors import UndecodableMedia
from analysis.engine.media import container
from analysis.engine.media.coding_table import MOST_SECONDS, PICTURES, STRETCH_BYTES, STRETCHES
from analysis.engine.media.sniff import HEAD_BYTES, PICTURE_FORMATS, sniff
from analysis.engine.types import Probe

_MOST_PACKETS = 4 * PICTURES  # looked at for one stretch, those without a time among them


def read(path: Path, probe: Probe) -> dict[str, Any] | None:
    """`codec`, `whole` and `stretches`, each of at most PICTURES pictures in the order in which they are shown, as
    `seconds`, `bytes` and `sorts` (a letter a picture: I for key pictures, P, and B for those predicted both ways).

    The whole video one stretch after the other where STRETCHES are enough; else spread evenly, each from a key picture
    on. None without a video, as of animated pictures.
    """
    if not probe.has_picture:
        return None
    with path.open("rb") as file:
        found = sniff(file.read(HEAD_BYTES))
    if found is None:
        raise UndecodableMedia("it is no video")
    if found.format in PICTURE_FORMATS:
        return None
    with container.open_as(str(path), found.format) as opened:
        stream = container.best_picture(opened, found.format)
        return _table(opened, stream, probe) if stream is not None else None


def _table(opened: Any, stream: Any, probe: Probe) -> dict[str, Any]:
    stretches, whole = ([], False) if _is_long(probe) else _from_the_start(_timed(opened, stream))
    if not whole:
        stretches = _spread(opened, stream, probe.duration_seconds) or stretches
    described = (_stretch(stretch, stream) for stretch in stretches)
    return {
        "codec": probe.video_codec,
        "whole": whole,
        "stretches": [stretch for stretch in described if stretch["sorts"]],
    }


def _is_long(probe: Probe) -> bool:
    """Whether the header promises more pictures than are read, and a duration to spread them over."""
    if not probe.duration_seconds:
        return False
    promised = probe.frames_from_header or probe.duration_seconds * (probe.fps_from_header or 0.0)
    return promised > PICTURES * STRETCHES


def _from_the_start(packets: Iterator[Any]) -> tuple[list[list[Any]], bool]:
    """Stretches one after the other, and whether that was all."""
    stretches: list[list[Any]] = []
    while len(stretches) < STRETCHES:
        if not (stretch := _some(packets)):
            return stretches, True
        stretches.append(stretch)
    return stretches, next(packets, None) is None


def _some(packets: Iterator[Any]) -> list[Any]:
    """The facts of the next PICTURES packets, fewer where they are large."""
    rows: list[Any] = []
    size_bytes = 0
    for packet in packets:
        rows.append((packet.pts, packet.size, packet.is_keyframe))
        size_bytes += packet.size
        if len(rows) == PICTURES or size_bytes >= STRETCH_BYTES:
            break
    return rows


def _spread(opened: Any, stream: Any, duration_seconds: float | None) -> list[list[Any]]:
    """Stretches from evenly spaced moments on; nothing where the file cannot be read from elsewhere."""
    if not duration_seconds:
        return []
    stretches: list[list[Any]] = []
    last = None
    for number in range(STRETCHES):
        ticks = int(number * duration_seconds / STRETCHES / stream.time_base) + (stream.start_time or 0)
        try:
            opened.seek(ticks, stream=stream)
        except av.FFmpegError:
            return []
        stretch = _some(_timed(opened, stream))
        # key pictures far apart, or a header that promises too much: another moment leads to the same one
        if not stretch or stretch[0][0] == last:
            continue
        last = stretch[0][0]
        stretches.append(stretch)
    return stretches


def _timed(opened: Any, stream: Any) -> Iterator[Any]:
    """The packets that hold a picture and say when it is shown; ends at the first that cannot be read."""
    try:
        for packet in islice(opened.demux(stream), _MOST_PACKETS * STRETCHES):
            if packet.pts is not None and packet.size:
                yield packet
    except av.FFmpegError as error:
        if isinstance(error, MemoryError):
            raise


def _stretch(packets: list[Any], stream: Any) -> dict[str, Any]:
    """Without pictures whose time is past all bounds: one damaged number must not cost the others."""
    rows, latest = [], None
    for pts, size, is_key in packets:
        seconds = round(float((pts - (stream.start_time or 0)) * stream.time_base), 6)
        if abs(seconds) >= MOST_SECONDS:
            continue
        late = latest is None or seconds > latest
        rows.append((seconds, size, "I" if is_key else "P" if late else "B"))
        latest = seconds if latest is None else max(latest, seconds)
    rows.sort()
    return {
        "seconds": [seconds for seconds, _, _ in rows],
        "bytes": [size for _, size, _ in rows],
        "sorts": "".join(sort for _, _, sort in rows),
    }
