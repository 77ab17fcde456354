"""Reporters in this process: for coroutines and for threads."""

import asyncio
import inspect
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import connection, connections, transaction

from accounts.models import User
from realtime import jobs, log
from realtime.models import Job
from realtime.readers import ask
from realtime.reporter import NoOwner, ProgressReporter, ReporterClosed, SyncProgressReporter
from tests.factories import make_user

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def ana(transactional_db: None) -> User:
    return make_user()


def types(job_id: str) -> list[str]:
    return [line.type for line in log.read(Job.objects.get(job_id=job_id).topic_id)]


async def test_a_coroutine_reports_from_beginning_to_end(ana: User) -> None:
    async with ProgressReporter(ana) as reporter:
        await reporter.report("render", "encoding", 0.25, "Encoding.", {"frame": 3})
        under_way = await reporter.get_status("render")
        await reporter.report_complete("render", {"file": "x.mp4"})
        done = await reporter.get_status("render")

    assert under_way and done
    told = ("status", "stage", "progress", "message", "metadata")
    assert [under_way[name] for name in told] == ["processing", "encoding", 0.25, "Encoding.", {"frame": 3}]
    assert [done[name] for name in told[:4]] == ["completed", "complete", 1.0, "Job completed"]
    assert done["result"] == {"file": "x.mp4"}


async def test_the_loop_goes_on_while_a_report_waits_for_the_database(ana: User) -> None:
    reporter = ProgressReporter(ana)
    await reporter.report("render", "s", 0.1, "")
    locked, release = asyncio.Event(), asyncio.Event()
    loop = asyncio.get_running_loop()

    def hold() -> None:
        with transaction.atomic():
            Job.objects.select_for_update().get(job_id="render")
            loop.call_soon_threadsafe(locked.set)
            asyncio.run_coroutine_threadsafe(release.wait(), loop).result(10)

    holding = asyncio.create_task(ask(hold))
    await locked.wait()
    reporting = asyncio.create_task(reporter.report("render", "s", 0.2, ""))
    await asyncio.wait([reporting], timeout=0.2)
    assert not reporting.done()
    release.set()

    await asyncio.gather(holding, reporting)
    status = await reporter.get_status("render")
    assert status and status["progress"] == 0.2


def test_threads_report_with_one_reporter(ana: User) -> None:
    def work(number: int) -> None:
        reporter.report(f"job{number}", "s", 0.5, "")
        reporter.report_complete(f"job{number}", None)
        connections.close_all()

    with SyncProgressReporter(ana) as reporter, ThreadPoolExecutor(4) as pool:
        list(pool.map(work, range(8)))

    assert set(Job.objects.values_list("state", flat=True)) == {"completed"}
    assert types("job3") == ["job.reported", "job.reported", "job.succeeded"]


@pytest.mark.parametrize(
    ("error", "told"),
    [
        ("disk full", "disk full"),
        (ValueError("no such codec"), "no such codec"),
        (TimeoutError(), "TimeoutError()"),
        ("a\0b", "a\ufffdb"),
        ("\ud800", "?"),
        ("é" * 100_000, "é" * 8000),
    ],
    ids=["text", "exception", "silent exception", "nul", "broken text", "long"],
)
def test_a_failure_is_told_whatever_it_says(ana: User, error: Any, told: str) -> None:
    reporter = SyncProgressReporter(ana)
    reporter.report("render", "encoding", 0.5, "")

    reporter.report_error("render", error)

    job = Job.objects.get()
    assert (job.state, job.stage, job.progress, job.error) == ("failed", "error", 0.5, told)


def test_a_report_within_a_transaction_goes_with_it(ana: User) -> None:
    reporter = SyncProgressReporter(ana)

    with pytest.raises(ZeroDivisionError), transaction.atomic():
        reporter.report("render", "s", 0.5, "")
        raise ZeroDivisionError

    assert reporter.get_status("render") is None


def test_a_report_survives_a_lost_connection(ana: User) -> None:
    reporter = SyncProgressReporter(ana)
    reporter.report("render", "s", 0.5, "")
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        pid = cursor.fetchone()[0]

    def end_it() -> None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_terminate_backend(%s)", [pid])
        connections.close_all()

    with ThreadPoolExecutor(1) as other:
        other.submit(end_it).result()
    reporter.report("render", "s", 0.6, "")

    status = reporter.get_status("render")
    assert status and status["progress"] == 0.6


def test_after_close_nothing_is_reported(ana: User) -> None:
    reporter = SyncProgressReporter(ana)
    reporter.close()

    with pytest.raises(ReporterClosed):
        reporter.report("render", "s", 0.5, "")


def switched_off(ana: User) -> None:
    User.objects.filter(pk=ana.pk).update(is_active=False)


def deleted(ana: User) -> None:
    User.objects.filter(pk=ana.pk).delete()


@pytest.mark.parametrize("gone", [switched_off, deleted])
def test_nobody_is_no_owner(ana: User, gone: Callable[[User], None]) -> None:
    gone(ana)

    with pytest.raises(NoOwner):
        SyncProgressReporter(ana).initialize()


@pytest.mark.parametrize("gone", [switched_off, deleted])
def test_who_is_no_owner_any_more_is_found_out_with_the_next_report(
    ana: User, gone: Callable[[User], None]
) -> None:
    reporter = SyncProgressReporter(ana)
    reporter.report("render", "s", 0.5, "")
    gone(ana)

    with pytest.raises(NoOwner):
        reporter.report("render", "s", 0.6, "")
    with pytest.raises(NoOwner):
        reporter.get_status("render")


def test_what_jobs_refuse_is_refused(ana: User) -> None:
    reporter = SyncProgressReporter(ana)
    reporter.report_complete("render", None)

    with pytest.raises(jobs.JobEnded):
        reporter.report("render", "s", 0.5, "")
    with pytest.raises(jobs.BadJobId):
        reporter.report("", "s", 0.5, "")


def test_both_reporters_are_called_alike() -> None:
    expected = {
        "initialize": [],
        "report": ["job_id", "stage", "progress", "message", "metadata=None"],
        "report_complete": ["job_id", "result", "message='Job completed'"],
        "report_error": ["job_id", "error", "stage='error'"],
        "get_status": ["job_id"],
        "close": [],
    }

    for kind in (ProgressReporter, SyncProgressReporter):
        assert {name: parameters(getattr(kind, name)) for name in expected} == expected


def parameters(method: Any) -> list[str]:
    said = list(inspect.signature(method).parameters.values())[1:]
    empty = inspect.Parameter.empty
    return [one.name if one.default is empty else f"{one.name}={one.default!r}" for one in said]
