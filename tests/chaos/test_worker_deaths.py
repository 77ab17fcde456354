"""Workers killed, stopped and cut off at random points: every run ends once, and its log is sound."""

import os
import random
import signal
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import pytest
from django.db import connection

from analysis.models import Run
from analysis.queue import engine
from config.engines.programs import redis_program
from realtime import chain
from realtime.models import Event, Mark, Topic
from tests.flows import workers
from tests.product import Program
from tests.waiting import wait_until

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(300)]
SEED = 20261121
LEASE_SECONDS = 4
# lease + 10 s are promised; a new slot imports torch while other tests use the same cores
SHARED_CORES = 3


@pytest.fixture
def env(tmp_path: Path) -> dict[str, str]:
    limits = {"ASSAY_LEASE_SECONDS": str(LEASE_SECONDS), "ASSAY_MAX_CLAIMS": "20"}
    return workers.install_plugin(tmp_path / "plugins") | limits


def assert_sound(run: Run) -> None:
    workers.assert_sound_log(run)
    assert chain.verify(run.topic_id).ok


def test_runs_end_once_however_often_slot_and_supervisor_are_killed(
    start_worker: Callable[..., Program], env: dict[str, str], tmp_path: Path
) -> None:
    dice = random.Random(SEED)  # noqa: S311  # a seed makes a failure repeatable
    clip = workers.make_clip(tmp_path, seconds=16)
    program = start_worker("--device", "cpu", **env)
    runs = [workers.ask(clip, "slow", "metadata") for _ in range(2)]

    for _ in range(5):
        target = Event.objects.count() + dice.randrange(1, 12)
        wait_until(partial(_told_or_ended, runs, target), limit=60, what=f"{target} events")
        if _all_ended(runs):
            runs.append(workers.ask(clip, "slow", "metadata"))
        if dice.random() < 0.6:
            workers.kill_9(workers.slot_pid(workers.wait_for_worker(program)))
        else:
            program.kill()
            program = start_worker("--device", "cpu", **env)
    for run in runs:
        workers.wait_for_state(run, "succeeded", "failed", "cancelled", limit=90)

    for run in runs:
        assert run.state == "succeeded", run.error_message
        assert_sound(run)


def _told_or_ended(runs: list[Run], target: int) -> bool:
    return Event.objects.count() >= target or _all_ended(runs)


def _all_ended(runs: list[Run]) -> bool:
    return all(run.state in workers.ENDED for run in Run.objects.filter(pk__in=[run.pk for run in runs]))


def test_a_killed_slots_run_goes_on_in_a_new_slot(
    start_worker: Callable[..., Program], env: dict[str, str], tmp_path: Path
) -> None:
    program = start_worker("--device", "cpu", **env)
    run = workers.ask(workers.make_clip(tmp_path, seconds=8), "slow")
    workers.wait_for_line(run, "run.progressed")

    workers.kill_9(workers.slot_pid(workers.wait_for_worker(program)))

    workers.wait_for_line(run, "run.started", attempt=2, limit=(LEASE_SECONDS + 10) * SHARED_CORES)
    workers.wait_for_state(run, "succeeded", "failed")
    assert_sound(run)


def test_a_killed_supervisors_run_goes_on_in_another_worker(
    start_worker: Callable[..., Program], env: dict[str, str], tmp_path: Path
) -> None:
    programs = [start_worker("--device", "cpu", **env) for _ in range(2)]
    for program in programs:
        workers.wait_for_worker(program)
    run = workers.ask(workers.make_clip(tmp_path, seconds=16), "slow")
    workers.wait_for_line(run, "run.progressed")

    run.lease.refresh_from_db()
    next(program for program in programs if program.pid == run.lease.worker.pid).kill()

    workers.wait_for_line(run, "run.started", attempt=2, limit=(LEASE_SECONDS + 10) * SHARED_CORES)
    workers.wait_for_state(run, "succeeded", "failed")
    assert_sound(run)


def test_a_worker_that_slept_through_its_lease_writes_nothing_more(
    start_worker: Callable[..., Program], env: dict[str, str], tmp_path: Path
) -> None:
    sleeper = start_worker("--device", "cpu", **env)
    run = workers.ask(workers.make_clip(tmp_path, seconds=30), "slow")
    workers.wait_for_line(run, "run.progressed")
    slot = workers.slot_pid(workers.wait_for_worker(sleeper))
    for pid in (sleeper.pid, slot):
        os.kill(pid, signal.SIGSTOP)

    start_worker("--device", "cpu", **env)
    workers.wait_for_line(run, "run.started", attempt=2, limit=60)
    for pid in (slot, sleeper.pid):
        os.kill(pid, signal.SIGCONT)

    workers.wait_for_state(run, "succeeded", "failed", limit=60)
    assert run.lease.attempt == 2
    assert_sound(run)


def test_a_run_dispatched_twice_is_examined_once(
    start_worker: Callable[..., Program], env: dict[str, str], tmp_path: Path
) -> None:
    programs = [start_worker("--device", "cpu", **env) for _ in range(2)]
    for program in programs:
        workers.wait_for_worker(program)
    run = workers.ask(workers.make_clip(tmp_path, seconds=8), "slow")
    workers.wait_for_line(run, "run.started")

    engine.dispatch(run.pk)
    wait_until(lambda: not _waiting_jobs(), limit=20, what="the second job was taken")

    workers.wait_for_state(run, "succeeded", "failed")
    assert workers.told(run).count("run.started") == 1
    assert_sound(run)


def test_a_run_that_kills_its_worker_again_and_again_fails_with_the_file_and_the_reason(
    start_worker: Callable[..., Program], env: dict[str, str], tmp_path: Path
) -> None:
    program = start_worker("--device", "cpu", **env | {"ASSAY_MAX_CLAIMS": "2"})
    run = workers.ask(workers.make_clip(tmp_path), "kills")

    workers.wait_for_state(run, "succeeded", "failed", limit=90)

    assert (run.state, run.error_code) == ("failed", "poison_job")
    assert run.error_message.startswith("clip-4.0.mp4: given up after 2 attempts")
    assert_sound(run)
    after = workers.ask(run.media, "calm")
    workers.wait_for_state(after, "succeeded", "failed", limit=60)
    assert program.alive()


def test_a_slot_that_needs_too_much_memory_is_ended(
    start_worker: Callable[..., Program], env: dict[str, str], tmp_path: Path
) -> None:
    limits = {"ASSAY_MAX_CLAIMS": "1", "ASSAY_SLOT_MEMORY_BYTES": str(1 << 30)}
    start_worker("--device", "cpu", **env | limits)
    run = workers.ask(workers.make_clip(tmp_path), "hoards")

    workers.wait_for_state(run, "succeeded", "failed", limit=60)

    assert run.error_code == "poison_job"
    assert "more than the 1024 MB of memory" in run.error_message


def test_cut_database_connections_cost_no_event(
    start_worker: Callable[..., Program], env: dict[str, str], tmp_path: Path
) -> None:
    start_worker("--device", "cpu", **env)
    run = workers.ask(workers.make_clip(tmp_path, seconds=16), "slow", "metadata")

    for done in (8, 24):
        wait_until(partial(_is_done, run, done), limit=60, what=f"{done} frames are done")
        _cut_connections()
    workers.wait_for_state(run, "succeeded", "failed", limit=60)

    assert run.state == "succeeded", run.error_message
    assert run.lease.attempt == 1
    assert_sound(run)


def test_redis_stopped_and_started_during_a_run_loses_no_announcement(
    start_worker: Callable[..., Program], env: dict[str, str], tmp_path: Path
) -> None:
    socket = tmp_path / "redis.sock"
    url = {"REDIS_URL": f"unix://{socket}"}
    with redis_at(socket):
        start_worker("--device", "cpu", **env | url)
        run = workers.ask(workers.make_clip(tmp_path, seconds=16), "slow")
        workers.wait_for_line(run, "run.progressed")
    seen = Topic.objects.get(pk=run.topic_id).head
    wait_until(lambda: Topic.objects.get(pk=run.topic_id).head > seen + 2, limit=20, what="work goes on")

    with redis_at(socket):
        workers.wait_for_state(run, "succeeded", "failed", limit=60)
        wait_until(lambda: _announced(run), limit=40, what="everything was announced")

    assert_sound(run)


@contextmanager
def redis_at(socket: Path) -> Iterator[None]:
    """A Redis of our own, which may be stopped."""
    quiet = ["--port", "0", "--save", "", "--dir", str(socket.parent)]
    command = [str(redis_program()), "--unixsocket", str(socket), *quiet]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    try:
        wait_until(socket.exists, limit=10, what="redis is up")
        yield
    finally:
        process.terminate()
        process.wait(10)
        socket.unlink(missing_ok=True)


def _announced(run: Run) -> bool:
    return Mark.objects.get(topic=run.topic_id).published == Topic.objects.get(pk=run.topic_id).head


def _is_done(run: Run, frames: int) -> bool:
    lines = Event.objects.filter(topic=run.topic_id, type="run.progressed", subject="slow").order_by("seq")
    last = lines.last()
    return bool(last and last.data and last.data["done"] >= frames)


def _waiting_jobs() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM procrastinate_jobs WHERE status = 'todo'")
        return int(cursor.fetchone()[0])


def _cut_connections() -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
