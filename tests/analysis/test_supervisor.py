"""What a supervisor does about slots and leases when something else is broken."""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from itertools import pairwise
from typing import Any
from uuid import UUID

import pytest
from django.db import connection
from django.utils import timezone

from analysis import queue
from analysis.models import Run, RunLease, Worker
from analysis.worker import rows
from analysis.worker.plan import Plan
from analysis.worker.supervisor import Supervisor
from analysis.worker.watch import DIED
from realtime import jobs
from realtime.models import Job
from tests.analysis.test_queue import take
from tests.factories import make_media
from tests.waiting import wait_until

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def supervisor(transactional_db: None) -> Iterator[Supervisor]:
    """One without slots."""
    supervisor = Supervisor(Plan(("media",), "cpu", slots=0, once=False))
    Worker.objects.create(id=supervisor.worker, host="here", pid=1, device="cpu")
    yield supervisor
    supervisor._end()


@pytest.fixture
def run(supervisor: Supervisor) -> Run:
    """A run in the hands of its slot 0."""
    media = make_media()
    run = queue.enqueue(media, owner=media.owner)
    take(run, supervisor.worker)
    return run


@dataclass(frozen=True)
class Idle(Plan):
    """Slots that do nothing for a while."""

    def command(self, worker: UUID, slot: int) -> list[str]:
        return ["sleep", "5"]


def state(run: Run) -> str:
    run.refresh_from_db()
    return run.state


def test_leases_that_ran_out_with_the_database_away_are_not_taken_for_the_dead(
    supervisor: Supervisor, run: Run, settings: Any
) -> None:
    RunLease.objects.update(expires=timezone.now() - timedelta(seconds=1))
    _cut_own_connection()
    now = time.monotonic()

    supervisor._tick(now)
    supervisor._tick(now + settings.LEASE_SECONDS - 1)
    early = state(run)
    supervisor._tick(now + settings.LEASE_SECONDS + 1)

    assert (early, state(run)) == ("running", "queued")


def test_a_worker_with_long_leases_is_never_taken_for_lost(
    supervisor: Supervisor, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.LEASE_SECONDS = 120
    supervisor._signed_on = True
    beats: list[float] = []
    start = time.monotonic()

    for seconds in range(60):
        monkeypatch.setattr(rows, "beat", lambda *_, now=seconds: beats.append(now))
        supervisor._tick(start + seconds)

    pauses = [after - before for before, after in pairwise([*beats, 60])]
    assert max(pauses) < Worker.LOST_AFTER.total_seconds() / 2


def test_a_process_that_does_not_die_at_once_holds_up_nothing(
    supervisor: Supervisor, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    supervisor.plan = Idle(("media",), "cpu", slots=1, once=False)
    supervisor._starts = {0: 0.0}
    supervisor._tick(time.monotonic())
    stuck = supervisor._children[0]
    with monkeypatch.context() as deaf:
        deaf.setattr(stuck, "kill", lambda: None)
        supervisor._kill(stuck, DIED)
    supervisor._tick(time.monotonic())

    early = (state(run), stuck.is_alive, list(supervisor._children))
    stuck.kill()
    wait_until(lambda: not stuck.is_alive, what="the process is gone")
    supervisor._tick(time.monotonic())
    supervisor._tick(time.monotonic())

    assert early == ("queued", True, [])
    assert supervisor._children[0].is_alive


def _cut_own_connection() -> None:
    other = connection.copy()
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        backend = cursor.fetchone()[0]
    with other.cursor() as cursor:
        cursor.execute("SELECT pg_terminate_backend(%s)", [backend])
    other.close()


def silent_job(**silent: float) -> Job:
    job = jobs.create(make_media().owner, "nightly", silent_seconds=60)
    Job.objects.filter(pk=job.pk).update(reported=timezone.now() - timedelta(**silent))
    return job


@pytest.mark.parametrize(("minutes", "told"), [(0.5, "queued"), (1.5, "stalled"), (3, "failed")])
def test_jobs_that_fell_silent_are_noticed(supervisor: Supervisor, minutes: float, told: str) -> None:
    job = silent_job(minutes=minutes)

    supervisor._tick(time.monotonic())

    job.refresh_from_db()
    assert job.state == told


def test_jobs_that_cannot_be_looked_after_leave_runs_alone(
    supervisor: Supervisor, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    RunLease.objects.update(expires=timezone.now() - timedelta(seconds=1))
    monkeypatch.setattr(Job.objects, "filter", lambda *_, **__: 1 / 0)

    supervisor._tick(time.monotonic())

    assert state(run) == "queued"
