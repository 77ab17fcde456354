"""A worker process and a run, from the queue to the outcome."""

import json
import os
import signal
from collections.abc import Callable
from pathlib import Path

import pytest
from django.conf import settings

from analysis.models import DetectorCard, Evidence, Media, RunLease, Worker
from tests.flows import workers
from tests.product import Program
from tests.waiting import wait_until

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def plugin(tmp_path: Path) -> dict[str, str]:
    return workers.install_plugin(tmp_path / "plugins")


@pytest.fixture
def clip(transactional_db: None, tmp_path: Path) -> Media:
    return workers.make_clip(tmp_path)


@pytest.fixture
def worker(start_worker: Callable[..., Program], plugin: dict[str, str]) -> Program:
    return start_worker("--device", "cpu", **plugin)


def test_a_clip_is_examined_and_everything_is_on_record(worker: Program, clip: Media) -> None:
    run = workers.ask(clip, "calm", "metadata")

    workers.wait_for_state(run, "succeeded", "failed")

    assert run.state == "succeeded", run.error_message
    workers.assert_sound_log(run)
    assert workers.result(run, "calm")["score"] == 0.25
    made = Evidence.objects.get(run=run, detector="calm", kind="note")
    assert (Path(settings.ASSAY_HOME) / "evidence" / made.path).read_bytes().startswith(b"\x89PNG")
    ending = workers.wait_for_line(run, "detector.finished", subject="calm")
    addresses = {kept["kind"]: kept["address"] for kept in ending.data["evidence"]}
    assert addresses["note"] == f"/api/v1/evidence/{made.pk}/"
    assert "scores" in addresses
    assert ending.data["assessment"]["coverage"] == {"scored": 20, "sampled": 20, "unit": "frames"}


def test_a_detector_that_raises_or_gives_nan_fails_alone(worker: Program, clip: Media) -> None:
    run = workers.ask(clip, "raises", "nan", "calm")

    workers.wait_for_state(run, "succeeded", "failed")

    assert run.state == "succeeded", run.error_message
    assert workers.result(run, "calm")["score"] == 0.25
    assert workers.result(run, "raises")["reason"] == "detector_failed"
    assert workers.result(run, "nan")["reason"] == "detector_failed"
    failed = [line.subject for line in workers.events(run) if line.type == "detector.failed"]
    assert sorted(failed) == ["nan", "raises"]
    assert "NaN" not in json.dumps([line.body for line in workers.events(run)])


def test_a_detector_that_hangs_is_left_out_and_the_run_goes_on(
    start_worker: Callable[..., Program], plugin: dict[str, str], clip: Media
) -> None:
    start_worker("--device", "cpu", ASSAY_STALL_SECONDS="3", **plugin)
    run = workers.ask(clip, "hangs", "calm")

    workers.wait_for_state(run, "succeeded", "failed", limit=80)

    assert run.state == "succeeded", run.error_message
    assert workers.result(run, "calm")["score"] == 0.25
    assert workers.result(run, "hangs") == {
        "score": None,
        "reason": "detector_failed",
        "detail": "hangs made no progress for 3 s and is left out.",
        "attempt": 2,
    }
    workers.assert_sound_log(run)


@pytest.mark.parametrize("detector", ["slow", "hangs"])
def test_a_running_run_is_cancelled_within_two_seconds(worker: Program, clip: Media, detector: str) -> None:
    run = workers.ask(clip, detector)
    workers.wait_for_line(run, "detector.started")

    workers.queue.request_cancel(run, by=clip.owner)

    workers.wait_for_state(run, "cancelled", limit=2.5)
    workers.assert_sound_log(run)
    after = workers.ask(clip, "calm")
    workers.wait_for_state(after, "succeeded")


def test_a_slot_whose_detector_does_not_stop_is_replaced(worker: Program, clip: Media) -> None:
    row = workers.wait_for_worker(worker)
    before = workers.slot_pid(row)
    run = workers.ask(clip, "hangs")
    workers.wait_for_line(run, "detector.started")

    workers.queue.request_cancel(run, by=clip.owner)

    workers.wait_for_state(run, "cancelled", limit=2.5)
    wait_until(lambda: not _lives(before), limit=10, what="the slot is gone")
    after = workers.ask(clip, "calm")
    workers.wait_for_state(after, "succeeded")
    assert workers.told(after).count("run.started") == 1


def test_each_slot_examines_a_run(
    start_worker: Callable[..., Program], plugin: dict[str, str], clip: Media
) -> None:
    workers.wait_for_worker(start_worker("--device", "cpu", "--slots", "2", **plugin), slots=2)
    runs = [workers.ask(clip, "hangs") for _ in range(2)]

    for run in runs:
        workers.wait_for_line(run, "detector.started")

    assert set(RunLease.objects.values_list("slot", flat=True)) == {0, 1}


def test_what_was_cancelled_is_examined_when_it_is_asked_for_again(worker: Program, clip: Media) -> None:
    run, other = (workers.ask(clip, "slow") for _ in range(2))
    for stopped in (run, other):
        workers.wait_for_line(stopped, "detector.started")
        workers.queue.request_cancel(stopped, by=clip.owner)
        workers.wait_for_state(stopped, "cancelled")

    workers.queue.retry(run, by=clip.owner)

    workers.wait_for_state(run, "succeeded", "failed", "cancelled")
    assert run.state == "succeeded", run.error_message
    assert workers.told(run).count("run.started") == 2


def test_the_runs_of_two_frozen_slots_are_both_cancelled_within_two_seconds(
    start_worker: Callable[..., Program], plugin: dict[str, str], tmp_path: Path
) -> None:
    clip = workers.make_clip(tmp_path, seconds=30)
    row = workers.wait_for_worker(start_worker("--device", "cpu", "--slots", "2", **plugin), slots=2)
    runs = [workers.ask(clip, "slow") for _ in range(2)]
    for run in runs:
        workers.wait_for_line(run, "run.progressed")
    for number in range(2):
        os.kill(workers.slot_pid(row, number), signal.SIGSTOP)

    for run in runs:
        workers.queue.request_cancel(run, by=clip.owner)

    for run in runs:
        workers.wait_for_state(run, "cancelled", limit=2)


def test_sigterm_gives_the_lease_back_and_another_worker_goes_on(
    worker: Program, start_worker: Callable[..., Program], plugin: dict[str, str], tmp_path: Path
) -> None:
    run = workers.ask(workers.make_clip(tmp_path, seconds=30), "slow")
    workers.wait_for_line(run, "detector.started")

    worker.send(signal.SIGTERM)
    wait_until(lambda: not worker.alive(), limit=10, what="the worker has stopped")

    run.refresh_from_db()
    assert (run.state, run.lease.claims) == ("queued", 0)
    assert workers.told(run)[-1] == "run.retried"
    assert Worker.objects.get(pid=worker.pid).stopped is not None
    start_worker("--device", "cpu", "--once", **plugin)
    workers.wait_for_state(run, "succeeded", "failed", limit=60)
    assert run.state == "succeeded", run.error_message
    workers.assert_sound_log(run)


def test_once_works_off_what_waits_and_ends(
    start_worker: Callable[..., Program], plugin: dict[str, str], clip: Media
) -> None:
    runs = [workers.ask(clip, "calm") for _ in range(2)]

    program = start_worker("--device", "cpu", "--once", **plugin)
    wait_until(lambda: not program.alive(), limit=60, what="the worker has ended")

    assert program.process.returncode == 0, program.log()
    for run in runs:
        run.refresh_from_db()
        assert run.state == "succeeded", run.error_message


def test_the_supervisor_loads_nothing_heavy_and_publishes_the_cards(worker: Program) -> None:
    row = workers.wait_for_worker(worker)

    slot = workers.slot_pid(row)
    assert [name for name in ("libtorch", "/av/", "cv2") if name in _loaded(worker.pid)] == []
    assert "libtorch" in _loaded(slot)
    cards = {card.name: card for card in DetectorCard.objects.all()}
    assert cards["calm"].available
    assert not cards["meso4"].available
    assert "not installed" in cards["meso4"].reason


def test_only_supervisor_and_slots_are_called_runworker(worker: Program, clip: Media) -> None:
    workers.wait_for_worker(worker)
    workers.wait_for_line(workers.ask(clip, "slow"), "detector.started")

    named = [pid for pid in _tree(worker.pid) if b"runworker" in Path(f"/proc/{pid}/cmdline").read_bytes()]

    assert len(named) == 2


def test_a_slot_dies_with_its_supervisor(worker: Program) -> None:
    slot = workers.slot_pid(workers.wait_for_worker(worker))

    worker.kill()

    wait_until(lambda: not _lives(slot), limit=5, what="the slot is gone")


def _tree(pid: int) -> list[int]:
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [pid, *(found for child in children for found in _tree(int(child)))]


def _loaded(pid: int) -> str:
    return Path(f"/proc/{pid}/maps").read_text()


def _lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return "\nState:\tZ" not in Path(f"/proc/{pid}/status").read_text()
