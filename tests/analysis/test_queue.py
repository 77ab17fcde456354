"""A run has one holder at a time, one ending per examination asked for, and is never forgotten."""

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.db import connection
from django.utils import timezone

from analysis import queue
from analysis.engine.types import Outcome, OutcomeName
from analysis.models import Result, Run, RunLease, Worker
from analysis.queue import Attempt, Claim, Loss
from realtime.models import Event
from tests.factories import make_media, make_user

pytestmark = pytest.mark.django_db(transaction=True)

OUTCOME = Outcome(OutcomeName.NO_SIGNS, "No signs found.", "Why.", "Limit.", "Rule.")
ENDINGS = {"run.succeeded", "run.failed", "run.cancelled"}


@pytest.fixture
def worker() -> UUID:
    return Worker.objects.create(host="here", pid=1, device="cpu").pk


@pytest.fixture
def run() -> Run:
    media = make_media(filename="beach.mp4")
    return queue.enqueue(media, owner=media.owner, detectors=["spectrum"])


def take(run: Run, worker: UUID, slot: int = 0) -> Claim:
    claim = queue.claim(run.pk, worker=worker, slot=slot)
    assert claim
    return claim


def let_lease_lapse(run: Run) -> None:
    RunLease.objects.filter(pk=run.pk).update(expires=timezone.now() - timedelta(seconds=1))


def told(run: Run) -> list[str]:
    return list(Event.objects.filter(topic=run.topic_id).order_by("seq").values_list("type", flat=True))


def last(run: Run) -> dict[str, Any]:
    event = Event.objects.filter(topic=run.topic_id).order_by("seq").last()
    assert event
    return {"type": event.type, "attempt_of_line": event.attempt, **event.data}


def jobs(run: Run) -> list[tuple[str, dict[str, str]]]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT status::text, args::text FROM procrastinate_jobs WHERE queueing_lock = %s", [str(run.pk)]
        )
        return [(status, json.loads(args)) for status, args in cursor]


def drop_jobs() -> None:
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM procrastinate_jobs")


def test_what_was_seen_is_told_after_the_outcome_and_forgotten_with_it(run: Run, worker: UUID) -> None:
    watched = replace(OUTCOME, seen="1 car")

    queue.succeed(take(run, worker), watched)

    run.refresh_from_db()
    ending = Event.objects.filter(topic=run.topic_id).order_by("seq").last()
    assert ending
    assert (run.sentence, run.seen) == ("No signs found.", "1 car")
    assert ending.data["seen"] == "1 car"
    assert json.loads(ending.body)["message"] == "No signs found. Seen: 1 car."

    queue.retry(run, by=run.owner)

    run.refresh_from_db()
    assert (run.sentence, run.seen) == ("", "")


def test_enqueue_makes_run_topic_event_and_job_at_once(run: Run) -> None:
    assert run.state == "queued"
    assert told(run) == ["run.queued"]
    assert last(run)["detectors"] == ["spectrum"]
    assert jobs(run) == [("todo", {"run_id": str(run.pk)})]


def test_a_claim_is_the_next_attempt_and_knows_its_file(run: Run, worker: UUID) -> None:
    claim = take(run, worker)

    run.refresh_from_db()
    assert (claim.attempt, claim.detectors, claim.filename) == (1, ("spectrum",), "beach.mp4")
    assert (run.state, run.started is None) == ("running", False)
    assert last(run) == {
        "type": "run.started",
        "attempt_of_line": 1,
        "run": str(run.pk),
        "attempt": 1,
        "worker": str(worker),
        "detectors": ["spectrum"],
    }


def test_a_run_somebody_alive_holds_cannot_be_claimed(run: Run, worker: UUID) -> None:
    take(run, worker)

    assert queue.claim(run.pk, worker=worker, slot=1) is None
    assert told(run) == ["run.queued", "run.started"]


def test_only_leases_a_slot_says_it_has_are_kept(run: Run, worker: UUID) -> None:
    claim = take(run, worker)
    take(queue.enqueue(make_media(), owner=run.owner), worker, slot=1)

    kept = queue.extend(worker, [claim.which, Attempt(run.pk, 2)])

    assert [beat.which for beat in kept] == [claim.which]
    assert queue.extend(worker, []) == []


def test_a_lapsed_lease_is_taken_over_and_the_first_holder_can_write_nothing(run: Run, worker: UUID) -> None:
    stale = take(run, worker)
    let_lease_lapse(run)

    fresh = take(run, worker, slot=1)

    assert fresh.attempt == 2
    for write in (
        lambda: queue.succeed(stale, OUTCOME),
        lambda: queue.fail(stale, code="x", error="y"),
        lambda: queue.cancelled(stale),
        lambda: queue.release(stale),
        lambda: queue.fence(stale),
    ):
        with pytest.raises(queue.LeaseLost):
            write()
    queue.succeed(fresh, OUTCOME)
    assert told(run) == ["run.queued", "run.started", "run.retried", "run.started", "run.succeeded"]


def test_success_is_the_last_line_and_says_so(run: Run, worker: UUID) -> None:
    claim = take(run, worker)

    queue.succeed(claim, OUTCOME)
    queue.succeed(claim, OUTCOME)

    run.refresh_from_db()
    ending = last(run)
    assert (run.state, run.outcome, run.sentence) == ("succeeded", "no_signs", "No signs found.")
    assert (ending["type"], ending["last_seq"], ending["rule"]) == ("run.succeeded", 3, "Rule.")
    assert told(run).count("run.succeeded") == 1


def test_a_queued_run_is_cancelled_at_once_and_its_job_is_gone(run: Run, worker: UUID) -> None:
    person = make_user(email="ann@example.org")

    cancelled = queue.request_cancel(run, by=person)

    assert cancelled.state == "cancelled"
    assert last(run)["by"] == "ann@example.org"
    assert jobs(run) == []
    assert queue.claim(run.pk, worker=worker, slot=0) is None


def test_a_running_run_is_asked_to_stop_and_names_who_asked(run: Run, worker: UUID) -> None:
    claim = take(run, worker)

    assert queue.request_cancel(run, by=make_user(email="bob@example.org")).state == "running"
    assert [beat.cancel_requested for beat in queue.extend(worker, [claim.which])] == [True]
    queue.cancelled(claim)

    run.refresh_from_db()
    assert (run.state, last(run)["by"]) == ("cancelled", "bob@example.org")


def test_an_examination_that_ends_after_its_cancel_was_asked_for_is_cancelled(run: Run, worker: UUID) -> None:
    claim = take(run, worker)
    queue.request_cancel(run, by=run.owner)

    queue.succeed(claim, OUTCOME)

    run.refresh_from_db()
    assert (run.state, run.outcome) == ("cancelled", None)
    assert [kind for kind in told(run) if kind in ENDINGS] == ["run.cancelled"]


def test_what_has_ended_cannot_be_cancelled_and_what_has_not_cannot_be_retried(
    run: Run, worker: UUID
) -> None:
    with pytest.raises(queue.NotEnded):
        queue.retry(run, by=None)
    queue.succeed(take(run, worker), OUTCOME)
    with pytest.raises(queue.AlreadyEnded):
        queue.request_cancel(run, by=None)


def test_a_retry_goes_on_in_the_same_topic_and_keeps_the_results_before(run: Run, worker: UUID) -> None:
    claim = take(run, worker)
    Result.objects.create(
        run=run, attempt=1, detector="spectrum", version="1", family="f", reason="too_short", seconds=1
    )
    queue.fail(claim, code="examination_failed", error="beach.mp4: out of luck")

    queue.retry(run, by=make_user(email="cy@example.org"))

    run.refresh_from_db()
    assert (run.state, run.error_message, run.finished) == ("queued", "", None)
    assert last(run) == {
        "type": "run.retried",
        "attempt_of_line": None,
        "run": str(run.pk),
        "attempt": 2,
        "reason": "asked for by a person",
        "by": "cy@example.org",
    }
    assert take(run, worker).attempt == 2
    assert list(run.results.values_list("attempt", flat=True)) == [1]


def test_a_run_that_kills_its_worker_three_times_fails_and_says_why(run: Run, worker: UUID) -> None:
    for _ in range(3):
        take(run, worker)
        queue.lose_slot(worker, 0, Loss("Its worker process died."))

    run.refresh_from_db()
    assert (run.state, run.error_code) == ("failed", "poison_job")
    assert "beach.mp4" in run.error_message
    assert "Its worker process died." in run.error_message
    assert told(run).count("run.retried") == 2
    assert jobs(run) == [("todo", {"run_id": str(run.pk)})]
    assert queue.claim(run.pk, worker=worker, slot=0) is None


def test_a_lease_given_back_is_not_counted(run: Run, worker: UUID) -> None:
    for attempt in range(1, 6):
        claim = take(run, worker)
        assert claim.attempt == attempt
        queue.release(claim)

    run.refresh_from_db()
    assert (run.state, run.lease.claims) == ("queued", 0)
    assert len(jobs(run)) == 1


def test_a_detector_that_hung_is_left_out_of_the_next_attempt(run: Run, worker: UUID) -> None:
    take(run, worker)

    queue.lose_slot(worker, 0, Loss("spectrum made no progress.", blamed="spectrum"))

    claim = take(run, worker)
    assert claim.excluded == {"spectrum": "spectrum made no progress."}
    assert RunLease.objects.get(pk=run.pk).claims == 1


def test_a_cancel_asked_of_a_worker_that_died_is_kept(run: Run, worker: UUID) -> None:
    take(run, worker)
    queue.request_cancel(run, by=None)

    queue.lose_slot(worker, 0, Loss("Its worker process died."))

    assert told(run)[-1] == "run.cancelled"


def test_the_sweep_picks_up_lapsed_runs_and_leaves_the_others(run: Run, worker: UUID) -> None:
    other = queue.enqueue(make_media(), owner=run.owner)
    take(run, worker)
    take(other, worker, slot=1)
    drop_jobs()
    let_lease_lapse(run)

    queue.sweep()
    queue.sweep()

    run.refresh_from_db()
    other.refresh_from_db()
    assert (run.state, other.state) == ("queued", "running")
    assert told(run) == ["run.queued", "run.started", "run.retried"]
    assert jobs(run) == [("todo", {"run_id": str(run.pk)})]
    assert jobs(other) == []


def test_the_sweep_finds_queued_runs_the_engine_forgot(run: Run) -> None:
    drop_jobs()

    queue.sweep()

    assert jobs(run) == [("todo", {"run_id": str(run.pk)})]


def test_the_sweep_removes_jobs_of_slots_that_died_before_they_claimed(run: Run) -> None:
    with connection.cursor() as cursor:
        cursor.execute("UPDATE procrastinate_jobs SET status = 'doing'")

    queue.sweep()

    assert jobs(run) == [("todo", {"run_id": str(run.pk)})]


def test_one_examination_has_one_ending_however_often_it_is_ended(run: Run, worker: UUID) -> None:
    claim = take(run, worker)
    queue.cancelled(claim)

    with pytest.raises(queue.LeaseLost):
        queue.succeed(claim, OUTCOME)
    queue.lose_slot(worker, 0, Loss("Its worker process died."))
    queue.sweep()

    assert [kind for kind in told(run) if kind in ENDINGS] == ["run.cancelled"]


def test_a_deleted_run_is_no_claim(worker: UUID) -> None:
    assert queue.claim(uuid4(), worker=worker, slot=0) is None
