"""External jobs over REST: announced, reported on, read, listed and deleted by their owner."""

import json
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from rest_framework.test import APIClient

from accounts.models import Role, User
from realtime import jobs, log
from realtime.models import Event, Job, JobTombstone, Topic
from tests.analysis.conftest import signed_in
from tests.factories import make_user

pytestmark = pytest.mark.django_db
JOBS = "/api/v1/jobs/"
HALFWAY = {"stage": "encoding", "progress": 0.5, "message": "Encoding."}


@pytest.fixture
def ana() -> User:
    return make_user()


@pytest.fixture
def client(ana: User) -> APIClient:
    return signed_in(ana)


def post(client: APIClient, address: str, body: Any, **headers: str) -> Any:
    return client.post(address, body, format="json", headers=headers)


def report(client: APIClient, job_id: str, body: Any) -> Any:
    return post(client, f"{JOBS}{job_id}/progress/", body)


def types(job: Job) -> list[str]:
    return [line.type for line in log.read(job.topic_id)]


@pytest.mark.parametrize("address", [JOBS, "/jobs/create", "/jobs/create/"])
def test_a_job_is_announced(client: APIClient, ana: User, address: str) -> None:
    answer = post(client, address, {"job_id": "nightly build", "silent_seconds": 30})

    job = Job.objects.get(owner=ana)
    assert answer.status_code == 201
    assert answer.json() == {
        "job_id": "nightly build",
        "topic": str(job.topic_id),
        "websocket_url": "ws://testserver/ws/jobs/nightly%20build/",
        "status": "queued",
    }
    assert (job.silent_seconds, answer["Location"]) == (30, f"{JOBS}nightly%20build/")


def test_addresses_answer_without_their_slash_too(client: APIClient, ana: User) -> None:
    announced = post(client, JOBS.rstrip("/"), {"job_id": "a/b"})
    reported = post(client, f"{JOBS}a/b/progress", HALFWAY)
    read = client.get(f"{JOBS}a/b")
    listed = client.get(JOBS.rstrip("/"))
    done = post(client, f"{JOBS}a/b/progress", {"status": "completed"})
    deleted = client.delete(f"{JOBS}a/b")

    assert [one.status_code for one in (announced, reported, read, listed, done, deleted)] == [
        201,
        200,
        200,
        200,
        200,
        204,
    ]
    assert read.json()["stage"] == "encoding"
    assert not Job.objects.exists()


def test_an_id_may_end_in_a_slash_where_the_address_does_too(client: APIClient) -> None:
    post(client, JOBS, {"job_id": "a/"})

    assert client.get(f"{JOBS}a//").json()["job_id"] == "a/"
    assert client.get(f"{JOBS}a/").status_code == 404


def test_without_an_id_one_is_made_up(client: APIClient) -> None:
    answer = post(client, JOBS, {})

    assert answer.json()["job_id"] == Job.objects.get().job_id


def test_behind_a_public_address_sockets_are_reached_there(client: APIClient, settings: Any) -> None:
    settings.PUBLIC_URL = "https://desk.example.org"

    answer = post(client, JOBS, {"job_id": "a/b"})

    assert answer.json()["websocket_url"] == "wss://desk.example.org/ws/jobs/a%2Fb/"


def test_an_id_is_used_once_per_owner(client: APIClient) -> None:
    post(client, JOBS, {"job_id": "a"})

    answer = post(client, JOBS, {"job_id": "a"})
    other = post(signed_in(make_user()), JOBS, {"job_id": "a"})

    assert (answer.status_code, answer.json()["code"], other.status_code) == (409, "job_exists", 201)


def test_a_key_announces_once(client: APIClient) -> None:
    first = post(client, JOBS, {}, **{"Idempotency-Key": "k"})
    again = post(client, JOBS, {}, **{"Idempotency-Key": "k"})

    assert (again.status_code, again.json()) == (201, first.json())
    assert Job.objects.count() == 1


@pytest.mark.parametrize(
    "body",
    [
        {"id": "a"},
        {"job_id": ""},
        {"job_id": 7},
        {"job_id": "x" * 129},
        {"job_id": "a\nb"},
        {"silent_seconds": 0},
        {"silent_seconds": True},
        {"silent_seconds": 1e300},
    ],
    ids=lambda body: str(body)[:30],
)
def test_what_is_no_job_is_refused(client: APIClient, body: dict[str, Any]) -> None:
    answer = post(client, JOBS, body)

    assert (answer.status_code, Job.objects.count()) == (400, 0)


def test_the_first_report_creates_the_job_and_a_job_says_what_was_last_said(client: APIClient) -> None:
    answer = report(client, "render", {**HALFWAY, "metadata": {"frame": 12}})
    body = client.get(f"{JOBS}render/").json()

    job = Job.objects.get()
    assert answer.status_code == 200
    assert types(job) == ["job.reported", "job.reported"]
    times = {name: body.pop(name) for name in ("timestamp", "created")}
    assert body == {
        "id": str(job.pk),
        "job_id": "render",
        "topic": str(job.topic_id),
        "websocket_url": "ws://testserver/ws/jobs/render/",
        "head": 2,
        "status": "processing",
        "stage": "encoding",
        "progress": 0.5,
        "message": "Encoding.",
        "metadata": {"frame": 12},
        "ended": None,
    }
    assert all(time.endswith("Z") for time in times.values())


def test_a_job_is_completed(client: APIClient) -> None:
    report(client, "render", HALFWAY)

    answer = report(client, "render", {"status": "completed", "result": {"file": "x.mp4"}})
    body = client.get(f"{JOBS}render/").json()

    assert answer.status_code == 200
    assert (body["status"], body["stage"], body["progress"]) == ("completed", "complete", 1.0)
    assert (body["message"], body["result"]) == ("Job completed", {"file": "x.mp4"})
    assert body["ended"] == body["timestamp"]


def test_a_job_fails_and_keeps_its_progress(client: APIClient) -> None:
    report(client, "render", HALFWAY)

    report(client, "render", {"status": "failed", "error": "disk full"})
    body = client.get(f"{JOBS}render/").json()

    assert (body["status"], body["stage"], body["progress"]) == ("failed", "error", 0.5)
    assert (body["message"], body["error"]) == ("Error: disk full", "disk full")


def test_an_ended_job_takes_no_more_reports(client: APIClient) -> None:
    report(client, "render", {"status": "completed", "result": None})

    answer = report(client, "render", HALFWAY)

    assert (answer.status_code, answer.json()["code"]) == (409, "job_ended")


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"stage": "s", "progress": 0.5},
        {**HALFWAY, "eta": 3},
        {**HALFWAY, "progress": "0.5"},
        {**HALFWAY, "progress": True},
        {**HALFWAY, "stage": ""},
        {**HALFWAY, "stage": "a\nb"},
        {**HALFWAY, "stage": "x" * 65},
        {**HALFWAY, "message": 3},
        {**HALFWAY, "metadata": [1]},
        {**HALFWAY, "metadata": {"x": "\0"}},
        {**HALFWAY, "metadata": {"x": 2**60}},
        {**HALFWAY, "status": "processing"},
        {**HALFWAY, "status": "completed"},
        {"status": ["completed"], "result": 1},
        {"status": "completed", "result": 1, "error": "e"},
        {"status": "failed"},
        {"status": "failed", "error": ""},
        [HALFWAY],
    ],
    ids=lambda body: str(body)[-40:],
)
def test_what_is_no_report_is_refused_and_creates_nothing(client: APIClient, body: Any) -> None:
    answer = report(client, "render", body)

    assert (answer.status_code, Job.objects.count()) == (400, 0)
    assert answer["Content-Type"] == "application/problem+json"


def test_more_than_an_event_holds_is_refused_by_name(client: APIClient) -> None:
    answer = report(client, "render", {**HALFWAY, "metadata": {"x": "y" * 70_000}})

    assert (answer.status_code, answer.json()["code"]) == (413, "too_large")


@pytest.mark.parametrize("job_id", ["a/b", "a/progress", "progress", "50 % & more?#", "ünï", "a/"])
def test_an_id_may_hold_whatever_is_printable(client: APIClient, job_id: str) -> None:
    post(client, JOBS, {"job_id": job_id})
    encoded = Job.objects.get().job_id
    address = client.get(JOBS).json()["results"][0]["websocket_url"].removeprefix("ws://testserver/ws/jobs/")

    reported = post(client, f"{JOBS}{address}progress/", HALFWAY)
    read = client.get(f"{JOBS}{address}")
    post(client, f"{JOBS}{address}progress/", {"status": "completed"})
    deleted = client.delete(f"{JOBS}{address}")

    assert encoded == job_id
    assert (reported.status_code, read.status_code, deleted.status_code) == (200, 200, 204)
    assert read.json()["job_id"] == job_id


@pytest.mark.parametrize("job_id", ["theirs", "nobodys", "a%00b", "x" * 500])
def test_a_foreign_job_and_a_missing_one_look_alike(client: APIClient, job_id: str) -> None:
    jobs.create(make_user(), "theirs")

    answers = [client.get(f"{JOBS}{job_id}/"), client.delete(f"{JOBS}{job_id}/")]

    assert [(one.status_code, one.json()["code"]) for one in answers] == [(404, "not_found")] * 2


def test_a_report_on_somebody_elses_id_is_about_a_job_of_ones_own(client: APIClient) -> None:
    theirs = jobs.create(make_user(), "nightly")

    report(client, "nightly", HALFWAY)

    theirs.refresh_from_db()
    assert (theirs.state, Job.objects.count()) == ("queued", 2)


def test_viewers_look_and_do_not_report(ana: User, client: APIClient) -> None:
    report(client, "render", HALFWAY)
    User.objects.filter(pk=ana.pk).update(role=Role.VIEWER)

    looked = [client.get(JOBS).status_code, client.get(f"{JOBS}render/").status_code]
    refused = [report(client, "render", HALFWAY), post(client, JOBS, {}), client.delete(f"{JOBS}render/")]

    assert looked == [200, 200]
    assert [(one.status_code, one.json()["code"]) for one in refused] == [(403, "viewer_may_not")] * 3


def test_the_list_is_narrowed(client: APIClient, ana: User) -> None:
    for job_id in ("queued", "done", "failed"):
        jobs.create(ana, job_id)
    jobs.complete(ana, "done", {"rows": 1})
    jobs.fail(ana, "failed", "e")
    jobs.create(make_user(), "theirs")

    def listed(query: str) -> list[str]:
        return [job["job_id"] for job in client.get(f"{JOBS}{query}").json()["results"]]

    assert listed("") == ["failed", "done", "queued"]
    assert listed("?state=completed") == ["done"]
    assert listed("?open=true") == ["queued"]
    assert listed("?open=false") == ["failed", "done"]


@pytest.mark.parametrize("query", ["?state=running", "?open=perhaps", "?owner=x"])
def test_a_filter_nobody_knows_is_refused(client: APIClient, query: str) -> None:
    assert client.get(f"{JOBS}{query}").status_code == 400


def test_the_number_of_queries_does_not_grow_with_the_jobs(client: APIClient, ana: User) -> None:
    def asked() -> int:
        with CaptureQueriesContext(
            connection,
        ) as queries:
            client.get(JOBS)
        return len(queries)

    jobs.create(ana, "first")
    few = asked()
    for number in range(20):
        jobs.create(ana, f"job{number}")

    # who asks, the count and the page
    assert (few, asked()) == (3, 3)


def test_a_list_leaves_out_what_is_said_at_length(client: APIClient) -> None:
    report(client, "a", {**HALFWAY, "metadata": {"x": 1}})

    assert "metadata" not in client.get(JOBS).json()["results"][0]


def test_an_ended_job_is_deleted_with_its_log(client: APIClient, ana: User) -> None:
    report(client, "render", HALFWAY)
    kept = jobs.create(ana, "kept")

    early = client.delete(f"{JOBS}render/")
    report(client, "render", {"status": "failed", "error": "e"})
    done = client.delete(f"{JOBS}render/")

    assert (early.status_code, early.json()["code"], done.status_code) == (409, "job_open", 204)
    assert list(Job.objects.values_list("job_id", flat=True)) == ["kept"]
    assert set(Event.objects.values_list("topic", flat=True)) == {kept.topic_id}
    assert list(Topic.objects.values_list("pk", flat=True)) == [kept.topic_id]


def test_a_deleted_job_leaves_a_tombstone_that_proves_its_log(client: APIClient, ana: User) -> None:
    report(client, "render", {"status": "failed", "error": "e"})
    job = Job.objects.select_related("topic").get()

    client.delete(f"{JOBS}render/?reason=wrong%20file")

    grave = JobTombstone.objects.get()
    assert (grave.pk, grave.job_id, grave.owner, grave.removed_by) == (job.pk, "render", ana, ana)
    assert (grave.state, grave.reason, grave.topic, grave.head) == ("failed", "wrong file", job.topic_id, 2)
    assert bytes(grave.hash) == bytes(job.topic.head_hash)


def test_what_is_not_deleted_leaves_no_tombstone(client: APIClient) -> None:
    report(client, "render", HALFWAY)

    refused = [
        client.delete(f"{JOBS}{address}").status_code for address in ("render/", "none/", "x/?reason=%00")
    ]

    assert (refused, JobTombstone.objects.count()) == ([409, 404, 400], 0)


def test_tombstones_outlive_their_owner(client: APIClient, ana: User) -> None:
    report(client, "render", {"status": "completed"})
    client.delete(f"{JOBS}render/")

    ana.delete()

    grave = JobTombstone.objects.get()
    assert (grave.owner, grave.removed_by) == (None, None)


def test_admins_look_at_tombstones(client: APIClient, ana: User) -> None:
    report(client, "render", {"status": "completed"})
    client.delete(f"{JOBS}render/?reason=old")
    browser = Client()
    browser.force_login(make_user(is_superuser=True, is_staff=True))

    listed = browser.get("/admin/realtime/jobtombstone/?q=render")
    shown = browser.get(f"/admin/realtime/jobtombstone/{JobTombstone.objects.get().pk}/change/")
    added = browser.get("/admin/realtime/jobtombstone/add/")

    assert (listed.status_code, shown.status_code, added.status_code) == (200, 200, 403)
    assert "render" in listed.content.decode()
    assert JobTombstone.objects.get().last_hash in shown.content.decode()


def test_its_events_are_read_like_those_of_any_topic(client: APIClient) -> None:
    report(client, "render", HALFWAY)
    job = Job.objects.get()

    page = client.get(f"/api/v1/topics/{job.topic_id}/events/?after=1")
    proof = client.get(f"/api/v1/topics/{job.topic_id}/verify/").json()

    assert [event["data"]["stage"] for event in json.loads(page.content)["events"]] == ["encoding"]
    assert (proof["ok"], proof["checked"]) == (True, 2)
