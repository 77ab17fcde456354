"""Slots for cameras: one when one waits, none beyond the most, none when none waits."""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from accounts.models import User
from analysis import queue
from analysis.cameras import keeping
from analysis.models import Worker
from analysis.queue import Attempt
from analysis.worker.cameras import IDLE_SECONDS, CameraSupervisor
from analysis.worker.plan import Plan
from tests.analysis.cameras.conftest import MakeCamera
from tests.waiting import wait_until

pytestmark = pytest.mark.django_db(transaction=True)
READY = '{"ready": true, "device": "cpu", "run": null, "attempt": 0, "seen": 0, "in_feed": "", "stressing": false}'


@dataclass(frozen=True)
class Ready(Plan):
    """Slots that say they are ready, and end when they are told to stop."""

    def command(self, worker: UUID, slot: int) -> list[str]:
        return ["sh", "-c", f"echo '{READY}'; while read order; do [ \"$order\" = stop ] && exit 0; done"]


@dataclass(frozen=True)
class Dying(Plan):
    """Slots that end at once."""

    def command(self, worker: UUID, slot: int) -> list[str]:
        return ["false"]


def supervisor_of(plan: Plan) -> Iterator[CameraSupervisor]:
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM procrastinate_jobs")
    supervisor = CameraSupervisor(plan)
    yield supervisor
    supervisor._end()


@pytest.fixture
def supervisor(transactional_db: None) -> Iterator[CameraSupervisor]:
    """One with two slots at most."""
    yield from supervisor_of(Ready(("camera",), "cpu", slots=2, once=False))


@pytest.fixture
def unlucky(transactional_db: None) -> Iterator[CameraSupervisor]:
    """One whose slots die."""
    yield from supervisor_of(Dying(("camera",), "cpu", slots=1, once=False))


def turn(supervisor: CameraSupervisor, *, at: float = 0.0) -> None:
    """One turn of its loop; `at` seconds from now."""
    supervisor._next_demand = 0.0
    supervisor._look()
    supervisor._tick(time.monotonic() + at)


def test_without_cameras_it_is_alive_and_has_no_slot(supervisor: CameraSupervisor) -> None:
    turn(supervisor)
    turn(supervisor)

    worker = Worker.objects.get(pk=supervisor.worker)
    assert (worker.queues, worker.slots, supervisor._children) == (["camera"], [], {})
    assert not supervisor._over()


def test_uploads_do_not_count_on_a_worker_for_cameras(supervisor: CameraSupervisor) -> None:
    turn(supervisor)

    assert not Worker.objects.examining().exists()


def test_a_camera_that_waits_gets_a_slot(supervisor: CameraSupervisor, make_camera: MakeCamera) -> None:
    make_camera(enabled=True)

    for _ in range(3):
        turn(supervisor)

    assert sorted(supervisor._children) == [0]


def test_cameras_beyond_the_slots_wait(supervisor: CameraSupervisor, make_camera: MakeCamera) -> None:
    for _ in range(5):
        make_camera(enabled=True)

    for _ in range(3):
        turn(supervisor)

    assert sorted(supervisor._children) == [0, 1]
    assert queue.waiting("camera") == 5


def test_a_slot_nobody_needs_ends(
    supervisor: CameraSupervisor, make_camera: MakeCamera, analyst: User
) -> None:
    camera = make_camera(enabled=True)
    turn(supervisor)
    turn(supervisor)
    wait_until(lambda: (turn(supervisor), all(c.going for c in supervisor._children.values()))[1])

    keeping.disable(camera, by=analyst)
    turn(supervisor)
    assert sorted(supervisor._children) == [0]
    turn(supervisor, at=IDLE_SECONDS + 1)

    wait_until(lambda: (turn(supervisor), not supervisor._children and not supervisor._dying)[1])
    assert supervisor._starts == {}


def test_slots_that_die_at_once_are_started_later_each_time(
    unlucky: CameraSupervisor, make_camera: MakeCamera
) -> None:
    make_camera(enabled=True)

    wait_until(lambda: (turn(unlucky), unlucky._deaths.get(0) == 2)[1])

    assert unlucky._rests[0] - time.monotonic() > 2
    assert unlucky._unused(time.monotonic()) == []


def test_a_slot_whose_run_is_gone_is_told_to_stop(
    supervisor: CameraSupervisor, make_camera: MakeCamera, monkeypatch: pytest.MonkeyPatch
) -> None:
    camera = make_camera(enabled=True)
    turn(supervisor)
    turn(supervisor)
    [child] = supervisor._children.values()
    gone = Attempt(camera.runs.get().pk, 7)
    child.report = child.report.__class__(ready=True, run=gone.run, attempt=7, seen=1)

    supervisor._beat()

    assert gone in child.cancel_by


@pytest.mark.parametrize("queues", ["media,camera", "cameras"])
def test_a_worker_examines_or_watches(queues: str, settings: Any) -> None:
    with pytest.raises(CommandError):
        call_command("runworker", "--queue", queues)
