"""What tests of dialect sockets share: jobs that report, runs that move, and what their watchers were told."""

from collections.abc import Callable
from typing import Any

from accounts.models import User
from analysis import queue
from analysis.models import Run
from realtime import jobs, log
from realtime.jobs import Report
from realtime.log import Draft
from realtime.readers import ask
from tests.factories import make_media
from tests.realtime.conftest import Watcher

Frame = dict[str, Any]


async def report(owner: User, job_id: str, *progress: float, **metadata: Any) -> None:
    """Reports of a job, one after the other."""
    for value in progress:
        await ask(jobs.report, owner, job_id, Report("encoding", value, f"At {value}.", metadata or None))


async def queued_run(**fields: Any) -> Run:
    """A run that waits for a worker, its first line written."""
    media = await ask(make_media, **fields)
    return await ask(queue.enqueue, media, owner=media.owner)


async def tell(run: Run, *drafts: Draft) -> None:
    """What a worker would write."""
    await ask(log.append, run.topic_id, drafts, run=run.pk, attempt=1)


def succeeded() -> Draft:
    data = {"attempt": 1, "outcome": "no_signs", "sentence": "No signs.", "why": "", "limit": ""}
    return Draft("run.succeeded", "No signs.", data, ending=True)


def failed() -> Draft:
    data = {"attempt": 1, "code": "reader_lost", "error": "It died.", "filename": "a.mp4"}
    return Draft("run.failed", "It died.", data, ending=True)


def retried() -> Draft:
    return Draft("run.retried", "Asked for again.", {"attempt": 2, "reason": "asked for by a person"})


async def until(watcher: Watcher, wanted: Callable[[Frame], Any]) -> list[Frame]:
    """Reads until a frame is the wanted one; all that were read since the socket opened."""
    while not (watcher.frames and wanted(watcher.frames[-1])):
        await watcher.read()
    return watcher.frames


def states(frames: list[Frame]) -> list[Frame]:
    """The frames of the jobs dialect that say where a job is."""
    return [frame for frame in frames if "status" in frame]


def at(progress: float) -> Callable[[Frame], bool]:
    return lambda frame: frame.get("progress") == progress


def has_status(status: str) -> Callable[[Frame], bool]:
    return lambda frame: frame.get("status") == status


def at_seq(seq: int) -> Callable[[Frame], bool]:
    return lambda frame: frame.get("seq") == seq
