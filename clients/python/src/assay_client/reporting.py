"""Reporting on a job of one's own, so that it appears at its owner's desk like a run."""

import asyncio
import contextlib
import json
import logging
import math
from collections.abc import Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self
from uuid import uuid4

from assay_client.backoff import Backoff
from assay_client.client import PATIENCE_SECONDS
from assay_client.errors import NotAllowed, NotAuthenticated, Problem, Undelivered, Unreachable
from assay_client.http import Http, asked_to_wait, passes
from assay_client.server import Server, Token, part
from assay_client.waiting_reports import Report, WaitingReports

logger = logging.getLogger(__name__)
WAITING_LIMIT = 1000
# A report the server stumbles over is not sent for ever: those behind it wait.
STUMBLES = 5


@dataclass(frozen=True)
class Job:
    """A job that was created. `topic` is what `follow` takes."""

    job_id: str
    topic: str
    websocket_url: str
    status: str


class ProgressReporter:
    """Reports on jobs over HTTP, one after the other, in the order they were made.

    A report returns when the server has it. While the server is away it returns at once and waits in
    memory, up to `waiting_limit` reports; beyond that the oldest progress is left out (`dropped` counts),
    never the newest and never an ending. Endings wait for the server up to `patience_seconds`.
    """

    def __init__(
        self,
        url: str,
        token: Token,
        *,
        patience_seconds: float = PATIENCE_SECONDS,
        waiting_limit: int = WAITING_LIMIT,
        trust_env: bool = True,
    ) -> None:
        self._http = Http(Server(url, token), patience_seconds=patience_seconds, trust_env=trust_env)
        self._waiting = WaitingReports(max(2, waiting_limit))
        self._sending: asyncio.Task[None] | None = None
        self._away = False

    @property
    def dropped(self) -> int:
        """How many reports of progress were left out because too many waited."""
        return self._waiting.dropped

    @property
    def waiting(self) -> int:
        """How many reports the server has not got yet."""
        return len(self._waiting)

    async def initialize(self) -> None:
        """Shows the credential. Raises NotAuthenticated and NotAllowed; a server that is away is no fault."""
        try:
            await self._http.once("GET", "/api/v1/jobs/", query={"page_size": 1})
        except (NotAuthenticated, NotAllowed):
            raise
        except (Unreachable, Problem):
            return

    async def create(self, job_id: str | None = None, *, silent_seconds: float | None = None) -> Job:
        """A new job, queued, before there is anything to report. Raises Conflict when you have one of this id.

        silent_seconds: how long it may say nothing before it counts as stalled.
        """
        asked = {"job_id": job_id, "silent_seconds": silent_seconds}
        body = {name: value for name, value in asked.items() if value is not None}
        headers = {"Idempotency-Key": str(uuid4())}
        made = (await self._http.ask("POST", "/api/v1/jobs/", body=body, headers=headers)).object()
        names = ("job_id", "topic", "websocket_url", "status")
        return Job(*(str(made.get(name, "")) for name in names))

    async def report(
        self,
        job_id: str,
        stage: str,
        progress: float,
        message: str,
        metadata: Mapping[str, Any] | None = None,
    ) -> None:
        """How far the job is, from 0 to 1. The first report of an unknown id creates the job.

        Raises Problem for a report the server refuses; nothing while it is away.
        """
        said: dict[str, Any] = {"stage": stage, "progress": _clamped(progress), "message": message}
        if metadata is not None:
            said["metadata"] = metadata
        await self._deliver(job_id, said, ends=False)

    async def report_complete(self, job_id: str, result: Any, message: str = "Job completed") -> None:
        """The job is done. Raises Undelivered when the server stays away; it is sent all the same if it returns."""
        await self._deliver(job_id, {"status": "completed", "result": result, "message": message}, ends=True)

    async def report_error(self, job_id: str, error: str, stage: str = "error") -> None:
        """The job failed; it keeps its last progress. Raises like `report_complete`."""
        await self._deliver(job_id, {"status": "failed", "error": error, "stage": stage}, ends=True)

    async def get_status(self, job_id: str) -> Mapping[str, Any]:
        """The job's last state, after everything reported so far. Raises NotFound, Unreachable."""
        await self._flush()
        return (await self._http.get(f"/api/v1/jobs/{part(job_id)}/")).object()

    async def close(self) -> None:
        """Waits for what has not been delivered. Raises Undelivered when patience runs out."""
        try:
            await self._flush()
        finally:
            if self._sending is not None:
                self._sending.cancel()
            await self._http.close()
        if self.waiting:
            raise Undelivered(self.waiting)

    async def _deliver(self, job_id: str, body: Mapping[str, Any], *, ends: bool) -> None:
        report = Report(job_id, json.dumps(body, allow_nan=False).encode(), ends)
        self._waiting.add(report)
        if self._sending is None or self._sending.done():
            self._sending = asyncio.get_running_loop().create_task(self._send_all())
        if self._away and not ends:
            return
        try:
            async with asyncio.timeout(self._http.patience_seconds):
                await report.settled.wait()
        except TimeoutError:
            raise Undelivered(self.waiting) from None
        if report.fault is not None:
            raise report.fault

    async def _flush(self) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self._http.patience_seconds):
                while self.waiting:
                    await self._waiting.last().gone.wait()

    async def _send_all(self) -> None:
        while True:
            report = await self._waiting.first()
            fault = await self._send(report)
            if fault is not None and report.settled.is_set():
                logger.warning("a report on job %s was refused: %s", report.job_id, fault)
            self._waiting.take_out(report, fault)

    async def _send(self, report: Report) -> Exception | None:
        """Sends until it is taken or refused; why it was refused."""
        backoff, stumbles = Backoff(), 0
        while True:
            try:
                await self._post(report)
            except Exception as fault:  # the loop that sends: one bad report must not hold up the others
                stumbles += isinstance(fault, Problem) and fault.status == 500
                if not passes(fault) and not 0 < stumbles < STUMBLES:
                    return fault
                self._away = True
                self._waiting.let_wait()
                await asyncio.sleep(max(backoff.seconds(), asked_to_wait(fault)))
            else:
                self._away = False
                return None

    async def _post(self, report: Report) -> None:
        # Sent twice under one key, it is one report.
        path = f"/api/v1/jobs/{part(report.job_id)}/progress/"
        headers = {"Idempotency-Key": report.key, "Content-Type": "application/json"}
        await self._http.once("POST", path, content=report.body, headers=headers)

    async def __aenter__(self) -> Self:
        await self.initialize()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    def __repr__(self) -> str:
        return f"ProgressReporter({self._http.server.url!r}, waiting={self.waiting})"


def _clamped(progress: float) -> float:
    if isinstance(progress, bool) or not isinstance(progress, int | float) or math.isnan(progress):
        raise ValueError("progress is a number from 0 to 1.")
    return min(1.0, max(0.0, float(progress)))
