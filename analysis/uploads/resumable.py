"""Uploads in pieces (tus 1.0): what has arrived durably, and the Media it becomes.

A piece first goes to a file of its own. Only when it is complete is the upload's row locked, the offset
compared and the piece copied behind what is there: no lock is held while a slow sender sends, a dead
connection blocks nobody, and of two pieces for the same offset exactly one wins. `offset` is written
after the bytes are on the disk, in the transaction that holds the lock; bytes beyond it are overwritten.
"""

import hmac
import os
from datetime import datetime, timedelta
from pathlib import Path
from uuid import UUID, uuid4

from django.conf import settings
from django.db import transaction
from django.http import UnreadablePostError
from django.utils import timezone

from accounts.models import User
from analysis.connections import let_go
from analysis.models import Upload
from analysis.uploads import running_hashes
from analysis.uploads.incoming import HEAD_BYTES, Received, full_disk_refused, recognised, refuse_size
from analysis.uploads.keeping import Description, keep, look
from analysis.uploads.multipart import Readable
from analysis.uploads.names import display_name
from analysis.uploads.pieces import Checksum, Piece, copy_behind
from analysis.uploads.places import incoming_root, require_space
from analysis.uploads.refusals import EmptyFile, TooLarge, UploadRefused, WrongHash

PIECE_BYTES = 8 * 2**20


class OffsetConflict(Exception):
    """The piece is not the next one; `offset` says which byte is."""

    code = "offset_conflict"

    def __init__(self, offset: int) -> None:
        super().__init__(f"The next byte expected is {offset}. Ask with HEAD where to go on.")
        self.offset = offset


class Gone(Exception):
    """The upload expired, or its file is no longer there."""

    code = "upload_gone"


def begin(
    *, owner: User, length: int, filename: str, metadata: dict[str, object], metadata_as_sent: str = ""
) -> Upload:
    """A new upload of `length` bytes. Raises TooLarge, EmptyFile, NoSpace."""
    refuse_size(length)
    if not length:
        raise EmptyFile("The file is empty: it holds no bytes at all. Was it copied completely?")
    require_space(length)
    upload_id = uuid4()
    path = incoming_root() / f"{upload_id}.tus"
    path.touch(mode=0o600, exist_ok=False)
    return Upload.objects.create(
        id=upload_id,
        owner=owner,
        filename=display_name(filename),
        metadata=metadata,
        metadata_as_sent=metadata_as_sent,
        length=length,
        path=path.name,
        expires=expiry(),
    )


def append(upload: Upload, body: Readable, *, offset: int, checksum: Checksum | None = None) -> Upload:
    """Adds what `body` holds at `offset`; the last piece makes the Media. Returns the upload as it is now.

    What arrived before a sender went away is kept, unless a checksum was to be checked over all of it.
    Raises OffsetConflict, Gone, WrongHash, TooLarge, UnreadablePostError, and what `keep` raises; a file that is
    refused ends its upload.
    """
    _require_alive(upload)
    if offset != upload.offset:
        raise OffsetConflict(upload.offset)
    if upload.media_id is not None:
        return _after_the_end(upload, body)
    room = upload.length - upload.offset
    require_space(room)
    let_go()
    with Piece(upload.id, room=min(room, PIECE_BYTES)) as piece:
        lost = _receive(piece, body, checksum)
        upload = _commit(upload, piece, offset)
    if lost is not None:
        raise lost
    return finish_if_complete(upload)


def finish_if_complete(upload: Upload) -> Upload:
    """Makes the Media when all bytes are here: also what a process that died left to do."""
    return finish(upload) if upload.offset == upload.length else upload


def finish(upload: Upload) -> Upload:
    """Makes the Media of an upload that is complete; harmless when that was done before."""
    if upload.media_id is not None:
        return upload
    try:
        received = _received(upload)
        seen = look(received)
        with transaction.atomic():
            upload = _locked(upload.pk)
            if upload.media_id is None:
                kept = keep(received, described(upload), owner=upload.owner, seen=seen)
                upload.media, upload.run = kept.media, kept.run
                upload.save(update_fields=["media", "run"])
    except FileNotFoundError:
        return _as_another_left_it(upload)
    except UploadRefused:
        end(upload)
        raise
    running_hashes.forget(upload.pk)
    partial_file(upload).unlink(missing_ok=True)
    return upload


def end(upload: Upload) -> None:
    """Ends an upload and frees what it took; the Media it became stays."""
    running_hashes.forget(upload.pk)
    path = partial_file(upload)
    upload.delete()
    path.unlink(missing_ok=True)


def described(upload: Upload) -> Description:
    """What the sender said when the upload began."""
    said = upload.metadata
    return Description(
        filename=upload.filename,
        description=said.get("description", ""),
        detectors=said.get("detectors", []) if said.get("analyze", True) else None,
        stress_seconds=said.get("stress_seconds"),
    )


def partial_file(upload: Upload) -> Path:
    """Where the bytes of an unfinished upload lie."""
    return incoming_root() / upload.path


def expiry() -> datetime:
    """When an upload ends that hears nothing from now on."""
    return timezone.now() + timedelta(hours=settings.UPLOAD_EXPIRES_HOURS)


def _require_alive(upload: Upload) -> None:
    if upload.media_id is None and (upload.expires <= timezone.now() or not partial_file(upload).exists()):
        raise Gone("This upload has expired. Start a new one.")


def _after_the_end(upload: Upload, body: Readable) -> Upload:
    """Nothing is left to add: only an empty piece fits."""
    if body.read(1):
        raise TooLarge("This piece is too long: 0 bytes may be sent at this offset.")
    return upload


def _as_another_left_it(upload: Upload) -> Upload:
    """The upload whose file is gone: another request finished it meanwhile. Raises Gone when it was ended."""
    with transaction.atomic():
        upload = _locked(upload.pk)
    _require_alive(upload)
    return upload


def _receive(piece: Piece, body: Readable, checksum: Checksum | None) -> UnreadablePostError | None:
    """Fills the piece; a sender that went away leaves what can be kept."""
    try:
        piece.fill(body)
    except UnreadablePostError as lost:
        if checksum is not None:
            raise
        return lost
    if checksum is not None:
        piece.check(checksum)
    return None


def _commit(upload: Upload, piece: Piece, offset: int) -> Upload:
    with transaction.atomic():
        upload = _locked(upload.pk)
        if upload.offset != offset:
            raise OffsetConflict(upload.offset)
        with full_disk_refused():
            copy_behind(partial_file(upload), offset, piece)
        upload.offset = offset + piece.size_bytes
        upload.expires = expiry()
        upload.save(update_fields=["offset", "expires"])
    running_hashes.advance(upload.pk, offset, piece)
    _look_early(upload, offset)
    return upload


def _locked(upload_id: UUID) -> Upload:
    upload = Upload.objects.select_for_update(of=("self",)).filter(pk=upload_id).first()
    if upload is None:
        raise Gone("This upload was ended. Start a new one.")
    return upload


def _look_early(upload: Upload, offset: int) -> None:
    """Looks at the head as soon as it is there: who sends no media need not send all of it."""
    if offset < HEAD_BYTES <= upload.offset:
        try:
            with partial_file(upload).open("rb") as file:
                recognised(file.read(HEAD_BYTES))
        except UploadRefused:
            end(upload)
            raise


def _received(upload: Upload) -> Received:
    path = partial_file(upload)
    with path.open("rb") as file:
        sniffed = recognised(file.read(HEAD_BYTES))
        os.fsync(file.fileno())
    if path.stat().st_size > upload.length:
        raise TooLarge("More bytes arrived than were announced. Start a new upload.")
    sha256 = running_hashes.digest(upload.pk, path, upload.length)
    said = str(upload.metadata.get("sha256", sha256))
    if not hmac.compare_digest(said, sha256):
        raise WrongHash(
            "The file that arrived has another SHA-256 than the one that was sent. Send it again."
        )
    return Received(path, sha256, upload.length, sniffed)
