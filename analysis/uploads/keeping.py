"""From a received file to a Media on record, and its run."""

import dataclasses
import hashlib
import logging
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID, uuid4

from django.db import transaction

from accounts.models import User
from analysis import queue
from analysis.models import Media, Run
from analysis.uploads.incoming import Incoming, Received
from analysis.uploads.names import display_name
from analysis.uploads.places import flush_folder, media_root, place_of
from analysis.uploads.probing import Found, look_into

logger = logging.getLogger(__name__)
_COPY_BYTES = 2**20


@dataclass(frozen=True)
class Description:
    """What the sender says about a file. `detectors` None: do not examine it; empty: the usual ones.

    `stress_seconds`: the verdict is stressed, and that may take so long.
    """

    filename: str
    description: str = ""
    external_id: str = ""
    detectors: Sequence[str] | None = ()
    stress_seconds: int | None = None


@dataclass(frozen=True)
class Kept:
    """A file on record, and the run that was started for it."""

    media: Media
    run: Run | None


@dataclass(frozen=True)
class Seen:
    """What has to be known of a received file, and takes too long for a transaction.

    `twin`: where the same bytes are stored already.
    """

    found: Found
    twin: Path | None


def look(received: Received) -> Seen:
    """Probes a received file and looks for its bytes in the store. Raises OverLimits."""
    return Seen(look_into(received), _twin(received))


def keep(received: Received, said: Description, *, owner: User, seen: Seen | None = None) -> Kept:
    """Takes a received file into the store: probed, checked against the limits, on record, queued.

    `seen` when it was looked at before. All or nothing: raises OverLimits, or whatever the database
    raises, with no row left, and no stored file once the sweep has passed.
    """
    seen = seen or look(received)
    media_id = uuid4()
    path = _store(received, seen.twin, media_id)
    committing = False
    try:
        with transaction.atomic():
            media = _record(media_id, received, seen.found, said, owner)
            run = None
            if said.detectors is not None:
                run = queue.enqueue(
                    media, owner=owner, detectors=said.detectors, stress_seconds=said.stress_seconds
                )
            committing = True
    except BaseException:
        # A commit may have been done though its answer was lost: then the sweep decides, by the row.
        if not committing:
            path.unlink(missing_ok=True)
        raise
    return Kept(media, run)


def adopt_file(path: Path, *, owner: User, filename: str | None = None) -> Media:
    """Copies a file of this machine into the store, as if it had been uploaded; starts no run.

    Raises UploadRefused like an upload, OSError when `path` cannot be read.
    """
    with Incoming(announced_bytes=path.stat().st_size) as incoming, path.open("rb") as source:
        while chunk := source.read(_COPY_BYTES):
            incoming.write(chunk)
        said = Description(filename=filename or path.name, detectors=None)
        return keep(incoming.finish(), said, owner=owner).media


def _store(received: Received, twin: Path | None, media_id: UUID) -> Path:
    """Links the file to its place for good; bytes that are stored already are linked, not stored twice.

    The received name stays until its owner discards it: a commit that fails loses nothing.
    """
    path = media_root() / place_of(media_id)
    path.parent.mkdir(mode=0o700, exist_ok=True)
    if twin is None or not _linked(twin, path):
        received.path.chmod(0o440)
        os.link(received.path, path)
    flush_folder(path.parent)
    return path


def _linked(twin: Path, path: Path) -> bool:
    try:
        os.link(twin, path)
    except OSError:  # being deleted, or at its limit of links
        return False
    return True


def _twin(received: Received) -> Path | None:
    known = Media.objects.filter(sha256=received.sha256, size_bytes=received.size_bytes)
    paths = known.order_by("-created").values_list("path", flat=True)[:3]
    return next((path for path in map(media_root().joinpath, paths) if _holds(path, received)), None)


def _holds(path: Path, received: Received) -> bool:
    """Whether a stored file still is what it was: the good bytes that were just sent are about to be let go."""
    try:
        with path.open("rb") as file:
            same_size = os.fstat(file.fileno()).st_size == received.size_bytes
            same = same_size and hashlib.file_digest(file, "sha256").hexdigest() == received.sha256
    except OSError:
        return False
    if not same:
        logger.error("the stored file %s is damaged: its bytes are not those of its hash", path)
    return same


def _record(media_id: UUID, received: Received, found: Found, said: Description, owner: User) -> Media:
    return Media.objects.create(
        id=media_id,
        owner=owner,
        kind=found.kind,
        filename=display_name(said.filename),
        media_type=found.media_type,
        description=said.description,
        external_id=said.external_id,
        sha256=received.sha256,
        size_bytes=received.size_bytes,
        path=place_of(media_id),
        facts=None if found.probe is None else dataclasses.asdict(found.probe),
    )
