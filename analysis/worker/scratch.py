"""Where a slot keeps altered copies while it looks at them; whoever was killed leaves them to others."""

import logging
import shutil
from datetime import timedelta
from pathlib import Path
from uuid import UUID

from django.utils import timezone

from analysis.models import Worker
from analysis.uploads.places import scratch_root

logger = logging.getLogger(__name__)
# longer than a database may be away from a worker that goes on examining
LET_GO = timedelta(hours=1)


def folder(worker: UUID, slot: int) -> Path:
    """That slot's own, closed to other users of the machine; it may not exist."""
    return scratch_root() / f"{worker}.{slot}"


def clear(worker: UUID, slot: int) -> None:
    """Removes what the process before this one in the slot left."""
    shutil.rmtree(folder(worker, slot), ignore_errors=True)


def sweep(worker: UUID) -> None:
    """Removes what workers left that are gone; `worker` is the one that sweeps."""
    since = timezone.now() - LET_GO
    live = Worker.objects.filter(stopped=None, heartbeat__gt=since).values_list("pk", flat=True)
    known = {str(pk) for pk in live}
    for other in _left():
        owner = other.name.partition(".")[0]
        if owner not in known | {str(worker)}:
            shutil.rmtree(other, ignore_errors=True)


def _left() -> list[Path]:
    try:
        return list(scratch_root().iterdir())
    except OSError as error:
        # a disk that is full or away is no reason to leave runs alone
        logger.warning("nothing was swept: %s", error)
        return []
