"""Videos and sound files, opened with libav inside the sandbox."""

from collections.abc import Iterator
from typing import Any, NoReturn

import av
from av.container import InputContainer
from av.stream import Disposition

from analysis.engine.errors import LimitExceeded, UndecodableMedia, UnsupportedCodec
from analysis.engine.media import description, frames, sound
from analysis.engine.media.job import Job
from analysis.engine.media.limits import Limits
from analysis.engine.media.orientation import UPRIGHT
from analysis.engine.media.quantiser import quantiser_of
from analysis.engine.media.reading import Block, Ledger, Picture
from analysis.engine.types import MediaKind, Probe

SOUND_FORMATS = frozenset(("mp3", "flac", "wav", "aac", "amr"))
_COVERS = Disposition.attached_pic | Disposition.timed_thumbnails
# Sound that begins less than this before the picture does is cut; more than this moves the origin.
_EARLY_SOUND_SECONDS = 0.1


def open_source(job: Job) -> "ContainerSource":
    """The file, opened and probed. Raises UndecodableMedia, UnsupportedCodec or LimitExceeded."""
    av.logging.set_level(None)  # its log would only fill the pipe of last words
    return ContainerSource(job)


def open_as(path: str, container_format: str) -> InputContainer:
    """The container as the format that its bytes said, and nothing it may refer to.

    One demuxer and local files only: playlists and reference movies would otherwise open other files.
    Raises UndecodableMedia.
    """
    try:
        return av.open(
            f"file:{path}",
            format=container_format,
            options={"protocol_whitelist": "file", "enable_drefs": "0"},
            metadata_errors="replace",
        )
    except av.FFmpegError as error:
        if isinstance(error, MemoryError):
            raise
        raise UndecodableMedia(f"its container cannot be read ({error.strerror}).") from error


class ContainerSource:
    """Opened anew for pictures and for sound: each demuxer runs at its own pace, however badly the
    file is interleaved, and nothing has to be held back."""

    def __init__(self, job: Job) -> None:
        self._job = job
        self.container = open_as(job.path, job.format)
        _refuse_too_many(self.container, job.limits)
        self._video = best_picture(self.container, job.format)
        self._audio = best_sound(self.container)
        if self._video is None and self._audio is None:
            raise UndecodableMedia("it holds neither picture nor sound.")
        self.origin_seconds = self._origin()
        self.probe = self._probe()

    def pictures(self, ledger: Ledger) -> Iterator[Picture]:
        with open_as(self._job.path, self._job.format) as container:
            stream = container.streams[self._video.index]
            yield from frames.pictures(container, stream, self.origin_seconds, ledger)

    def blocks(self, ledger: Ledger) -> Iterator[Block]:
        with open_as(self._job.path, self._job.format) as container:
            stream = container.streams[self._audio.index]
            yield from sound.blocks(container, stream, self.origin_seconds, ledger, self._job.limits)

    def describe(self) -> dict[str, Any]:
        return description.of(self.container) | {"quantiser": self._quantiser()}

    def _quantiser(self) -> float | None:
        if not self.probe.has_picture:
            return None
        with open_as(self._job.path, self._job.format) as container:
            return quantiser_of(container, self._video.index)

    def _origin(self) -> float:
        video, audio = (_start_seconds(stream) for stream in (self._video, self._audio))
        if video is None or audio is None:
            return video if video is not None else audio or 0.0
        return video if audio > video - _EARLY_SOUND_SECONDS else audio

    def _probe(self) -> Probe:
        duration = _duration_seconds(self.container)
        if duration is not None and duration > self._job.limits.max_duration_seconds:
            raise LimitExceeded(
                f"it claims to run {duration:.0f} s; {self._job.limits.max_duration_seconds:.0f} s are allowed."
            )
        picture = self._picture_fields() if self._video is not None else {}
        heard = _sound_fields(self._audio) if self._audio is not None else {}
        if not picture.get("width") and not heard.get("audio_codec"):
            self._refuse(picture, heard)
        return Probe(
            kind=MediaKind.VIDEO if picture.get("width") else MediaKind.AUDIO,
            container=self.container.format.name,
            duration_seconds=duration,
            video_streams=len(pictures_of(self.container, self._job.format)),
            audio_streams=len(self.container.streams.audio),
            **picture,
            **heard,
        )

    def _refuse(self, picture: dict[str, Any], heard: dict[str, Any]) -> NoReturn:
        why = " and ".join(filter(None, (picture.get("picture_unread"), heard.get("sound_unread"))))
        if picture.get("video_codec"):
            raise UndecodableMedia(f"{why}.")
        raise UnsupportedCodec(f"{why}.")

    def _picture_fields(self) -> dict[str, Any]:
        """From the header, and from the first picture where the header does not say (rotation, depth)."""
        stream, limits = self._video, self._job.limits
        codec = stream.codec_context
        if codec is None:
            return {"picture_unread": _without_decoder("picture", stream)}
        _refuse_too_large(codec.width, codec.height, limits)
        first = frames.first(self.container, stream)
        width, height, orientation = codec.width, codec.height, UPRIGHT
        if first is not None:
            width, height, orientation = first.width, first.height, frames.orientation(first)
            _refuse_too_large(width, height, limits)
        if not (width and height):
            unread = f"no picture of track {stream.index} ({codec.codec.canonical_name}) can be decoded"
            return {"video_codec": codec.codec.canonical_name, "picture_unread": unread}
        upright = orientation.size(width, height)
        shape = first.format if first is not None else codec.format
        rate = stream.average_rate or stream.guessed_rate
        return {
            "width": upright[0],
            "height": upright[1],
            "fps_from_header": float(rate) if rate else None,
            "frames_from_header": stream.frames or None,
            "video_codec": codec.codec.canonical_name,
            "rotation_degrees": orientation.degrees,
            "bit_depth": shape.components[0].bits if shape and shape.components else None,
        }


def pictures_of(container: InputContainer, container_format: str) -> list[Any]:
    """The video streams that are no cover picture."""
    if container_format in SOUND_FORMATS:
        return []
    return [stream for stream in container.streams.video if not stream.disposition & _COVERS]


def best_picture(container: InputContainer, container_format: str) -> Any:
    """The video stream that is examined; None without any."""
    return _best(pictures_of(container, container_format))


def best_sound(container: InputContainer) -> Any:
    """The sound stream that is examined; None without any."""
    return _best(list(container.streams.audio))


def _best(streams: list[Any]) -> Any:
    """The default stream, the largest of several, the first of equal ones; None of none."""

    def rank(stream: Any) -> tuple[bool, bool, int]:
        codec = stream.codec_context
        area = (getattr(codec, "width", 0) or 0) * (getattr(codec, "height", 0) or 0)
        return codec is not None, bool(stream.disposition & Disposition.default), area

    return max(streams, key=rank, default=None)


def _start_seconds(stream: Any) -> float | None:
    if stream is None or stream.start_time is None or stream.time_base is None:
        return None
    return float(stream.start_time * stream.time_base)


def _duration_seconds(container: InputContainer) -> float | None:
    if container.duration:
        return max(container.duration / av.time_base, 0.0)
    lengths = [float(s.duration * s.time_base) for s in container.streams if s.duration and s.time_base]
    return max(lengths, default=None)


def _sound_fields(stream: Any) -> dict[str, Any]:
    codec = stream.codec_context
    if codec is None:
        return {"sound_unread": _without_decoder("sound", stream)}
    return {
        "audio_codec": codec.codec.canonical_name,
        "sample_rate_hz": codec.sample_rate or None,
        "channels": codec.channels or None,
    }


def _without_decoder(what: str, stream: Any) -> str:
    # libav gives no name to a codec it does not know, so the track is all that can be named
    return f"there is no decoder for its {what} (track {stream.index})"


def _refuse_too_many(container: InputContainer, limits: Limits) -> None:
    if len(container.streams) > limits.max_streams:
        raise LimitExceeded(f"it holds {len(container.streams)} streams; {limits.max_streams} are allowed.")


def _refuse_too_large(width: int, height: int, limits: Limits) -> None:
    if width * height > limits.max_pixels:
        raise LimitExceeded(f"a picture of {width}×{height} is larger than {limits.max_pixels:,} pixels.")
