"""Real workers with detectors that misbehave, and what their runs tell."""

import os
import signal
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from analysis import queue
from analysis.models import Media, Run, Worker
from analysis.uploads import adopt_file
from realtime.models import Event
from tests.clips import write_video
from tests.factories import make_user
from tests.product import ROOT, Program
from tests.waiting import wait_until

ENDED = ("succeeded", "failed", "cancelled")


def install_plugin(folder: Path, module: str = "trouble") -> dict[str, str]:
    """Installs such detectors the way any plug-in is; the environment of whoever should see them."""
    info = folder / f"assay_{module}-1.0.dist-info"
    info.mkdir(parents=True, exist_ok=True)
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: assay-{module}\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(f"[assay.detectors]\n{module} = tests.{module}_detectors\n")
    return {"PYTHONPATH": f"{folder}{os.pathsep}{ROOT}"}


def make_clip(folder: Path, *, seconds: float = 4.0) -> Media:
    """A drawn video on record, with its file."""
    path = folder / f"clip-{seconds}.mp4"
    write_video(path, seconds=seconds)
    return adopt_file(path, owner=make_user())


def ask(media: Media, *detectors: str) -> Run:
    """Queues an examination."""
    return queue.enqueue(media, owner=media.owner, detectors=detectors)


def wait_for_worker(program: Program, *, limit: float = 60.0, slots: int = 1) -> Worker:
    """The row of a worker whose slots are up."""

    def up() -> Worker | None:
        assert program.alive(), program.log()
        row = Worker.objects.filter(pid=program.pid, stopped=None).first()
        return row if row and len(row.slots) == slots else None

    return wait_until(up, limit=limit, what="the worker's slots are up")


def wait_for_state(run: Run, *states: str, limit: float = 40.0) -> Run:
    """The run once it is in one of these states."""

    def reached() -> bool:
        run.refresh_from_db()
        return run.state in states

    wait_until(reached, limit=limit, what=f"run is {' or '.join(states)}")
    return run


def wait_for_line(run: Run, kind: str, *, subject: str = "", attempt: int = 1, limit: float = 40.0) -> Event:
    """The first event of that type in that attempt."""
    lines = Event.objects.filter(topic=run.topic_id, type=kind, attempt=attempt)
    if subject:
        lines = lines.filter(subject=subject)
    return wait_until(lambda: lines.order_by("seq").first(), limit=limit, what=f"{kind} {subject}")


def events(run: Run) -> list[Event]:
    """All events of the run's topic."""
    return list(Event.objects.filter(topic=run.topic_id).order_by("seq"))


def told(run: Run) -> list[str]:
    """Their types."""
    return [event.type for event in events(run)]


def slot_pid(worker: Worker, number: int = 0) -> int:
    """The process of a slot, as the worker's row says now."""
    worker.refresh_from_db()
    return next(int(slot["pid"]) for slot in worker.slots if slot["slot"] == number)


def kill_9(pid: int) -> None:
    """kill -9 of one process."""
    os.kill(pid, signal.SIGKILL)


def assert_sound_log(run: Run) -> None:
    """One ending, at the end; no gap, no duplicate; attempts never go back; progress never within one."""
    lines = events(run)
    assert [line.seq for line in lines] == list(range(1, len(lines) + 1))
    endings = [line for line in lines if line.type in {f"run.{state}" for state in ENDED}]
    assert [line.seq for line in endings] == [len(lines)], told(run)
    assert endings[0].data["last_seq"] == len(lines)
    attempts = [line.attempt for line in lines if line.attempt is not None]
    assert attempts == sorted(attempts)
    _assert_progress_grows(lines)


def _assert_progress_grows(lines: list[Event]) -> None:
    done: dict[tuple[int | None, str], int] = {}
    for line in lines:
        if line.type == "run.progressed":
            key = (line.attempt, line.subject)
            assert line.data["done"] >= done.get(key, 0), line.body
            done[key] = line.data["done"]


def result(run: Run, detector: str) -> Mapping[str, Any]:
    """The result on record of the latest attempt."""
    found = run.results.filter(detector=detector).order_by("attempt").last()
    assert found, f"no result of {detector}"
    return {"score": found.score, "reason": found.reason, "detail": found.detail, "attempt": found.attempt}
