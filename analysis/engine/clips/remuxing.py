"""Copies packets from one container to another; runs in the sandboxed child.

Nothing is decoded and nothing coded: what the copy shows is what the original shows, bit by bit.
"""

import errno
import os
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, BinaryIO

import av
from av.container import InputContainer

from analysis.engine.errors import LimitExceeded, UndecodableMedia
from analysis.engine.media.container import ContainerSource, best_picture, best_sound, open_as
from analysis.engine.media.job import Job
from analysis.engine.media.limits import Summary
from analysis.engine.media.outlet import Outlet

# What players expect in an MP4 file (ISO 14496-14, -15 and the registered sample entries); Matroska takes the rest.
MP4_PICTURES = frozenset(("h264", "hevc", "av1", "mpeg4"))
MP4_SOUND = frozenset(("aac", "mp3", "ac3", "eac3", "alac", "opus"))
# Where a key picture is looked for: containers whose index is coarse or missing land behind it.
_BACK_SECONDS = (0.0, 10.0, 60.0, None)
# How much later than pictures their sound may lie in the file.
_INTERLEAVED_SECONDS = 5.0
_FLUSHED = 0


@dataclass(frozen=True)
class _Key:
    """A key picture's timestamp, and from how far before the wanted moment it was found (None: from the beginning)."""

    pts: int
    seconds: float
    back_seconds: float | None


def cut(source: ContainerSource, job: Job, outlet: Outlet) -> Summary:
    """Writes the copy to the job's descriptor and tells what it holds. Raises UndecodableMedia or LimitExceeded."""
    try:
        # closing writes what is still held back, and may fail as well
        with os.fdopen(job.into, "wb") as file, open_as(job.path, job.format) as given:
            written = _cut(file, given, source, job, outlet)
    except OSError as error:
        if error.errno == errno.EFBIG:
            raise _too_large(job.most_bytes) from error
        raise
    outlet.facts(written | _times(written, source.origin_seconds))
    return Summary()


def _cut(
    file: BinaryIO, given: InputContainer, source: ContainerSource, job: Job, outlet: Outlet
) -> dict[str, Any]:
    picture, sound = best_picture(given, job.format), best_sound(given)
    if picture is None or picture.codec_context is None:
        raise UndecodableMedia("there is no picture in it that a copy could begin at.")
    wanted = source.origin_seconds + job.begin_seconds
    until = source.origin_seconds + (job.until_seconds if job.until_seconds is not None else float("inf"))
    key = _key_before(given, picture, wanted, outlet)
    for shape in _shapes(picture, sound):
        written = _write(file, shape, _Stretch(given, picture, sound, key, wanted, until), job, outlet)
        if written is not None:
            return written
    raise UndecodableMedia("no container takes what it holds without coding it anew.")


def _times(written: dict[str, Any], origin_seconds: float) -> dict[str, float]:
    return {name: round(written[name] - origin_seconds, 6) for name in ("begins_seconds", "ends_seconds")}


def _shapes(picture: Any, sound: Any) -> list[str]:
    """The containers to try, the more common one first."""
    heard = _codec(sound)
    fits = _codec(picture) in MP4_PICTURES and (heard is None or heard in MP4_SOUND)
    return ["mp4", "matroska"] if fits else ["matroska"]


def _codec(stream: Any) -> str | None:
    if stream is None or stream.codec_context is None:
        return None
    return str(stream.codec_context.codec.canonical_name)


def _key_before(given: InputContainer, picture: Any, wanted: float, outlet: Outlet) -> _Key:
    """The last key picture not later than `wanted`; the first one of all where none is."""
    for back in _BACK_SECONDS:
        latest = first = None
        for packet in _from(given, (picture,), wanted, back):
            outlet.alive(0, wanted)
            if packet.is_keyframe and not packet.is_corrupt:
                shown = _seconds(packet.pts if packet.pts is not None else packet.dts, packet)
                first = first or _key(packet, shown, back)
                if shown <= wanted:
                    latest = _key(packet, shown, back)
            if _decoded_at(packet) > wanted and (latest or first):
                break
        if latest or (back is None and first):
            return latest or first  # type: ignore[return-value]  # one of them is there
    raise UndecodableMedia("there is no key picture in it that a copy could begin at.")


def _key(packet: Any, shown: float, back: float | None) -> _Key:
    return _Key(packet.pts if packet.pts is not None else packet.dts, shown, back)


@dataclass(frozen=True)
class _Stretch:
    """What is copied of which file."""

    given: InputContainer
    picture: Any
    sound: Any
    key: _Key
    wanted: float
    until: float

    def packets(self) -> Iterator[Any]:
        """From the key picture on, in the order of the file; sound that lies before it there belongs to it too."""
        streams = tuple(stream for stream in (self.picture, self.sound) if stream is not None)
        begun = False
        for packet in _from(self.given, streams, self.wanted, self.key.back_seconds):
            if packet.stream.index == self.picture.index:
                begun = begun or (packet.is_keyframe and self.key.pts in (packet.pts, packet.dts))
                if not begun:
                    continue
            yield packet


def _from(
    given: InputContainer, streams: tuple[Any, ...], wanted: float, back: float | None
) -> Iterator[Any]:
    """Packets that have a time, from that far before `wanted` or from the beginning (None)."""
    at = 0.0 if back is None else max(0.0, wanted - back)
    try:
        # by the picture's own clock: `any_frame` is off, so that libav lands on a key picture where it has an index
        given.seek(round(at / streams[0].time_base), stream=streams[0], backward=True)
    except (av.FFmpegError, OverflowError):
        given.seek(0)
    for packet in given.demux(*streams):
        if packet.size > _FLUSHED and (packet.pts is not None or packet.dts is not None):
            yield packet


def _seconds(ticks: int, packet: Any) -> float:
    return float(ticks * packet.time_base)


def _decoded_at(packet: Any) -> float:
    return _seconds(packet.dts if packet.dts is not None else packet.pts, packet)


def _write(file: BinaryIO, shape: str, stretch: _Stretch, job: Job, outlet: Outlet) -> dict[str, Any] | None:
    """Writes the stretch in that container; what was written, or None where the container does not take it."""
    file.seek(0)
    file.truncate()
    try:
        with av.open(file, "w", format=shape, options={"fflags": "+bitexact"}) as container:
            copy = _Copy(container, stretch, job.most_bytes)
            for packet in stretch.packets():
                outlet.alive(0, stretch.wanted)
                if not copy.take(packet):
                    break
            return copy.told(shape)
    except av.FFmpegError as error:
        if isinstance(error, MemoryError) or error.errno == errno.EFBIG:
            raise
        return None


def _too_large(most_bytes: int) -> LimitExceeded:
    return LimitExceeded(
        f"a copy of that stretch is larger than {most_bytes / 1e6:.1f} MB. Ask for a shorter one."
    )


class _Copy:
    """One container that is written. Times in it count from the key picture."""

    def __init__(self, container: Any, stretch: _Stretch, most_bytes: int) -> None:
        self._container, self._stretch = container, stretch
        self._picture = container.add_stream_from_template(stretch.picture)
        self._sound = self._add_sound(stretch.sound)
        self._last: dict[int, int] = {}
        self._left_bytes = self._most_bytes = most_bytes
        self._pictures = self._mended = 0
        self._ends = stretch.key.seconds
        self._over = {"picture": False, "sound": self._sound is None}

    def _add_sound(self, sound: Any) -> Any:
        if _codec(sound) is None:
            return None
        try:
            return self._container.add_stream_from_template(sound)
        except (av.FFmpegError, ValueError):
            return None

    def take(self, packet: Any) -> bool:
        """Copies the packet if it belongs to the stretch; whether there may be more."""
        is_picture = packet.stream.index == self._stretch.picture.index
        at = _decoded_at(packet)
        if at >= self._stretch.until:
            self._over["picture" if is_picture else "sound"] = True
            return not all(self._over.values()) and at < self._stretch.until + _INTERLEAVED_SECONDS
        shown = _seconds(packet.pts if packet.pts is not None else packet.dts, packet)
        # before the key picture: sound, and pictures that are predicted from ones which are not copied
        if shown >= self._stretch.key.seconds and (is_picture or self._sound is not None):
            self._copy(packet, self._picture if is_picture else self._sound, shown, is_picture=is_picture)
        return True

    def _copy(self, packet: Any, stream: Any, shown: float, *, is_picture: bool) -> None:
        self._left_bytes -= packet.size
        if self._left_bytes < 0:
            raise _too_large(self._most_bytes)
        if is_picture:
            self._pictures += 1
            step = packet.duration or round(Fraction(1, 25) / packet.time_base)
            self._ends = max(self._ends, shown + _seconds(step, packet))
        self._shift(packet)
        packet.stream = stream
        self._container.mux(packet)

    def _shift(self, packet: Any) -> None:
        """Times from the key picture on, each later than the one before in the order of decoding."""
        origin = round(self._stretch.key.seconds / packet.time_base)
        dts = (packet.dts if packet.dts is not None else packet.pts) - origin
        pts = (packet.pts if packet.pts is not None else packet.dts) - origin
        index = packet.stream.index
        earliest = self._last.get(index, dts - 1) + 1
        if packet.pts is None or packet.dts is None or dts < earliest or pts < dts:
            self._mended += 1
            dts = max(dts, earliest)
            pts = max(pts, dts)
        self._last[index] = packet.dts = dts
        packet.pts = pts

    def told(self, shape: str) -> dict[str, Any]:
        """What was written. Raises UndecodableMedia where nothing was."""
        if not self._pictures or self._ends <= self._stretch.wanted:
            raise UndecodableMedia("there is no picture in that stretch.")
        heard = _codec(self._stretch.sound)
        return {
            "container": shape,
            "begins_seconds": self._stretch.key.seconds,
            "ends_seconds": self._ends,
            "pictures": self._pictures,
            "video_codec": _codec(self._stretch.picture),
            "audio_codec": heard if self._sound is not None else None,
            "sound_left_out": heard if self._sound is None else None,
            "times_mended": self._mended,
        }
