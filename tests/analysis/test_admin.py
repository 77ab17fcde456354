"""The admin and the operations page: what staff see of the queue, and what they may do."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import Role, User
from analysis import queue
from analysis.models import Media, Result, Run, RunLease, Worker
from realtime import log
from tests.analysis.conftest import signed_in
from tests.factories import make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def admin_client(db: None) -> Client:
    client = Client()
    client.force_login(make_user(role=Role.ADMIN, is_staff=True, is_superuser=True))
    return client


@pytest.fixture
def make_run(analyst: User) -> Callable[..., Run]:
    def make(filename: str = "clip.mp4", **fields: Any) -> Run:
        number = Media.objects.count()
        media = Media.objects.create(
            owner=analyst, kind="video", filename=filename, media_type="video/mp4", sha256="0" * 64,
            size_bytes=1, path=f"x{number}",
        )  # fmt: skip
        run = queue.enqueue(media, owner=analyst)
        Run.objects.filter(pk=run.pk).update(**fields)
        run.refresh_from_db()
        return run

    return make


def failed(make_run: Callable[..., Run], filename: str = "broken.mp4") -> Run:
    return make_run(
        filename,
        state=Run.State.FAILED,
        error_code="reader_lost",
        error_message="The reader died.",
        finished=timezone.now(),
    )


def test_the_list_names_the_file_and_the_reason(admin_client: Client, make_run: Callable[..., Run]) -> None:
    failed(make_run)

    page = admin_client.get(reverse("admin:analysis_run_changelist")).content.decode()

    assert "broken.mp4" in page
    assert "The reader died." in page


def test_a_run_shows_its_results_and_its_latest_events(
    admin_client: Client, make_run: Callable[..., Run]
) -> None:
    run = make_run()
    Result.objects.create(
        run=run, attempt=1, detector="jpeg", version="1", family="f", reason="no_picture", detail="only sound",
        seconds=0.1,
    )  # fmt: skip
    log.append(run.topic_id, [log.Draft("stage.started", message="Opening", data={"stage": "initializing"})])

    page = admin_client.get(reverse("admin:analysis_run_change", args=[run.pk])).content.decode()

    assert "only sound" in page
    assert "stage.started" in page
    assert f"topic__id__exact={run.topic_id}" in page


def test_all_events_of_a_run_are_listed_in_order(admin_client: Client, make_run: Callable[..., Run]) -> None:
    run = make_run()
    log.append(run.topic_id, [log.Draft("stage.started", message=f"line {n}") for n in range(3)])

    page = admin_client.get(reverse("admin:realtime_event_changelist"), {"topic__id__exact": run.topic_id})

    lines = [page.content.decode().index(f"line {n}") for n in range(3)]
    assert lines == sorted(lines)


@pytest.mark.parametrize(
    "name", ["run", "media", "result", "evidence", "worker", "detectorcard", "tombstone"]
)
def test_facts_can_be_looked_at_and_not_changed(
    admin_client: Client, make_run: Callable[..., Run], name: str
) -> None:
    make_run()

    assert admin_client.get(reverse(f"admin:analysis_{name}_changelist")).status_code == 200
    assert admin_client.get(reverse(f"admin:analysis_{name}_add")).status_code == 403


def test_staff_cancel_and_retry_runs(admin_client: Client, make_run: Callable[..., Run]) -> None:
    waiting, broken = make_run(), failed(make_run)
    address = reverse("admin:analysis_run_changelist")

    admin_client.post(address, {"action": "cancel", "_selected_action": [waiting.pk]})
    admin_client.post(address, {"action": "retry", "_selected_action": [broken.pk]})

    waiting.refresh_from_db()
    broken.refresh_from_db()
    assert (waiting.state, broken.state) == (Run.State.CANCELLED, Run.State.QUEUED)


def test_an_action_that_is_refused_says_which_file(
    admin_client: Client, make_run: Callable[..., Run]
) -> None:
    waiting = make_run("still-waiting.mp4")
    address = reverse("admin:analysis_run_changelist")

    page = admin_client.post(address, {"action": "retry", "_selected_action": [waiting.pk]}, follow=True)

    assert "still-waiting.mp4: " in "".join(str(message) for message in page.context["messages"])


def test_operations_show_queue_workers_and_failures(
    admin_client: Client, make_run: Callable[..., Run]
) -> None:
    make_run()
    running, broken = make_run("busy.mp4", state=Run.State.RUNNING), failed(make_run)
    live = Worker.objects.create(host="here", pid=1, device="cpu", queues=["media"])
    Worker.objects.create(host="gone", pid=2, device="cpu", heartbeat=timezone.now() - timedelta(minutes=5))
    RunLease.objects.filter(run=running).update(worker=live, slot=0, attempt=2)

    now = admin_client.get("/api/v1/operations/").json()

    assert now["queue"] == {"queued": 1, "running": 1, "succeeded": 0, "failed": 1, "cancelled": 0}
    assert [(worker["host"], worker["state"]) for worker in now["workers"]] == [
        ("here", "live"),
        ("gone", "lost"),
    ]
    assert now["workers"][0]["runs"][0]["filename"] == "busy.mp4"
    assert now["failures"][0]["run"] == str(broken.pk)
    assert now["failures"][0]["reason"] == "The reader died."
    assert now["oldest_queued_seconds"] >= 0


def test_the_operations_page_shows_the_same(admin_client: Client, make_run: Callable[..., Run]) -> None:
    failed(make_run, "<b>x</b>.mp4")

    page = admin_client.get("/operations/").content.decode()

    assert "&lt;b&gt;x&lt;/b&gt;.mp4" in page
    assert "The reader died." in page


def test_operations_are_for_staff(make_run: Callable[..., Run]) -> None:
    analyst = make_user()
    client = Client()
    client.force_login(analyst)

    assert signed_in(analyst).get("/api/v1/operations/").status_code == 403
    assert client.get("/operations/").status_code == 403
    assert Client().get("/operations/").status_code == 302
