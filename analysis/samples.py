"""The bundled samples as people examine them: drawn once, then examined like any other file."""

import hashlib
import os
import subprocess
import sys
from functools import lru_cache
from pathlib import Path

from django.conf import settings

from accounts.models import User
from analysis import queue
from analysis.engine.sample import SAMPLES, Sample
from analysis.models import Media, Run
from analysis.uploads import adopt_file

DRAW_SECONDS = 120
BY_FILE = {sample.file: sample for sample in SAMPLES}


class SampleNotDrawn(Exception):
    """The child that draws failed; the sentence says how."""


def folder() -> Path:
    """Where drawn samples are kept."""
    return Path(settings.ASSAY_HOME) / "samples"


def examine(sample: Sample, *, owner: User) -> Run:
    """A run of the sample: the one under way if there is one, else a new one.

    Blocks for some seconds the first time. Raises SampleNotDrawn, UploadRefused and what `queue.enqueue` raises.
    """
    media = stored(draw(sample), owner)
    under_way = media.runs.examinations().filter(owner=owner, state__in=(Run.State.QUEUED, Run.State.RUNNING))
    return under_way.order_by("-created").first() or queue.enqueue(media, owner=owner)


def draw(sample: Sample) -> Path:
    """The sample's file; drawn by a child process, because the web process holds no codecs. Raises SampleNotDrawn."""
    path = folder() / sample.file
    if path.is_file():
        return path
    command = [sys.executable, "-m", "analysis.engine.sample", sample.file, str(folder())]
    environment = {"PATH": os.defpath, "LC_ALL": "C.UTF-8", "OMP_NUM_THREADS": "1"}
    try:
        subprocess.run(  # noqa: S603  # our own interpreter and module, the name is one of ours
            command,
            cwd=settings.BASE_DIR,
            env=environment,
            capture_output=True,
            check=True,
            timeout=DRAW_SECONDS,
        )
    except subprocess.TimeoutExpired as late:
        raise SampleNotDrawn(f"{sample.file} was not drawn within {DRAW_SECONDS} s. Try again.") from late
    except subprocess.CalledProcessError as failed:
        said = failed.stderr.decode(errors="replace").strip().splitlines()[-1:]
        raise SampleNotDrawn(f"{sample.file} could not be drawn: {''.join(said) or failed}") from failed
    return path


def stored(path: Path, owner: User) -> Media:
    """The owner's media with the bytes of a drawn sample; put on record at most once. Raises UploadRefused."""
    known = Media.objects.filter(owner=owner, sha256=_digest(path)).order_by("created").first()
    return known or adopt_file(path, owner=owner)


def shown_by(media: Media) -> Sample | None:
    """The sample whose bytes this media has, so that its page can say what to learn from it."""
    sample = BY_FILE.get(media.filename)
    path = folder() / media.filename
    if sample is None or not path.is_file() or _digest(path) != media.sha256:
        return None
    return sample


def _digest(path: Path) -> str:
    found = path.stat()
    return _digest_of(path, found.st_mtime_ns, found.st_size)


@lru_cache(maxsize=16)
def _digest_of(path: Path, mtime_ns: int, size_bytes: int) -> str:  # a file drawn anew is hashed anew
    return hashlib.sha256(path.read_bytes()).hexdigest()
