"""A worker process and cameras: from enabling one to its last event, through everything that goes wrong."""

import os
import signal
from collections.abc import Callable
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import pytest
from django.db import connection

from accounts.models import User
from analysis.alerts import keeping as alerts
from analysis.cameras import keeping
from analysis.models import Camera, Run, Sighting, Worker
from realtime.models import Event
from tests.analysis.engine.watching.certificates import Authority
from tests.analysis.engine.watching.http_camera import HttpCamera, mjpeg
from tests.analysis.engine.watching.rtsp_camera import RtspCamera
from tests.clips import write_video
from tests.factories import make_user
from tests.flows import workers
from tests.product import Program
from tests.waiting import wait_until

pytestmark = pytest.mark.django_db(transaction=True)
StartWorker = Callable[..., Program]


@pytest.fixture
def owner(transactional_db: None) -> User:
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM procrastinate_jobs")
    return make_user()


@pytest.fixture
def env(tmp_path: Path, settings: Any) -> dict[str, str]:
    """A desk with a folder of camera files, and cameras on this machine."""
    folder = tmp_path / "films"
    folder.mkdir()
    write_video(folder / "yard.mp4", seconds=3.0)
    settings.CAMERA_FOLDER = str(folder)
    settings.CAMERA_NETWORKS = [ip_network("127.0.0.0/8")]
    return {"ASSAY_CAMERA_FOLDER": str(folder), "ASSAY_CAMERA_NETWORKS": "127.0.0.0/8"}


def yard(owner: User, key: str = "yard", **settings: Any) -> Camera:
    """A drawn film, watched again and again unless it says otherwise."""
    said = {"detectors": ["motion"], "loop": True, **settings}
    return keeping.create(
        owner, {"key": key, "source": "file", "address": "yard.mp4", "enabled": True, "settings": said}
    )


def lines(camera: Camera, *types: str) -> list[Event]:
    return list(Event.objects.filter(topic=camera.topic_id, type__in=types).order_by("seq"))


def wait_for(camera: Camera, kind: str, *, count: int = 1, limit: float = 60.0) -> Event:
    """The `count`th line of that type."""
    found = wait_until(
        lambda: len(told := lines(camera, kind)) >= count and told, limit=limit, what=f"{count} {kind}"
    )
    return found[count - 1]


def slots() -> list[dict[str, Any]]:
    """The slots of the worker that last said what it does."""
    row = Worker.objects.filter(stopped=None).order_by("-heartbeat").first()
    return list(row.slots) if row else []


def test_a_camera_is_watched_until_it_is_disabled(
    start_worker: StartWorker, env: dict[str, str], owner: User
) -> None:
    start_worker("--queue", "camera", "--slots", "2", **env)
    camera = yard(owner)

    wait_for(camera, "camera.online")
    wait_for(camera, "motion.started")
    wait_until(lambda: Sighting.objects.filter(camera_id="yard", event_type="motion").exists())
    [slot] = wait_until(slots, what="the slot is told of")
    maps = Path(f"/proc/{slot['pid']}/maps").read_text()
    keeping.disable(camera, by=owner)

    ending = wait_for(camera, "run.cancelled", limit=10)
    assert ending.data["last_seq"] == ending.seq
    assert "libtorch" not in maps
    assert camera.runs.get().state == "cancelled"


def test_a_file_that_is_watched_once_ends_well_and_is_counted(
    start_worker: StartWorker, env: dict[str, str], owner: User
) -> None:
    start_worker("--queue", "camera", **env)

    camera = yard(owner, loop=False, pace="fast")

    ending = wait_for(camera, "run.succeeded")
    assert ending.data["counts"]["motion"] == len(lines(camera, "motion.started")) > 0
    assert ending.data["sentence"].startswith("Watched to its end: motion ")


def test_a_changed_camera_is_watched_anew_by_the_same_slot(
    start_worker: StartWorker, env: dict[str, str], owner: User
) -> None:
    start_worker("--queue", "camera", **env)
    camera = yard(owner)
    wait_for(camera, "camera.online")

    keeping.change(camera, {"settings": {"max_fps": 3}}, by=owner)

    wait_for(camera, "camera.online", count=2)
    told = [line.type for line in lines(camera, "run.started", "run.cancelled")]
    assert told == ["run.started", "run.cancelled", "run.started"]
    assert len(slots()) <= 1


def test_a_desk_that_only_watches_cameras_raises_alerts_and_keeps_to_its_quota(
    start_worker: StartWorker, env: dict[str, str], owner: User
) -> None:
    alerts.create(owner, {"name": "Yard", "conditions": {"types": ["motion.started"], "cooldown_seconds": 0}})
    camera = yard(owner, snapshots="all", pace="fast")
    keeping.change(camera, {"snapshot_bytes": 1}, by=owner)

    start_worker("--queue", "camera", **env)

    wait_for(camera, "alert.raised")
    wait_until(
        lambda: Sighting.objects.exclude(snapshot_removed=None).exists(),
        limit=60,
        what="pictures gave way to newer ones",
    )


def test_a_killed_worker_is_followed_by_the_next(
    start_worker: StartWorker, env: dict[str, str], owner: User
) -> None:
    first = start_worker("--queue", "camera", ASSAY_LEASE_SECONDS="3", **env)
    camera = yard(owner)
    wait_for(camera, "camera.online")

    os.kill(first.pid, signal.SIGKILL)
    start_worker("--queue", "camera", ASSAY_LEASE_SECONDS="3", **env)

    wait_for(camera, "camera.online", count=2)
    assert len(lines(camera, "run.retried")) == 1
    assert camera.runs.get().lease.attempt == 2


def test_a_stopped_worker_gives_its_camera_back_and_it_is_no_loss(
    start_worker: StartWorker, env: dict[str, str], owner: User
) -> None:
    first = start_worker("--queue", "camera", **env)
    camera = yard(owner)
    wait_for(camera, "camera.online")

    first.stop()

    run = camera.runs.get()
    assert (run.state, run.lease.claims) == ("queued", 0)


def test_a_camera_deleted_while_it_is_watched_frees_its_slot(
    start_worker: StartWorker, env: dict[str, str], owner: User
) -> None:
    worker = start_worker("--queue", "camera", **env)
    camera = yard(owner)
    wait_for(camera, "camera.online")

    keeping.remove(camera, by=owner)

    wait_until(lambda: all(slot["run"] is None for slot in slots()), limit=15, what="the slot is free")
    assert not Run.objects.exists()
    assert worker.alive()


def test_cameras_beyond_the_slots_wait_and_uploads_do_not(
    start_worker: StartWorker, env: dict[str, str], owner: User, tmp_path: Path
) -> None:
    start_worker("--queue", "camera", "--slots", "1", **env)
    watched = yard(owner)
    wait_for(watched, "camera.online")
    waits = yard(owner, "second")
    start_worker("--device", "cpu", **env)

    run = workers.ask(workers.make_clip(tmp_path, seconds=1.0), "metadata")
    workers.wait_for_state(run, "succeeded", "failed", limit=120)

    assert run.state == "succeeded"
    assert waits.runs.get().state == "queued"


def test_an_offline_camera_is_waited_for_and_not_taken_for_one_that_hangs(
    start_worker: StartWorker, env: dict[str, str], owner: User
) -> None:
    start_worker("--queue", "camera", ASSAY_STALL_SECONDS="4", **env)
    said = {"key": "gone", "source": "rtsp", "address": "rtsp://127.0.0.1:9/hidden-path", "enabled": True}
    camera = keeping.create(
        owner,
        {**said, "user": "hidden-user", "password": "hidden-password", "settings": {"detectors": ["motion"]}},
    )

    # its third attempt: longer than the watchdog waits
    wait_for(camera, "camera.offline")
    started = lines(camera, "run.started")[0]
    wait_until(lambda: _seconds_since(started) > 9, limit=20)

    assert lines(camera, "run.retried") == []
    told = Event.objects.filter(topic=camera.topic_id).values_list("body", flat=True)
    assert "hidden" not in " ".join(told)


def test_a_detector_that_hangs_beside_one_that_works_is_left_out_and_named(
    start_worker: StartWorker, env: dict[str, str], owner: User, tmp_path: Path
) -> None:
    camera = yard(owner)
    camera.runs.update(detectors=["motion", "stuck"])
    plugin = workers.install_plugin(tmp_path / "plugin")

    start_worker("--queue", "camera", ASSAY_STALL_SECONDS="3", **env, **plugin)
    retried = wait_for(camera, "run.retried", limit=80)
    wait_for(camera, "motion.started", count=len(lines(camera, "motion.started")) + 1)

    assert retried.message == "stuck made no progress for 3 s and is left out."
    assert camera.runs.get().lease.excluded == {"stuck": retried.message}
    assert len(lines(camera, "run.retried")) == 1


def test_a_camera_over_tls_is_watched_once_its_authority_is_named(
    start_worker: StartWorker, env: dict[str, str], owner: User, tmp_path: Path
) -> None:
    ours = Authority(tmp_path)
    others = Authority(tmp_path, "others")
    start_worker("--queue", "camera", **env, ASSAY_CAMERA_CA=str(ours.path))

    with HttpCamera(mjpeg(), tls=ours.server()) as good, RtspCamera(tls=others.server()) as bad:
        watched, refused = (
            keeping.create(owner, {"key": key, "source": source, "address": url, "enabled": True})
            for key, source, url in (("good", "http", good.url), ("bad", "rtsp", bad.url))
        )
        wait_for(watched, "camera.online")
        said = wait_for(refused, "camera.offline")

    assert said.data["code"] == "certificate_untrusted"
    assert said.message.endswith("its certificate is signed by nobody this desk trusts")
    assert bad.asked == []


def _seconds_since(line: Event) -> float:
    from django.utils import timezone

    return (timezone.now() - line.time).total_seconds()
