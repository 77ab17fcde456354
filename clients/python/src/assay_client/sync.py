"""The same for programs without an event loop."""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from assay_client.client import PATIENCE_SECONDS, AsyncClient
from assay_client.events import Event
from assay_client.following import OnThinned
from assay_client.portal import Portal
from assay_client.reporting import WAITING_LIMIT, Job, ProgressReporter
from assay_client.server import Token
from assay_client.uploading import Sent, Transfer, Uploaded


class _Closing(ABC):
    @abstractmethod
    def close(self) -> None: ...

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class SyncTransfer:
    """An upload that begins when it is waited for or iterated over. Iterating gives a `Sent` per piece."""

    def __init__(self, portal: Portal, transfer: Transfer) -> None:
        self._portal = portal
        self._transfer = transfer

    def __iter__(self) -> Iterator[Sent]:
        return self._portal.iterate(self._transfer.__aiter__())

    def wait(self) -> Uploaded:
        """Sends everything."""
        for _ in self:
            pass
        return self.uploaded

    @property
    def uploaded(self) -> Uploaded:
        """Raises ValueError before the last byte was taken."""
        return self._transfer.uploaded


class Client(_Closing):
    """AsyncClient, waited for."""

    def __init__(
        self,
        url: str,
        token: Token,
        *,
        patience_seconds: float = PATIENCE_SECONDS,
        trust_env: bool = True,
    ) -> None:
        self._portal = Portal()
        self._client = AsyncClient(url, token, patience_seconds=patience_seconds, trust_env=trust_env)

    def follow(
        self,
        run_or_topic: object,
        after: int = 0,
        *,
        after_hash: str = "",
        verify: bool = True,
        until_end: bool = True,
        on_thinned: OnThinned | None = None,
    ) -> Iterator[Event]:
        """Like AsyncClient.follow."""
        events = self._client.follow(
            run_or_topic,
            after,
            after_hash=after_hash,
            verify=verify,
            until_end=until_end,
            on_thinned=on_thinned,
        )
        return self._portal.iterate(events)

    def upload(
        self,
        path: str | Path,
        detectors: Sequence[str] | None = None,
        description: str | None = None,
        resume: bool = True,  # as in AsyncClient
        *,
        analyze: bool = True,
        stress: bool = False,
        stress_seconds: int | None = None,
    ) -> SyncTransfer:
        """Like AsyncClient.upload; `.wait()` in place of `await`."""
        transfer = self._client.upload(
            path,
            detectors,
            description,
            resume,
            analyze=analyze,
            stress=stress,
            stress_seconds=stress_seconds,
        )
        return SyncTransfer(self._portal, transfer)

    def run(self, run_id: object) -> Mapping[str, Any]:
        """A run with its results, as REST shows it."""
        return self._portal.run(self._client.run(run_id))

    def close(self) -> None:
        """Gives connections back."""
        try:
            self._portal.run(self._client.close())
        finally:
            self._portal.close()

    def __repr__(self) -> str:
        return repr(self._client).replace("Async", "", 1)


class SyncProgressReporter(_Closing):
    """ProgressReporter, waited for. What waits for a server that is away is sent from a thread of its own."""

    def __init__(
        self,
        url: str,
        token: Token,
        *,
        patience_seconds: float = PATIENCE_SECONDS,
        waiting_limit: int = WAITING_LIMIT,
        trust_env: bool = True,
    ) -> None:
        self._portal = Portal()
        self._reporter = ProgressReporter(
            url, token, patience_seconds=patience_seconds, waiting_limit=waiting_limit, trust_env=trust_env
        )

    @property
    def dropped(self) -> int:
        """How many reports of progress were left out because too many waited."""
        return self._reporter.dropped

    @property
    def waiting(self) -> int:
        """How many reports the server has not got yet."""
        return self._reporter.waiting

    def initialize(self) -> None:
        """Like ProgressReporter.initialize."""
        self._portal.run(self._reporter.initialize())

    def create(self, job_id: str | None = None, *, silent_seconds: float | None = None) -> Job:
        """Like ProgressReporter.create."""
        return self._portal.run(self._reporter.create(job_id, silent_seconds=silent_seconds))

    def report(
        self,
        job_id: str,
        stage: str,
        progress: float,
        message: str,
        metadata: Mapping[str, Any] | None = None,
    ) -> None:
        """Like ProgressReporter.report."""
        self._portal.run(self._reporter.report(job_id, stage, progress, message, metadata))

    def report_complete(self, job_id: str, result: Any, message: str = "Job completed") -> None:
        """Like ProgressReporter.report_complete."""
        self._portal.run(self._reporter.report_complete(job_id, result, message))

    def report_error(self, job_id: str, error: str, stage: str = "error") -> None:
        """Like ProgressReporter.report_error."""
        self._portal.run(self._reporter.report_error(job_id, error, stage))

    def get_status(self, job_id: str) -> Mapping[str, Any]:
        """Like ProgressReporter.get_status."""
        return self._portal.run(self._reporter.get_status(job_id))

    def close(self) -> None:
        """Like ProgressReporter.close."""
        try:
            self._portal.run(self._reporter.close())
        finally:
            self._portal.close()

    def __enter__(self) -> Self:
        self.initialize()
        return self

    def __repr__(self) -> str:
        return f"Sync{self._reporter!r}"
