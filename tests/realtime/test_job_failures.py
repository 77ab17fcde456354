"""A failed job is heard of whatever its failure says, over REST and in this process."""

import json
from typing import Any

import pytest

from accounts.models import User
from realtime import jobs, log
from realtime.models import Job
from tests.analysis.conftest import signed_in
from tests.factories import make_user

pytestmark = pytest.mark.django_db
# What a failure says, and what is kept of it.
FAILURES = {
    "as long as can be": ("x" * 8000, "x" * 8000),
    "two bytes each": ("ä" * 8000, "ä" * 8000),
    "escaped": ('"' * 5000, '"' * 5000),
    "six bytes each": ("\x01" * 8000, "\x01" * 8000),
    "four bytes each": ("𝄞" * 8000, "𝄞" * 8000),
    "too long": ("é" * 20_000, "é" * 8000),
    "nul": ("a\0b", "a\ufffdb"),
    "broken text": ("a\ud800b", "a?b"),
}


@pytest.fixture
def ana() -> User:
    return make_user()


def last(job: Job) -> dict[str, Any]:
    event: dict[str, Any] = json.loads(log.read(job.topic_id)[-1].body)
    return event


@pytest.mark.parametrize("name", FAILURES)
def test_over_rest(ana: User, name: str) -> None:
    said, kept = FAILURES[name]

    body = json.dumps({"status": "failed", "error": said})
    answer = signed_in(ana).post("/api/v1/jobs/render/progress/", body, content_type="application/json")

    job = Job.objects.get()
    assert (answer.status_code, job.state, job.error) == (200, "failed", kept)
    assert (last(job)["type"], last(job)["data"]["error"]) == ("job.failed", kept)


@pytest.mark.parametrize("name", FAILURES)
def test_in_this_process(ana: User, name: str) -> None:
    said, kept = FAILURES[name]

    job = jobs.fail(ana, "render", said)

    assert (job.state, job.error, last(job)["data"]["error"]) == ("failed", kept, kept)


@pytest.mark.parametrize(
    ("said", "message"),
    [
        ("disk full", "Error: disk full"),
        ("x" * 8000, "Error: " + "x" * 8000),
        # 8192 bytes, the quotes around and "Error: " taken off
        ("ä" * 8000, "Error: " + "ä" * 4091),
        ("\x01" * 8000, "Error: " + "\x01" * 1363),
    ],
    ids=["short", "fits", "two bytes each", "six bytes each"],
)
def test_only_the_message_is_cut_to_what_a_line_holds(ana: User, said: str, message: str) -> None:
    job = jobs.fail(ana, "render", said)

    assert (job.message, last(job)["message"]) == (message, message)


def test_metadata_no_line_holds_is_left_out(ana: User) -> None:
    small, large, odd = {"rows": 3}, {"rows": "x" * 70_000}, {"rows": float("nan")}

    told = [jobs.fail(ana, str(number), "e", metadata=one) for number, one in enumerate((small, large, odd))]

    assert [last(job)["data"].get("metadata") for job in told] == [small, None, None]
    assert [job.metadata for job in told] == [small, None, None]


def test_a_failure_that_says_nothing_is_a_failure(ana: User) -> None:
    assert jobs.fail(ana, "render", "").error == "unknown error"
