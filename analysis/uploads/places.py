"""Where files lie under `ASSAY_HOME`. Names chosen by people never become part of a path."""

import os
import shutil
from pathlib import Path
from uuid import UUID

from django.conf import settings

from analysis.uploads.refusals import NoSpace


def media_root() -> Path:
    """The folder that `Media.path` is relative to."""
    return Path(settings.ASSAY_HOME) / "media"


def evidence_root() -> Path:
    """The folder that `Evidence.path` is relative to."""
    return Path(settings.ASSAY_HOME) / "evidence"


def evidence_of(run_id: UUID) -> Path:
    """The folder of everything detectors left of a run, on record or not."""
    return evidence_root() / str(run_id)


def scratch_root() -> Path:
    """Where workers keep what they need for one run only; made when missing, closed to other users of the machine."""
    folder = Path(settings.ASSAY_HOME) / "scratch"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return folder


def incoming_root() -> Path:
    """Where files lie that are not Media yet; made when missing, closed to other users of the machine."""
    folder = media_root() / "incoming"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return folder


def place_of(media_id: UUID) -> str:
    """The path of a Media, relative to `media_root`; spread over 256 folders."""
    return f"{media_id.hex[:2]}/{media_id}"


def require_space(size_bytes: int) -> None:
    """Raises NoSpace when `size_bytes` more would leave less than the reserve for database and Redis."""
    free_bytes = shutil.disk_usage(incoming_root()).free
    if free_bytes - size_bytes < settings.RESERVED_DISK_BYTES:
        raise NoSpace(
            f"The server's disk has {free_bytes // 2**20} MB free, too little for this file. "
            "Nothing was kept; ask whoever runs this desk to make room."
        )


def flush_folder(folder: Path) -> None:
    """Makes names in `folder` survive a power cut."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
