"""The sweep of silent jobs while others work on them: it waits for nobody."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import timedelta

import pytest
from django.db import connections, transaction
from django.utils import timezone

from accounts.models import User
from realtime import jobs
from realtime.jobs import Report
from realtime.models import Job
from tests.factories import make_user

pytestmark = pytest.mark.django_db(transaction=True)


@contextmanager
def under_report(owner: User, job_id: str) -> Iterator[None]:
    """A report on the job in a transaction of another connection that stays open, and is rolled back."""
    reported, done = threading.Event(), threading.Event()

    def hold() -> None:
        try:
            with transaction.atomic():
                jobs.report(owner, job_id, Report("s", 0.5, ""))
                reported.set()
                done.wait(30)
                transaction.set_rollback(True)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(1) as pool:
        held = pool.submit(hold)
        assert reported.wait(10)
        try:
            yield
        finally:
            done.set()
            held.result()


def sweep() -> None:
    try:
        jobs.sweep()
    finally:
        connections.close_all()


def states() -> dict[str, str]:
    return dict(Job.objects.values_list("job_id", "state"))


def test_a_job_somebody_works_on_does_not_keep_the_sweep_from_others() -> None:
    ana = make_user()
    for job_id in ("held", "silent"):
        jobs.create(ana, job_id, silent_seconds=60)
    Job.objects.update(reported=timezone.now() - timedelta(seconds=70))

    with under_report(ana, "held"), ThreadPoolExecutor(1) as pool:
        pool.submit(sweep).result(timeout=10)
        meanwhile = states()
    jobs.sweep()

    assert meanwhile == {"held": "queued", "silent": "stalled"}
    assert states() == {"held": "stalled", "silent": "stalled"}
