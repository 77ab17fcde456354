"""Sockets that speak a dialect existing clients know: `/ws/jobs/<id>/` and `/ws/analysis/<run>/`."""

import asyncio
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, ClassVar
from urllib.parse import unquote
from uuid import UUID

from django.conf import settings
from django.db import Error as DatabaseError

from accounts.sockets import Identity
from realtime import frames, jobs, topics
from realtime.connection import Connection
from realtime.consumers import cursor_of, uuid_of
from realtime.dialect_feeds import DialectFeed, DialectFollower
from realtime.dialects import Frame
from realtime.envelope import rfc3339
from realtime.feeds import Feed
from realtime.frames import Command, Commands, Ended, FrameRefused
from realtime.jobs import topics as job_topics
from realtime.readers import ask
from realtime.topics import Found, compact


class DialectSocket(Connection):
    """One topic in the dialect `dialect`: the last state at once, or with `?after=N` all frames after N."""

    dialect: ClassVar[str] = ""

    after: int | None = None
    lines: Feed | None = None
    feed: DialectFeed | None = None
    follower: DialectFollower | None = None

    async def listen(self, found: Found) -> None:
        """Follows a topic the user may watch and whose kind speaks the dialect. Raises Ended for one too many."""
        self.watch(found)
        self.lines = await self.hub.topic(found.id)
        self.feed = await self.hub.dialect(self.lines, found.kind, self.dialect)
        self.follower = DialectFollower(self.feed, self.outbox)
        if self.after is None:
            self.follower.join()
        else:
            # A cursor beyond the head is of another history; all of this one follows.
            known = self.after <= max(self.lines.head, found.head)
            self.follower.resume(self.after if known else 0)

    def left(self) -> None:
        if self.follower is not None:
            self.follower.leave()
        if self.feed is not None:
            self.hub.release(self.feed)
        if self.lines is not None:
            self.hub.release(self.lines)


class JobSocket(DialectSocket):
    """`/ws/jobs/<id>/`: an external job of the user, or a run they may watch.

    An id that is neither may become a job of theirs: the socket waits for that, as for ids of others.
    """

    name = "jobs"
    dialect = "jobs"
    commands: ClassVar[Commands] = {"ping": frozenset()}

    job_id = ""
    _awaited: job_topics.Name | None = None
    _waits_until = 0.0
    _opening: asyncio.Task[None] | None = None

    async def opened(self, identity: Identity) -> None:
        self.after = cursor_of(self.scope)
        self.job_id = _job_id(self.scope)
        found = await ask(_job_or_run, self.job_id, identity.user_id)
        self.outbox.push(compact(self._said("connected", "Connected to job progress stream")))
        if found is not None:
            await self.listen(found)
            return
        self._waits_until = asyncio.get_running_loop().time() + settings.JOB_WAIT_SECONDS
        self._awaited = (identity.user_id, self.job_id)
        self.hub.waiting.add(self._awaited, self._appeared)

    def tick(self, now: float, *, stuck_seconds: float) -> None:
        super().tick(now, stuck_seconds=stuck_seconds)
        if self._awaited is not None and now >= self._waits_until:
            self.end(frames.not_found())

    def heartbeat(self) -> dict[str, Any]:
        return self._said("ping", "keepalive")

    def left(self) -> None:
        if self._awaited is not None:
            self.hub.waiting.remove(self._awaited, self._appeared)
        if self._opening is not None:
            self._opening.cancel()
        super().left()

    def _said(self, kind: str, message: str) -> dict[str, Any]:
        return {"type": kind, "job_id": self.job_id, "message": message, "timestamp": _now()}

    def _appeared(self, found: Found) -> None:
        self._awaited = None
        self._opening = asyncio.get_running_loop().create_task(self._listen_late(found))

    async def _listen_late(self, found: Found) -> None:
        try:
            await self.listen(found)
        except Ended as ended:
            self.end(ended)
        except DatabaseError:
            self.end(Ended(1013, "unavailable", "The database cannot be reached. Try again soon."))


class AnalysisSocket(DialectSocket):
    """`/ws/analysis/<run>/`: one run. Every frame has its `type` as `event_type` too."""

    name = "analysis"
    dialect = "analysis"
    commands: ClassVar[Commands] = {"ping": frozenset(), "subscribe": None}

    run = ""

    async def opened(self, identity: Identity) -> None:
        self.after = cursor_of(self.scope)
        run = uuid_of(self.scope["url_route"]["kwargs"]["run"])
        found = await ask(topics.find_run, run, user=identity.user_id) if run else None
        if found is None or not topics.has_voice(found.kind, self.dialect):
            raise frames.not_found()
        self.run = str(run)
        message = "Connected to the analysis stream"
        self.outbox.push(compact(self.worded({"type": "connection_established", "message": message})))
        await self.listen(found)

    async def told(self, command: Command) -> None:
        for name, value in command.fields.items():
            if name not in ("task_id", "analysis_id"):
                raise FrameRefused("unknown_field", f"A subscribe frame has no field {name[:64]!r}.")
            if value != self.run:
                raise FrameRefused("bad_value", f"This socket tells of run {self.run} alone.")
        if self.follower is not None:
            self.follower.tell_last()

    def worded(self, frame: Frame) -> Frame:
        named = {**frame, "event_type": frame["type"], "timestamp": _now()}
        if frame["type"] == "error":
            error = {"error_code": frame["code"], "error_message": frame["message"], "error_details": None}
            return named | error
        return named | ({"task_id": self.run, "analysis_id": self.run} if self.run else {})


def _job_or_run(job_id: str, user: UUID) -> Found | None:
    """What the user means by an id: their own job first, then a run."""
    name = (user, job_id)
    if own := job_topics.named([name]).get(name):
        return own
    run = uuid_of(job_id)
    found = topics.find_run(run, user=user) if run else None
    return found if found and topics.has_voice(found.kind, JobSocket.dialect) else None


def _job_id(scope: Mapping[str, Any]) -> str:
    """The id in the address, slashes and all. Raises Ended when no job can have it."""
    # The path was decoded before the routes saw it; only the raw one tells an id's last slash from the address's.
    raw = scope.get("raw_path") or b""
    _, found, text = raw.decode("latin-1").partition("/ws/jobs/")
    try:
        job_id = unquote(text.removesuffix("/"), errors="strict") if found else ""
        return jobs.checked_id(job_id or scope["url_route"]["kwargs"]["job"])
    except (UnicodeDecodeError, jobs.BadJobId) as error:
        raise frames.not_found() from error


def _now() -> str:
    return rfc3339(datetime.now(UTC))
