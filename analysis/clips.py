"""Clips of uploaded files: a stretch copied as it was coded, and what is on record of it."""

import fcntl
import hashlib
import json
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from threading import BoundedSemaphore
from typing import Any

from django.conf import settings

from analysis.connections import let_go
from analysis.dialects import footage
from analysis.engine import clips
from analysis.engine.errors import EngineError
from analysis.engine.media.limits import Limits
from analysis.errors import Busy, NotCut
from analysis.models import Media, Run
from analysis.uploads.places import incoming_root, media_root, require_space
from realtime.models import Event

CUT_SECONDS = 60.0
WAIT_SECONDS = 5.0
EVENTS_LISTED = 10_000
_LONGEST_STEM_BYTES = 180
# Each is a process of its own that reads as fast as the disk gives; more would only starve the sockets.
_cutting = BoundedSemaphore(2)


@dataclass(frozen=True)
class Cut:
    """A copy that was made: a file that is gone with the block that made it, its size and SHA-256."""

    clip: clips.Clip
    path: Path
    size_bytes: int
    sha256: str


@contextmanager
def cut(media: Media, *, start_seconds: float, end_seconds: float) -> Iterator[Cut]:
    """Copies what lies between. Raises NotCut, Busy, NoSpace, or FileNotFoundError where the file is not kept."""
    if media.kind != Media.Kind.VIDEO:
        raise NotCut("This file has no recorded pictures that could be cut. Download the file itself.")
    require_space(min(settings.MAX_CLIP_BYTES, media.size_bytes))
    let_go()  # copying may take a minute, and needs no database
    if not _cutting.acquire(timeout=WAIT_SECONDS):
        raise Busy("Other clips are being copied. Try again in a moment.")
    try:
        # among what arrives: the sweep takes it away should this process die, and leaves it while it is locked
        with tempfile.NamedTemporaryFile(dir=incoming_root(), prefix="clip-") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            clip = _cut(media, file.fileno(), start_seconds, end_seconds)
            file.seek(0)
            sha256 = hashlib.file_digest(file, "sha256").hexdigest()
            yield Cut(clip, Path(file.name), file.tell(), sha256)
    finally:
        _cutting.release()


def _cut(media: Media, into: int, start_seconds: float, end_seconds: float) -> clips.Clip:
    path = media_root() / media.path
    limits = Limits(
        max_pixels=settings.MAX_PIXELS,
        max_duration_seconds=settings.MAX_DURATION_SECONDS,
        max_streams=settings.MAX_STREAMS,
        cpu_seconds=int(CUT_SECONDS),
    )
    try:
        return clips.cut(
            path,
            into,
            start_seconds=start_seconds,
            end_seconds=end_seconds,
            limits=limits,
            most_bytes=settings.MAX_CLIP_BYTES,
            within_seconds=CUT_SECONDS,
        )
    except EngineError as error:
        # where the file lies is nobody's business
        raise NotCut(f"{media.filename}: {str(error).removeprefix(f'{path.name}: ')}") from error


def filename(media: Media, cut: Cut) -> str:
    """The file's own name, with what of it this is."""
    stem = Path(media.filename).stem.encode()[:_LONGEST_STEM_BYTES].decode(errors="ignore") or "clip"
    clip = cut.clip
    return f"{stem}_{clip.begins_seconds:.2f}-{clip.ends_seconds:.2f}s.{clip.suffix}"


def manifest(media: Media, cut: Cut, *, start_seconds: float, end_seconds: float) -> dict[str, Any]:
    """What the copy is, of what, and which footage events lie in it, with the hashes of the log."""
    clip = cut.clip
    events = _events(media, clip.begins_seconds, clip.ends_seconds)
    return {
        "media": str(media.pk),
        "asked": {"start_seconds": start_seconds, "end_seconds": end_seconds},
        "original": {"filename": media.filename, "sha256": media.sha256, "size_bytes": media.size_bytes},
        "copy": {
            "filename": filename(media, cut),
            "media_type": clip.media_type,
            "sha256": cut.sha256,
            "size_bytes": cut.size_bytes,
            **asdict(clip),
        },
        "events": events[:EVENTS_LISTED],
        "events_left_out": len(events) > EVENTS_LISTED,
    }


def _events(media: Media, begins_seconds: float, ends_seconds: float) -> list[dict[str, Any]]:
    """One more than are listed, where there are more; without those whose lines are emptied."""
    topics = Run.objects.filter(media=media).values("topic")
    found = Event.objects.filter(
        topic__in=topics,
        type__in=footage.TYPES,
        data__pts_seconds__gte=begins_seconds,
        data__pts_seconds__lte=ends_seconds,
    ).exclude(body="")
    rows = found.order_by("data__pts_seconds", "topic", "seq")[: EVENTS_LISTED + 1]
    return [line_of(event) for event in rows]


def line_of(event: Event) -> dict[str, Any]:
    """A line with what proves it: SHA-256 of its canonical text (without prev and hash), and its hash in the chain."""
    return {
        "topic": str(event.topic_id),
        "seq": event.seq,
        "digest": bytes(event.digest).hex(),
        "hash": bytes(event.hash).hex(),
        "event": json.loads(event.body),
    }
