"""Reporting on an external job from code in this process: a coroutine's reporter, and a thread's.

Services elsewhere report over HTTP (`POST /api/v1/jobs/<id>/progress/`); all three end in `realtime.jobs`.
"""

from collections.abc import Callable, Mapping
from types import TracebackType
from typing import Any, Self, TypeVar

from django.db import connection

from accounts.models import User
from realtime import jobs, publisher
from realtime.jobs import Report
from realtime.jobs import states as job_states
from realtime.readers import ask, asked_twice

T = TypeVar("T")


class ReporterRefused(RuntimeError):
    """The reporter cannot report; `code` is stable."""

    code = "reporter_refused"


class ReporterClosed(ReporterRefused):
    """The reporter was closed."""

    code = "reporter_closed"


class NoOwner(ReporterRefused):
    """The user whose jobs these are is not there any more, or switched off."""

    code = "no_owner"


class ProgressReporter:
    """Reports on jobs of `owner` from coroutines; the database is asked in threads, never in the loop.

    Every method may raise ReporterRefused, JobRefused and EventRefused (a report nobody could store).
    """

    def __init__(self, owner: User) -> None:
        self._sync = SyncProgressReporter(owner)

    async def initialize(self) -> None:
        """Makes sure that there is somebody to report for; every report does it too."""
        await ask(self._sync.initialize)

    async def report(
        self,
        job_id: str,
        stage: str,
        progress: float,
        message: str,
        metadata: Mapping[str, Any] | None = None,
    ) -> None:
        """How far the job is; the first report of an id creates the job. progress: clamped to 0–1."""
        await ask(self._sync.report, job_id, stage, progress, message, metadata)

    async def report_complete(self, job_id: str, result: Any, message: str = "Job completed") -> None:
        """The job is done."""
        await ask(self._sync.report_complete, job_id, result, message)

    async def report_error(self, job_id: str, error: str | BaseException, stage: str = "error") -> None:
        """The job failed; it keeps its last progress."""
        await ask(self._sync.report_error, job_id, error, stage)

    async def get_status(self, job_id: str) -> dict[str, Any] | None:
        """What was last said of the job; None when there is no such job of the owner."""
        return await ask(self._sync.get_status, job_id)

    async def close(self) -> None:
        """What was reported has been announced; nothing more can be reported."""
        await ask(self._sync.close)

    async def __aenter__(self) -> Self:
        await self.initialize()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.close()


class SyncProgressReporter:
    """The same from threads, any number of them at once.

    Inside a transaction of the caller a report is part of it: rolled back, it never happened.
    """

    def __init__(self, owner: User) -> None:
        self._owner = owner
        self._closed = False

    def initialize(self) -> None:
        """Makes sure that there is somebody to report for; every report does it too."""
        self._carried(lambda: None)

    def report(
        self,
        job_id: str,
        stage: str,
        progress: float,
        message: str,
        metadata: Mapping[str, Any] | None = None,
    ) -> None:
        """How far the job is; the first report of an id creates the job. progress: clamped to 0–1."""
        said = Report(stage, progress, message, metadata)
        self._carried(lambda: jobs.report(self._owner, job_id, said))

    def report_complete(self, job_id: str, result: Any, message: str = "Job completed") -> None:
        """The job is done."""
        self._carried(lambda: jobs.complete(self._owner, job_id, result, message))

    def report_error(self, job_id: str, error: str | BaseException, stage: str = "error") -> None:
        """The job failed; it keeps its last progress."""
        self._carried(lambda: jobs.fail(self._owner, job_id, str(error) or repr(error), stage))

    def get_status(self, job_id: str) -> dict[str, Any] | None:
        """What was last said of the job; None when there is no such job of the owner."""
        job = self._carried(lambda: jobs.find(self._owner, job_id))
        return job_states.whole(job) if job else None

    def close(self) -> None:
        """What was reported has been announced; nothing more can be reported."""
        self._closed = True
        publisher.flush()

    def __enter__(self) -> Self:
        self.initialize()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _carried(self, act: Callable[[], T]) -> T:
        if self._closed:
            raise ReporterClosed("This reporter was closed; make a new one to report on.")
        whole: Callable[[], T] = lambda: self._checked(act)  # noqa: E731  # typed, for asking twice
        # A transaction that lost its connection is lost; only its owner can begin it again.
        return whole() if connection.in_atomic_block else asked_twice(whole)

    def _checked(self, act: Callable[[], T]) -> T:
        # every time: a reporter may outlive its owner
        if not User.objects.filter(pk=self._owner.pk, is_active=True).exists():
            raise NoOwner(f"There is no active user {self._owner.pk} to report for.")
        return act()
