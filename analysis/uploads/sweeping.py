"""Removes what nobody finishes or needs: expired uploads, files of dead processes, old notes of plate searches."""

import fcntl
import logging
import shutil
import time
from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from uuid import UUID

from django.db import DatabaseError, connection
from django.utils import timezone

from analysis import plate_searches, snapshots
from analysis.models import Media, Run, Upload
from analysis.uploads.places import evidence_root, incoming_root, media_root
from analysis.uploads.resumable import end

logger = logging.getLogger(__name__)
# Between opening a file and locking it, and between storing a file and committing its row.
FRESH_SECONDS = 60.0
ORPHAN_SECONDS = 3600.0


def sweep() -> int:
    """Removes expired uploads, and files and evidence without an owner; returns how many. Any process may call it."""
    removed = 0
    for upload in Upload.objects.filter(expires__lte=timezone.now(), media=None):
        end(upload)
        removed += 1
    for path in chain(_abandoned(), _orphans(), _forgotten_snapshots()):
        path.unlink(missing_ok=True)
        removed += 1
    for folder in _ownerless(snapshots.root()):
        snapshots.drop_empty(folder)
    for folder in _ownerless(evidence_root()):
        shutil.rmtree(folder, ignore_errors=True)
        removed += 1
    Upload.objects.filter(expires__lte=timezone.now()).delete()
    plate_searches.forget_old()
    if removed:
        logger.info("swept %d unfinished or forgotten files", removed)
    return removed


def sweep_in_background() -> None:
    """The same for a thread of its own: says what went wrong instead of raising it."""
    try:
        sweep()
    except (DatabaseError, OSError) as error:
        logger.warning("unfinished files could not be swept: %r", error)
    finally:
        connection.close()


def _abandoned() -> Iterator[Path]:
    known = set(Upload.objects.filter(media=None).values_list("path", flat=True))
    for path in incoming_root().iterdir():
        if path.name not in known and _age_seconds(path) > FRESH_SECONDS and not _held(path):
            yield path


def _orphans() -> Iterator[Path]:
    root = media_root()
    for folder in root.glob("[0-9a-f][0-9a-f]"):
        old = [path for path in folder.iterdir() if _age_seconds(path) > ORPHAN_SECONDS]
        names = {str(path.relative_to(root)): path for path in old}
        known = set(Media.objects.filter(path__in=names).values_list("path", flat=True))
        yield from (path for name, path in names.items() if name not in known)


def _forgotten_snapshots() -> Iterator[Path]:
    """Pictures no event has: it was deleted and the process died before them, or it never came on record."""
    for folder in snapshots.folders():
        old = [path for path in folder.iterdir() if _age_seconds(path) > ORPHAN_SECONDS]
        yield from snapshots.without_event(old)


def _ownerless(root: Path) -> Iterator[Path]:
    """Folders of runs that are gone: a slot that did not know it had lost its run wrote on after the removal."""
    if not root.is_dir():
        return
    old = [path for path in root.iterdir() if _age_seconds(path) > ORPHAN_SECONDS]
    folders = {run: path for path in old if (run := _uuid(path.name))}
    known = set(Run.objects.filter(pk__in=folders).values_list("pk", flat=True))
    yield from (path for run, path in folders.items() if run not in known)


def _uuid(name: str) -> UUID | None:
    try:
        return UUID(name)
    except ValueError:
        return None


def _age_seconds(path: Path) -> float:
    """Since the name was made or changed; a file that vanished is fresh."""
    try:
        return time.time() - path.stat().st_ctime
    except FileNotFoundError:
        return 0.0


def _held(path: Path) -> bool:
    """Whether a living process receives into this file."""
    try:
        with path.open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except FileNotFoundError:
        return True
    except BlockingIOError:
        return True
    return False
