"""Keeps the snapshots of what footage sessions tell.

A picture that cannot be kept costs the event nothing: its data says why there is none.
"""

import errno
import hashlib
import logging
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, replace

from django.conf import settings

from analysis import snapshots
from analysis.engine.types import FootageTold, MotionTold, Observation, PlateTold, Snapshot, TrackTold
from analysis.queue import Claim
from analysis.recorder.keeping import write_whole

logger = logging.getLogger(__name__)
DISK_FULL, NOT_WRITABLE = "disk_full", "not_writable"


@dataclass(frozen=True)
class Pictured:
    """What was told, without the picture, and what its event says of it."""

    told: FootageTold
    snapshot: Mapping[str, str]


def pictured(claim: Claim, observation: Observation) -> Observation | Pictured:
    """The observation; where it has a snapshot, with its files written and itself gone from memory."""
    if not isinstance(observation, MotionTold | TrackTold | PlateTold) or observation.snapshot is None:
        return observation
    bare = replace(observation, snapshot=None)
    if not settings.ENABLE_SNAPSHOTS:
        return bare
    return Pictured(bare, _kept(claim, observation.snapshot))


def _kept(claim: Claim, snapshot: Snapshot) -> dict[str, str]:
    path = snapshots.new_path(claim.run, claim.attempt)
    try:
        _write(path, snapshot)
    except OSError as error:
        logger.warning("a snapshot of run %s could not be kept: %s", claim.run, error.strerror)
        return {"missing": DISK_FULL if error.errno in (errno.ENOSPC, errno.EDQUOT) else NOT_WRITABLE}
    return {
        "path": path,
        "sha256": hashlib.sha256(snapshot.boxed).hexdigest(),
        "clean_sha256": hashlib.sha256(snapshot.clean).hexdigest(),
    }


def _write(path: str, snapshot: Snapshot) -> None:
    """Both files or none. Raises OSError, also where the database's reserve would be touched."""
    boxed, clean = snapshots.files(path)
    boxed.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    size_bytes = len(snapshot.boxed) + len(snapshot.clean)
    if shutil.disk_usage(boxed.parent).free - size_bytes < settings.RESERVED_DISK_BYTES:
        raise OSError(errno.ENOSPC, "too little would be left for the database")
    write_whole(clean, snapshot.clean)
    try:
        write_whole(boxed, snapshot.boxed)
    except OSError:
        clean.unlink(missing_ok=True)
        raise
