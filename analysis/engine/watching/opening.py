"""Opens what is watched with libav, inside the sandbox, and nothing that it refers to.

Every source is read by the one demuxer that its kind or its first bytes say, never by one that opens further addresses
(playlists, SDP files, concat scripts): what a camera sends cannot make us read a file of this machine, nor ask another
host.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import av
from av.container import InputContainer

from analysis.engine.errors import EngineError
from analysis.engine.media.container import best_picture, open_as
from analysis.engine.media.job import Job
from analysis.engine.media.sniff import PICTURE_FORMATS, sniff
from analysis.engine.types import MediaKind
from analysis.engine.watching.authorisation import Login
from analysis.engine.watching.http_body import HttpBody
from analysis.engine.watching.order import LiveOrder
from analysis.engine.watching.rtsp_relay import RtspRelay
from analysis.engine.watching.source import SourceFailed

_MJPEG_TYPES = frozenset(("video/x-motion-jpeg", "video/x-mjpeg", "video/mjpeg"))
# Looking longer at what a camera sends would only begin later: the first picture says the rest.
_LOOK = {"probesize": "1000000", "analyzeduration": "500000", "fpsprobesize": "0"}
_HEAD_BYTES = 2048  # enough to know every format of video; a live stream sends more only later
_ALONE = {"protocol_whitelist": "none", "enable_drefs": "0"}


@contextmanager
def opened(order: LiveOrder, job: Job) -> Iterator[tuple[InputContainer, Any]]:
    """The container and its video stream. Raises SourceFailed with a reason for people."""
    with _OPENERS[order.kind](order, job) as container:
        stream = best_picture(container, job.format)
        if stream is None:
            raise SourceFailed("there is no picture in what it sends")
        if stream.codec_context is None:
            raise SourceFailed("there is no decoder for its picture")
        yield container, stream


@contextmanager
def _rtsp(order: LiveOrder, _: Job) -> Iterator[InputContainer]:
    login = Login(order.user, order.password)
    relay = RtspRelay(
        order.address,
        login,
        order.pinned_ip,
        open_seconds=order.open_seconds,
        silent_seconds=order.silent_seconds,
        authorities=order.trusted,
    )
    options = {
        "rtsp_transport": "tcp",
        "allowed_media_types": "video",
        "protocol_whitelist": "rtsp,tcp",
        **_LOOK,
    }
    is_open = False
    try:
        with _libav(relay.url, order, format="rtsp", options=options) as container:
            is_open = True
            yield container
    except SourceFailed as error:
        # what the camera said is better than what libav made of it
        raise error if is_open else relay.failure or relay.refusal or error from None
    finally:
        relay.close()


@contextmanager
def _http(order: LiveOrder, _: Job) -> Iterator[InputContainer]:
    login = Login(order.user, order.password)
    with HttpBody(
        order.address,
        login,
        order.pinned_ip,
        open_seconds=order.open_seconds,
        silent_seconds=order.silent_seconds,
        authorities=order.trusted,
    ) as body:
        kind = _format_of(body)
        with _libav(body, order, format=kind, options={**_ALONE, **_LOOK}) as container:
            yield container


def _format_of(body: HttpBody) -> str:
    if body.media_type.startswith("multipart/"):
        return "mpjpeg"
    if body.media_type in _MJPEG_TYPES:
        return "mjpeg"
    found = sniff(body.peek(_HEAD_BYTES))
    if found is None or found.kind is not MediaKind.VIDEO or found.format in PICTURE_FORMATS:
        raise SourceFailed(
            "it sends no video: give the address of its MJPEG or MP4 stream, not of a page or playlist"
        )
    return found.format


@contextmanager
def _device(order: LiveOrder, _: Job) -> Iterator[InputContainer]:
    if not Path(order.address).exists():
        raise SourceFailed("there is no such device on this machine")
    with _libav(order.address, order, format="video4linux2", options=dict(_ALONE)) as container:
        yield container


@contextmanager
def _file(_: LiveOrder, job: Job) -> Iterator[InputContainer]:
    try:
        container = open_as(job.path, job.format)
    except EngineError as error:
        raise SourceFailed(str(error).rstrip(".")) from None
    with container:
        yield container


_OPENERS = {"rtsp": _rtsp, "http": _http, "device": _device, "file": _file}


@contextmanager
def _libav(what: Any, order: LiveOrder, *, format: str, options: dict[str, str]) -> Iterator[InputContainer]:
    waits = (order.open_seconds, order.silent_seconds)
    try:
        container = av.open(what, format=format, options=options, timeout=waits, metadata_errors="replace")
    except (av.FFmpegError, OSError) as error:
        raise _failed(error) from None
    with container:
        yield container


def _failed(error: Exception) -> SourceFailed:
    """libav's error, of whose words only its fixed ones are kept: the others hold addresses."""
    if isinstance(error, SourceFailed):
        return error
    if isinstance(error, MemoryError):
        raise error
    if isinstance(error, av.InvalidDataError):
        return SourceFailed("what it sends is no video that can be read")
    if isinstance(error, av.ExitError | TimeoutError):
        return SourceFailed("it does not go on")
    return SourceFailed(f"what it sends cannot be read ({getattr(error, 'strerror', None) or 'unknown'})")
