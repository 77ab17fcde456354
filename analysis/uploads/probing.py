"""The look at a received file, in a child process, before it is kept."""

from dataclasses import dataclass
from threading import BoundedSemaphore

from django.conf import settings

from analysis.engine.errors import EngineError, LimitExceeded
from analysis.engine.media.limits import Limits
from analysis.engine.media.probe_child import probe_file
from analysis.engine.types import MediaKind, Probe
from analysis.uploads.incoming import Received
from analysis.uploads.refusals import OverLimits

# Each probe is a process of its own; more of them at once would only starve the sockets.
_probing = BoundedSemaphore(2)


@dataclass(frozen=True)
class Found:
    """What a file is. `probe` is None when it looks like media but cannot be read: its run will say so."""

    kind: MediaKind
    media_type: str
    probe: Probe | None


def look_into(received: Received) -> Found:
    """Probes a file. Raises OverLimits; a file that cannot be read is no error here."""
    probe = _probe(received)
    if probe is None:
        return Found(received.sniffed.kind, received.sniffed.media_type, None)
    return Found(probe.kind, _media_type(received.sniffed.media_type, probe.kind), probe)


def _probe(received: Received) -> Probe | None:
    limits = Limits(
        max_pixels=settings.MAX_PIXELS,
        max_duration_seconds=settings.MAX_DURATION_SECONDS,
        max_streams=settings.MAX_STREAMS,
    )
    try:
        with _probing:
            return probe_file(received.path, limits=limits)
    except LimitExceeded as error:
        # the error names the incoming file, which nobody has ever heard of
        reason = str(error).removeprefix(f"{received.path.name}: ")
        raise OverLimits(f"This file is over the limits of this desk: {reason}") from error
    except EngineError:
        return None


def _media_type(media_type: str, kind: MediaKind) -> str:
    """MP4, WebM and Ogg hold sound or pictures: once we know which, the type says it too."""
    group, _, name = media_type.partition("/")
    return f"audio/{name}" if kind == MediaKind.AUDIO and group == "video" else media_type
