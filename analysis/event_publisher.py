"""Progress events published by code in this process: `event_publisher.publish(ProgressEvent(…))`.

What is published is a report on the external job `media_id` of the user `user_id`, also where that is the
id of a media of ours: a run's own log is its worker's alone. So it is stored, numbered and replayed.
"""

from typing import Any
from uuid import UUID

from accounts.models import User
from analysis.dialects.progress import RUN
from analysis.dialects.progress_events import BadProgressEvent, EventData, EventType, ProgressEvent
from realtime import jobs
from realtime.jobs import Report
from realtime.readers import ask

__all__ = ["BadProgressEvent", "EventData", "EventType", "ProgressEvent", "UnknownUser", "event_publisher"]


class UnknownUser(LookupError):
    """There is no active user of this id; nothing was stored."""

    code = "unknown_user"


class EventPublisher:
    """Publishes progress events; those about nobody's work (a run in a terminal) are silent."""

    def publish(self, event: ProgressEvent) -> None:
        """Stores the event as a report, in the caller's transaction if there is one, and announces it.

        What begins an analysis (`ANALYSIS_QUEUED`, `PROCESSING_STARTED`) starts a job anew that has ended.
        Raises UnknownUser, JobRefused (`JobEnded` for anything else after the run's ending), EventRefused;
        nothing was stored then.
        """
        if event.media_id is None or event.user_id is None:
            return
        owner, job_id = _owner(event.user_id), str(event.media_id)
        if event.data.model_name != RUN or event.event not in _ENDINGS:
            take = jobs.reopen if event.event in _BEGINNINGS else jobs.report
            take(owner, job_id, _report(owner, job_id, event))
        elif event.event == EventType.ANALYSIS_COMPLETE:
            jobs.complete(owner, job_id, dict(event.data.details) | _original(event), event.message)
        else:
            error = str(event.data.details.get("error") or event.message)
            jobs.fail(owner, job_id, error, _stage(event), _original(event))

    async def apublish(self, event: ProgressEvent) -> None:
        """The same from a coroutine, without holding up its loop."""
        await ask(self.publish, event)


_BEGINNINGS = frozenset({EventType.ANALYSIS_QUEUED, EventType.PROCESSING_STARTED})
_ENDINGS = frozenset({EventType.ANALYSIS_COMPLETE, EventType.ANALYSIS_FAILED})
event_publisher = EventPublisher()


def _owner(user_id: str | UUID) -> User:
    owner = User.objects.filter(pk=user_id, is_active=True).first()
    if owner is None:
        raise UnknownUser(f"There is no active user {user_id}.")
    return owner


def _report(owner: User, job_id: str, event: ProgressEvent) -> Report:
    return Report(_stage(event), _progress(owner, job_id, event.data), event.message, _original(event))


def _progress(owner: User, job_id: str, data: EventData) -> float:
    """What is done of all; an event that does not count leaves a job that is under way where it is."""
    if data.progress is not None and data.total:
        return data.progress / data.total
    job = jobs.find(owner, job_id)
    return job.progress if job and job.ended is None else 0.0


def _stage(event: ProgressEvent) -> str:
    phase = event.data.details.get("phase")
    return str(phase) if jobs.is_stage(phase) else event.event.lower()


def _original(event: ProgressEvent) -> dict[str, Any]:
    return {"progress_event": event.as_json()}
