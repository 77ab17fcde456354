"""What is on record of a camera between two times, as one ZIP that is made while it is sent.

A desk keeps no recording of cameras: it is the lines of the log, their snapshots, and a manifest with the SHA-256
of each file. All lines of the stretch are in it, also those that are emptied, so that the chain can be followed.
"""

import hashlib
import json
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db.models import Max, Min, Q, QuerySet
from django.utils import timezone

from accounts.models import User
from analysis import snapshots
from analysis.connections import let_go
from analysis.errors import AnalysisError
from analysis.models import Camera, Sighting
from realtime.models import Event

MOST_LINES = 200_000
MOST_PICTURES = 20_000
PAGE = 500
_CHUNK_BYTES = 256 * 1024
# Of the formats' own: no time of writing, so that the same stretch differs in its manifest alone.
_WRITTEN = (1980, 1, 1, 0, 0, 0)


class TooMuch(AnalysisError):
    """More is on record of that time than one file may hold."""

    code = "too_much"


@dataclass(frozen=True)
class Stretch:
    """A camera between two times, the first included; who wants it. `first` and `last` are seqs, None of nothing."""

    camera: Camera
    start: datetime
    end: datetime
    by: User
    first: int | None
    last: int | None

    def lines(self) -> QuerySet[Event]:
        """In the order of the log."""
        within = Q(topic=self.camera.topic_id, seq__gte=self.first, seq__lte=self.last)
        return Event.objects.filter(within).order_by("seq")

    def pictured(self) -> QuerySet[Sighting]:
        """Events that a picture was kept of."""
        within = Q(topic=self.camera.topic_id, seq__gte=self.first, seq__lte=self.last)
        return Sighting.objects.filter(within).exclude(snapshot_path="").order_by("seq")


def stretch(camera: Camera, start: datetime, end: datetime, *, by: User) -> Stretch:
    """What there is between. Raises TooMuch."""
    found = Event.objects.filter(topic=camera.topic_id, time__gte=start, time__lt=end)
    ends = found.aggregate(first=Min("seq"), last=Max("seq"))
    wanted = Stretch(camera, start, end, by, ends["first"], ends["last"])
    # not how many have such a time: where the clock was set meanwhile, others lie between them
    count = ends["last"] - ends["first"] + 1 if ends["last"] else 0
    if count > MOST_LINES:
        raise TooMuch(f"That time has {count:,} lines; {MOST_LINES:,} are given at once. Narrow it.")
    pictures = wanted.pictured().count() if count else 0
    if pictures > MOST_PICTURES:
        raise TooMuch(
            f"That time has {pictures:,} snapshots; {MOST_PICTURES:,} are given at once. Narrow it."
        )
    return wanted


def filename(wanted: Stretch) -> str:
    """The camera and the time."""
    return f"{wanted.camera.key}_{wanted.start:%Y%m%dT%H%M%SZ}-{wanted.end:%Y%m%dT%H%M%SZ}.zip"


@dataclass
class _Sink:
    """A file that only takes; what it took is handed on."""

    taken: bytearray = field(default_factory=bytearray)

    def write(self, content: bytes) -> int:
        self.taken += content
        return len(content)

    def flush(self) -> None:
        """Nothing waits."""

    def drain(self) -> bytes:
        content = bytes(self.taken)
        self.taken.clear()
        return content


def zipped(wanted: Stretch) -> Iterator[bytes]:
    """The ZIP, piece by piece. Holds no connection to the database while a piece is being sent."""
    sink = _Sink()
    for _ in _archived(wanted, sink):
        if piece := sink.drain():
            yield piece
    yield sink.drain()


def _archived(wanted: Stretch, sink: _Sink) -> Iterator[None]:
    listed: list[dict[str, Any]] = []
    with zipfile.ZipFile(sink, "w") as archive:  # type: ignore[call-overload]  # only written to
        yield from _write(archive, "events.jsonl", _jsonl(wanted), listed)
        for sighting in _pictured(wanted):
            for name, path in _pictures(sighting):
                try:
                    yield from _write(archive, name, _bytes_of(path), listed)
                except FileNotFoundError:
                    listed.append({"name": name, "missing": True})
        yield from _write(archive, "manifest.json", iter([_manifest(wanted, listed)]), [])


def _write(
    archive: zipfile.ZipFile, name: str, content: Iterator[bytes], listed: list[dict[str, Any]]
) -> Iterator[None]:
    """Adds a file, and to the list what it is; yields whenever something was written."""
    first = next(content, b"")  # raises before anything of it stands in the archive
    entry = zipfile.ZipInfo(name, _WRITTEN)
    entry.compress_type = zipfile.ZIP_STORED if name.endswith(".jpg") else zipfile.ZIP_DEFLATED
    digest, size_bytes = hashlib.sha256(), 0
    with archive.open(entry, "w", force_zip64=True) as file:
        while first:
            digest.update(first)
            size_bytes += len(first)
            file.write(first)
            yield
            first = next(content, b"")
    listed.append({"name": name, "size_bytes": size_bytes, "sha256": digest.hexdigest()})
    yield


def _jsonl(wanted: Stretch) -> Iterator[bytes]:
    after = 0
    while wanted.first is not None:
        page = list(wanted.lines().filter(seq__gt=after)[:PAGE])
        let_go()
        if not page:
            return
        after = page[-1].seq
        yield "".join(f"{_line(event)}\n" for event in page).encode()


def _line(event: Event) -> str:
    """As it stands in the log, byte for byte; of an emptied one what is left."""
    if event.body:
        return event.body
    left = {
        "digest": bytes(event.digest).hex(),
        "emptied": True,
        "hash": bytes(event.hash).hex(),
        "seq": event.seq,
        "topic": str(event.topic_id),
        "type": event.type,
    }
    return json.dumps(left, separators=(",", ":"))


def _pictured(wanted: Stretch) -> Iterator[Sighting]:
    after = 0
    while wanted.first is not None:
        page = list(wanted.pictured().filter(seq__gt=after)[:PAGE])
        let_go()
        if not page:
            return
        after = page[-1].seq
        yield from page


def _pictures(sighting: Sighting) -> Iterator[tuple[str, Any]]:
    boxed, clean = snapshots.files(sighting.snapshot_path)
    yield f"snapshots/{sighting.seq}.jpg", boxed
    yield f"snapshots/{sighting.seq}.clean.jpg", clean


def _bytes_of(path: Any) -> Iterator[bytes]:
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK_BYTES):
            yield chunk


def _manifest(wanted: Stretch, listed: list[dict[str, Any]]) -> bytes:
    camera = wanted.camera
    said = {
        "camera": {"id": str(camera.pk), "key": camera.key, "name": camera.name},
        "topic": str(camera.topic_id),
        "start": wanted.start.isoformat(),
        "end": wanted.end.isoformat(),
        "first_seq": wanted.first,
        "last_seq": wanted.last,
        "exported": timezone.now().isoformat(),
        "by": wanted.by.email,
        "files": listed,
    }
    return json.dumps(said, ensure_ascii=False, indent=1).encode()
