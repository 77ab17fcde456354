"""Runs of cameras in the queue: one at a time, in the camera's log, lost and taken up again."""

import os
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import pytest
from django.db import connection, transaction
from django.utils import timezone

from accounts.models import User
from analysis import queue, snapshots
from analysis.cameras import keeping
from analysis.cameras.states import statuses
from analysis.engine.registry import Registry
from analysis.engine.weights import WeightStore
from analysis.errors import LeaseLost
from analysis.models import Camera, Result, Run, RunLease, Sighting, Worker
from analysis.queue import Claim, Loss, engine
from analysis.queue.watches import WELL_AFTER
from analysis.recorder.keeping import clear_leftovers
from analysis.worker.slot import Line
from analysis.worker.watcher import Session, Watcher
from realtime import log
from realtime.log import Draft
from realtime.models import Event
from tests.analysis.cameras.conftest import MakeCamera
from tests.factories import make_media
from tests.waiting import wait_until

pytestmark = pytest.mark.django_db(transaction=True)
DIED = Loss("Its worker process died; another one goes on.")


@pytest.fixture(autouse=True)
def _no_jobs(db: None) -> None:
    """The engine's tables are not emptied between tests."""
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM procrastinate_jobs")


@pytest.fixture
def worker(db: None) -> Worker:
    return Worker.objects.create(host="here", pid=1, device="cpu", queues=["camera"])


def jobs() -> list[tuple[str, str]]:
    """What waits in the engine, as (queue, run)."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT queue_name, args->>'run_id' FROM procrastinate_jobs WHERE status = 'todo' ORDER BY id"
        )
        return list(cursor.fetchall())


def types(camera: Camera) -> list[str]:
    return list(Event.objects.filter(topic=camera.topic_id).order_by("seq").values_list("type", flat=True))


def claimed(run: Run, worker: Worker, slot: int = 0) -> Claim:
    # the engine has handed its job to the slot
    engine.forget(run.pk)
    claim = queue.claim(run.pk, worker=worker.pk, slot=slot)
    assert claim
    return claim


def newest(camera: Camera) -> Run:
    return camera.runs.order_by("-created").first()  # type: ignore[return-value]  # there is one


def test_cameras_wait_in_a_queue_of_their_own(make_camera: MakeCamera, analyst: User) -> None:
    camera = make_camera(enabled=True)
    examined = queue.enqueue(make_media(owner=analyst), owner=analyst)

    assert jobs() == [("camera", str(newest(camera).pk)), ("media", str(examined.pk))]


def test_a_claim_names_the_camera_and_what_to_look_for(make_camera: MakeCamera, worker: Worker) -> None:
    camera = make_camera(enabled=True, settings={"detectors": ["motion"]})

    claim = claimed(newest(camera), worker)

    assert (claim.camera, claim.filename, claim.path) == (camera.pk, camera.key, "")
    assert (claim.detectors, claim.topic, claim.kind) == (("motion",), camera.topic_id, "camera")


def test_enabled_twice_it_is_watched_once(make_camera: MakeCamera, analyst: User) -> None:
    camera = make_camera(enabled=True)

    keeping.enable(camera, by=analyst)

    assert camera.runs.count() == 1


def test_a_changed_camera_is_watched_anew_in_the_same_log(
    make_camera: MakeCamera, analyst: User, worker: Worker
) -> None:
    camera = make_camera(enabled=True)
    first = newest(camera)
    claim = claimed(first, worker)

    keeping.change(camera, {"settings": {"max_fps": 3}}, by=analyst)

    second = newest(camera)
    assert (second.pk != first.pk, second.topic_id) == (True, camera.topic_id)
    # as long as the first is at the camera, the second is not, and no slot is started for it
    assert queue.claim(second.pk, worker=worker.pk, slot=1) is None
    assert (str(second.pk) in str(jobs())) is False
    queue.cancelled(claim)
    assert jobs()[-1] == ("camera", str(second.pk))
    assert claimed(second, worker).topic == camera.topic_id
    assert types(camera) == ["run.queued", "run.started", "run.queued", "run.cancelled", "run.started"]


@pytest.mark.parametrize("given", [{"name": "North"}, {"notes": "x"}, {"retention_days": 3}])
def test_what_is_only_said_of_a_camera_does_not_disturb_it(
    make_camera: MakeCamera, analyst: User, given: dict[str, object]
) -> None:
    camera = make_camera(enabled=True)

    keeping.change(camera, given, by=analyst)

    assert camera.runs.count() == 1


def test_new_credentials_are_used_at_once(make_camera: MakeCamera, analyst: User) -> None:
    camera = make_camera(enabled=True)

    keeping.change(camera, {"user": "me", "password": "x"}, by=analyst)

    assert [run.state for run in camera.runs.order_by("created")] == ["cancelled", "queued"]


def test_changed_again_and_again_only_the_last_change_is_watched(
    make_camera: MakeCamera, analyst: User, worker: Worker
) -> None:
    camera = make_camera(enabled=True)
    claim = claimed(newest(camera), worker)
    for fps in (3, 4, 5):
        keeping.change(camera, {"settings": {"max_fps": fps}}, by=analyst)

    queue.cancelled(claim)

    states = [run.state for run in camera.runs.order_by("created")]
    assert states == ["cancelled", "cancelled", "cancelled", "queued"]
    assert len(jobs()) == 1


def test_a_camera_deleted_while_it_is_watched_leaves_its_worker_nothing_to_write(
    make_camera: MakeCamera, analyst: User, worker: Worker
) -> None:
    camera = make_camera(enabled=True)
    claim = claimed(newest(camera), worker)

    keeping.remove(camera, by=analyst)

    assert queue.extend(worker.pk, [claim.which]) == []
    with pytest.raises(LeaseLost):
        queue.release(claim)
    assert jobs() == []


def test_what_a_stopped_worker_watched_is_watched_by_the_next(
    make_camera: MakeCamera, worker: Worker
) -> None:
    camera = make_camera(enabled=True)
    run = newest(camera)

    queue.release(claimed(run, worker))

    assert claimed(run, worker).attempt == 2
    assert types(camera)[-2:] == ["run.retried", "run.started"]


def test_what_a_silent_worker_watched_is_taken_up_by_the_sweep(
    make_camera: MakeCamera, worker: Worker
) -> None:
    camera = make_camera(enabled=True)
    run = newest(camera)
    claimed(run, worker)
    RunLease.objects.filter(run=run).update(expires=timezone.now() - timedelta(seconds=1))

    queue.sweep()

    assert Run.objects.get(pk=run.pk).state == "queued"
    assert types(camera)[-1] == "run.retried"
    assert [name for name, _ in jobs()][-1] == "camera"


def lost(run: Run, worker: Worker, *, after: timedelta) -> Run:
    claimed(run, worker)
    RunLease.objects.filter(run=run).update(claimed=timezone.now() - after)
    queue.lose_slot(worker.pk, 0, DIED)
    return Run.objects.get(pk=run.pk)


def test_a_camera_watched_well_each_time_is_never_given_up(make_camera: MakeCamera, worker: Worker) -> None:
    run = newest(make_camera(enabled=True))

    states = [lost(run, worker, after=WELL_AFTER).state for _ in range(6)]

    assert states == ["queued"] * 6


def test_a_camera_that_kills_its_worker_at_once_rests_longer_each_time_and_ends(
    make_camera: MakeCamera, worker: Worker
) -> None:
    camera = make_camera(enabled=True)
    run = newest(camera)

    states = [lost(run, worker, after=timedelta()).state for _ in range(3)]

    assert states == ["queued", "queued", "failed"]
    pauses = Event.objects.filter(topic=camera.topic_id, type="run.retried").order_by("seq")
    assert [event.data["retry_seconds"] for event in pauses] == [5, 30]
    ending = Event.objects.get(topic=camera.topic_id, type="run.failed")
    assert ending.data["code"] == "poison_job"
    assert ending.message.startswith(f"{camera.key}: given up after 3 attempts")


def test_a_resting_camera_starts_no_slot(make_camera: MakeCamera, worker: Worker) -> None:
    run = newest(make_camera(enabled=True))
    assert queue.waiting("camera") == 1

    lost(run, worker, after=timedelta())

    assert queue.waiting("camera") == 0


def test_a_camera_given_up_is_watched_again_when_it_is_enabled(
    make_camera: MakeCamera, worker: Worker, analyst: User
) -> None:
    camera = make_camera(enabled=True)
    for _ in range(3):
        lost(newest(camera), worker, after=timedelta())

    keeping.enable(camera, by=analyst)

    assert newest(camera).state == "queued"
    assert jobs()[-1] == ("camera", str(newest(camera).pk))


def test_a_file_watched_to_its_end_has_succeeded(make_camera: MakeCamera, worker: Worker) -> None:
    camera = make_camera(enabled=True)
    claim = claimed(newest(camera), worker)

    queue.watched(claim, "Watched to its end.", {"motion": 2})
    queue.watched(claim, "Watched to its end.", {"motion": 2})

    assert newest(camera).state == "succeeded"
    assert Event.objects.get(type="run.succeeded").data["counts"] == {"motion": 2}


def test_a_question_about_a_file_is_not_held_up_by_cameras(make_camera: MakeCamera, analyst: User) -> None:
    from analysis.traces import OPEN_AT_MOST, _refuse_too_many

    for _ in range(OPEN_AT_MOST):
        make_camera(enabled=True)

    _refuse_too_many(analyst)


def test_a_run_has_one_source(make_camera: MakeCamera, analyst: User) -> None:
    from django.db import IntegrityError

    camera = make_camera()

    with pytest.raises(IntegrityError, match="run_media_or_camera"):
        Run.objects.create(
            owner=analyst, topic_id=camera.topic_id, camera=camera, media=make_media(), purpose="watch"
        )


def test_ids_nobody_has_are_nothing_to_extend(worker: Worker) -> None:
    assert queue.extend(worker.pk, [queue.Attempt(uuid4(), 1)]) == []


def test_pictures_of_earlier_attempts_at_a_camera_are_left_to_the_sweep(
    make_camera: MakeCamera, worker: Worker
) -> None:
    run = newest(make_camera(enabled=True))
    claim = claimed(run, worker)
    picture, _ = snapshots.files(snapshots.new_path(run.pk, claim.attempt))
    picture.parent.mkdir(parents=True)
    picture.write_bytes(b"of very many, that are listed while nobody pulses")
    queue.lose_slot(worker.pk, 0, DIED)

    clear_leftovers(claimed(run, worker))

    assert picture.exists()


def stalled(run: Run, worker: Worker, *, after: timedelta) -> Claim:
    """The next attempt, after one in which motion hung."""
    claimed(run, worker)
    RunLease.objects.filter(run=run).update(claimed=timezone.now() - after)
    queue.lose_slot(worker.pk, 0, Loss("motion made no progress for 60 s and is left out.", blamed="motion"))
    return claimed(run, worker)


def test_a_detector_that_hung_soon_is_left_out_and_the_status_says_so(
    make_camera: MakeCamera, worker: Worker
) -> None:
    camera = make_camera(enabled=True)

    claim = stalled(newest(camera), worker, after=timedelta())

    assert list(claim.excluded) == ["motion"]
    said = statuses([camera])[camera.pk].said
    assert said == "A worker connects to it. motion made no progress for 60 s and is left out."


def test_a_detector_that_hung_after_long_is_tried_again(make_camera: MakeCamera, worker: Worker) -> None:
    run = newest(make_camera(enabled=True))

    assert stalled(run, worker, after=WELL_AFTER).excluded == {}


def test_a_detector_that_hangs_three_times_in_an_hour_is_left_out_however_long_it_went_well(
    make_camera: MakeCamera, worker: Worker
) -> None:
    camera = make_camera(enabled=True)
    run = newest(camera)
    for _ in range(2):
        assert stalled(run, worker, after=WELL_AFTER).excluded == {}
        queue.lose_slot(worker.pk, 0, DIED)

    claim = stalled(run, worker, after=WELL_AFTER)

    assert list(claim.excluded) == ["motion"]
    assert statuses([camera])[camera.pk].said.endswith("motion made no progress for 60 s and is left out.")


def test_a_detector_left_out_for_hanging_too_often_stays_so_through_attempts_that_go_well(
    make_camera: MakeCamera, worker: Worker
) -> None:
    run = newest(make_camera(enabled=True))
    for _ in range(3):
        stalled(run, worker, after=WELL_AFTER)
        queue.lose_slot(worker.pk, 0, DIED)
    claim = claimed(run, worker)
    RunLease.objects.filter(run=run).update(claimed=timezone.now() - WELL_AFTER)

    queue.release(claim)

    assert list(claimed(run, worker).excluded) == ["motion"]


def test_a_detector_whose_hangs_are_more_than_an_hour_ago_is_tried_again(
    make_camera: MakeCamera, worker: Worker
) -> None:
    run = newest(make_camera(enabled=True))
    for _ in range(2):
        stalled(run, worker, after=WELL_AFTER)
        queue.lose_slot(worker.pk, 0, DIED)
    long_ago = (timezone.now() - timedelta(minutes=61)).isoformat()
    RunLease.objects.filter(run=run).update(hangs={"motion": [long_ago, long_ago]})

    assert stalled(run, worker, after=WELL_AFTER).excluded == {}


def test_what_was_left_out_is_tried_again_after_an_attempt_that_went_well(
    make_camera: MakeCamera, worker: Worker
) -> None:
    run = newest(make_camera(enabled=True))
    claim = stalled(run, worker, after=timedelta())
    RunLease.objects.filter(run=run).update(claimed=timezone.now() - WELL_AFTER)

    queue.release(claim)

    assert claimed(run, worker).excluded == {}


@pytest.mark.parametrize("then", ["changed", "disabled"])
def test_what_the_run_before_still_tells_after_two_switches_keeps_its_snapshot(
    make_camera: MakeCamera, worker: Worker, analyst: User, then: str
) -> None:
    camera = make_camera(enabled=True)
    claim = claimed(newest(camera), worker)
    keeping.change(camera, {"settings": {"max_fps": 5}}, by=analyst)
    if then == "changed":
        keeping.change(camera, {"settings": {"max_fps": 6}}, by=analyst)
    else:
        keeping.disable(camera, by=analyst)
    path = snapshots.new_path(claim.run, claim.attempt)
    seen = Draft("motion.started", "Motion.", {"pts_seconds": 1.0, "frame": 1, "snapshot": {"path": path}})

    log.append(claim.topic, [seen], run=claim.run, attempt=claim.attempt)

    assert Sighting.objects.get().snapshot_path == path


def test_settings_that_are_no_longer_understood_fail_the_run(
    make_camera: MakeCamera, worker: Worker, home: Path
) -> None:
    camera = make_camera(enabled=True)
    settings = {**camera.settings, "plate_regions": ["gone"]}
    Camera.objects.filter(pk=camera.pk).update(settings=settings)
    engine.forget(newest(camera).pk)

    with Path(os.devnull).open("wb") as nowhere:
        registry = Registry.of([], WeightStore(home))
        Watcher(worker.pk, 0, registry, 1, Line(nowhere.fileno())).examine(str(newest(camera).pk))

    run = newest(camera)
    assert (run.state, run.error_code) == ("failed", "settings_unreadable")


def test_a_result_written_while_its_camera_is_deleted_blocks_neither(
    make_camera: MakeCamera, worker: Worker, analyst: User
) -> None:
    camera = make_camera(enabled=True)
    claim = claimed(newest(camera), worker)
    result = {"detector": "motion", "version": "1", "family": "footage", "facts": {}, "seconds": 1.0}

    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            queue.fence(claim)
            removing = pool.submit(removed, camera, analyst)
            wait_until(is_waited_for)
            Result.objects.create(run_id=claim.run, attempt=1, reason="reports_facts", **result)
        removing.result(10)

    assert not Camera.objects.exists()


def removed(camera: Camera, by: User) -> None:
    try:
        keeping.remove(camera, by=by)
    finally:
        connection.close()


def is_waited_for() -> bool:
    """Whether somebody waits for a lock of this transaction."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT 1 FROM pg_locks WHERE NOT granted AND pg_backend_pid() = ANY(pg_blocking_pids(pid))"
        )
        return cursor.fetchone() is not None


def test_what_a_watch_says_of_its_failure_holds_no_path(make_camera: MakeCamera, worker: Worker) -> None:
    camera = make_camera(enabled=True, address="rtsp://10.0.0.1/admin/hidden12345/video?ch=1")
    claim = queue.claim(newest(camera).pk, worker=worker.pk, slot=0)
    assert claim
    with Path(os.devnull).open("wb") as nowhere:
        watcher = Watcher(worker.pk, 0, Registry.of([], WeightStore(Path())), 1, Line(nowhere.fileno()))
        session = Session(watcher, claim, camera, keeping.secret_of(camera))

    said = session.without_secrets(
        "no /admin/hidden12345/video at rtsp://10.0.0.1/admin/hidden12345/video?ch=1"
    )

    assert said == "no … at …"
