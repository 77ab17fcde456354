"""External jobs: somebody else's work that reports here, each in a topic of its own.

Everything a report says stands in the job's topic; the row is what lists and late joiners read. Both are
written in one transaction, the job's row locked before its topic.
"""

import math
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import DurationField, ExpressionWrapper, F, Q, Value
from django.db.models.functions import Now
from django.utils import timezone

from accounts.models import User
from realtime import log, topics
from realtime.envelope import Draft, prepare
from realtime.jobs.failures import Failure
from realtime.models import PROGRESS_TYPES, Event, Job

KIND = "job"
ID_LIMIT = 128
STAGE_LIMIT = 64
OPEN = (Job.State.QUEUED, Job.State.PROCESSING, Job.State.STALLED)
ENDED = (Job.State.COMPLETED, Job.State.FAILED)
ENDINGS = frozenset({"job.succeeded", "job.failed"})


class JobRefused(ValueError):
    """A job or a report that cannot be taken; `code` is stable. Nothing was stored."""

    code = "job_refused"


class BadJobId(JobRefused):
    """An id that is empty, too long, or holds what no id may."""

    code = "bad_job_id"


class BadReport(JobRefused):
    """A report whose values no job has."""

    code = "bad_report"


class JobEnded(JobRefused):
    """The job has ended; what it reports now would contradict its ending."""

    code = "job_ended"


class JobExists(JobRefused):
    """The user has a job of this id already."""

    code = "job_exists"


@dataclass(frozen=True)
class Report:
    """How far a job is. progress: clamped to 0–1; metadata: whatever the reporter wants to have shown."""

    stage: str
    progress: float
    message: str
    metadata: Mapping[str, Any] | None = None


def checked_id(job_id: object) -> str:
    """The id, if it may be one: 1 to 128 printable characters, no part "." or "..". Raises BadJobId."""
    if not isinstance(job_id, str) or not is_id(job_id):
        rule = f"a text of 1 to {ID_LIMIT} printable characters; between slashes may not be . or .. alone"
        raise BadJobId(f"A job id is {rule}.")
    return job_id


def is_id(text: str) -> bool:
    """Whether a job may go by this id."""
    if not 1 <= len(text) <= ID_LIMIT or not text.isprintable() or text.isspace():
        return False
    # clients and proxies resolve dots in an address before they ask: such a job could not be reached
    return not {".", ".."} & set(text.split("/"))


def is_stage(stage: object) -> bool:
    """Whether a stage may be called this."""
    return isinstance(stage, str) and 1 <= len(stage) <= STAGE_LIMIT and stage.isprintable()


def create(owner: User, job_id: str | None = None, *, silent_seconds: float | None = None) -> Job:
    """A new job of `owner`, queued; an id is made up unless one is given. Raises JobExists, BadJobId.

    silent_seconds: how long it may say nothing before it counts as stalled.
    """
    job_id = checked_id(job_id if job_id is not None else str(uuid4()))
    try:
        with transaction.atomic():
            return _created(owner, job_id, silent_seconds)
    except IntegrityError as error:
        raise JobExists(f"You have a job {job_id!r} already.") from error


def find(owner: User | UUID, job_id: str) -> Job | None:
    """The owner's job of this id."""
    if not is_id(job_id):
        return None
    return Job.objects.filter(owner=owner, job_id=job_id).select_related("topic").first()


def report(owner: User, job_id: str, said: Report) -> Job:
    """Takes a report; the first one of an unknown id creates the job. Raises JobRefused, EventRefused."""
    return _take(owner, job_id, said, anew=False)


def reopen(owner: User, job_id: str, said: Report) -> Job:
    """Like `report`; a job that has ended starts anew with it, in the topic it has."""
    return _take(owner, job_id, said, anew=True)


def _take(owner: User, job_id: str, said: Report, *, anew: bool) -> Job:
    stage = _stage(said.stage)
    progress = clamped(said.progress)
    message = said.message or stage
    data = {"job_id": job_id, "stage": stage, "progress": progress, **_optional(metadata=said.metadata)}
    draft = _sound(Draft("job.reported", message, data))
    with transaction.atomic():
        job = _open_job(owner, job_id, unless=ENDED if anew else ())
        fields = {"state": Job.State.PROCESSING, "stage": stage, "progress": progress, "message": message}
        again: dict[str, Any] = {"result": None, "error": "", "ended": None} if job.ended else {}
        _write(job, **fields, **again, metadata=said.metadata, reported=timezone.now())
        _tell(job, draft)
    return job


def complete(owner: User, job_id: str, result: Any = None, message: str = "Job completed") -> Job:
    """The job is done. Said twice it changes nothing. Raises JobRefused, EventRefused."""
    message = message or "Job completed"
    result = {} if result is None else result
    data = {"job_id": job_id, "stage": "complete", "progress": 1.0, "result": result}
    draft = _sound(Draft("job.succeeded", message, data, ending=True))
    with transaction.atomic():
        job = _open_job(owner, job_id, unless=[Job.State.COMPLETED])
        if job.state == Job.State.COMPLETED:
            return job
        fields = {"state": Job.State.COMPLETED, "stage": "complete", "progress": 1.0, "message": message}
        _write(job, **fields, result=result, reported=timezone.now(), ended=timezone.now())
        _tell(job, draft)
    return job


def fail(
    owner: User, job_id: str, error: str, stage: str = "error", metadata: Mapping[str, Any] | None = None
) -> Job:
    """The job failed; it keeps its last progress. Said twice it changes nothing. Raises JobRefused.

    A failure is heard whatever it says: the error is cut to ERROR_LIMIT characters and what no text may hold
    is replaced; metadata the log would refuse is left out.
    """
    said = Failure.of(error, _stage(stage), metadata)
    with transaction.atomic():
        job = _open_job(owner, job_id, unless=[Job.State.FAILED])
        if job.state != Job.State.FAILED:
            _fail(job, said)
    return job


def sweep(*, limit: int = 1000) -> None:
    """Marks jobs that have been silent for their time as stalled, and those silent twice as long as failed.

    Those silent longest first, at most `limit`. Safe to run in several processes at once: every job is
    looked at again under its lock. One that somebody holds is left to the next time: it waits for nobody.
    """
    # A stalled job that waits for its failing is nothing to do: many of them must not hide the others.
    stalls = Q(reported__lt=Now() - _patience()) & ~Q(state=Job.State.STALLED)
    fails = Q(reported__lt=Now() - _patience(2))
    silent = Job.objects.filter(stalls | fails, ended=None)
    for job_id in list(silent.order_by("reported").values_list("pk", flat=True)[:limit]):
        _settle(job_id)


def clamped(progress: float) -> float:
    """Progress within 0–1. Raises BadReport for what is no number."""
    if isinstance(progress, bool) or not isinstance(progress, int | float) or math.isnan(progress):
        raise BadReport("progress is a number from 0 to 1.")
    return min(1.0, max(0.0, float(progress)))


def taken(job_id: str, owner: UUID) -> bool:
    """Whether a job or a run goes by this id already, or anything else of somebody but the owner."""
    if Job.objects.filter(job_id=job_id).exists() or topics.claimed(job_id, owner):
        return True
    try:
        # progress stands in no index by run
        return Event.objects.filter(run=UUID(job_id)).exclude(type__in=PROGRESS_TYPES).exists()
    except ValueError:
        return False


def _created(owner: User, job_id: str, silent_seconds: float | None) -> Job:
    topic = log.create_topic(KIND, owner)
    job = Job.objects.create(
        job_id=job_id,
        owner=owner,
        topic=topic,
        shown=not taken(job_id, owner.pk),
        message="Waiting for the first report.",
        silent_seconds=silent_seconds or settings.JOB_SILENT_SECONDS,
    )
    _tell(job, Draft("job.reported", job.message, {"job_id": job_id, "stage": "queued", "progress": 0.0}))
    return job


def _open_job(owner: User, job_id: str, *, unless: Collection[str] = ()) -> Job:
    """The locked job, created if there is none. Raises JobEnded unless it ended in one of the states `unless`."""
    job_id = checked_id(job_id)
    job = Job.objects.select_for_update().filter(owner=owner, job_id=job_id).first()
    if job is None:
        try:
            with transaction.atomic():
                return _created(owner, job_id, None)
        except IntegrityError:  # another report was first
            job = Job.objects.select_for_update().get(owner=owner, job_id=job_id)
    if job.ended and job.state not in unless:
        raise JobEnded(f"Job {job_id!r} has ended ({job.state}); it takes no more reports.")
    return job


def _settle(pk: UUID) -> None:
    with transaction.atomic():
        job = Job.objects.select_for_update(skip_locked=True).filter(pk=pk, ended=None).first()
        if job is None:
            return
        silent_seconds = (timezone.now() - job.reported).total_seconds()
        if silent_seconds >= 2 * job.silent_seconds:
            _fail(job, Failure(f"No report for {silent_seconds:.0f} s.", "stalled"))
        elif silent_seconds >= job.silent_seconds and job.state != Job.State.STALLED:
            _write(job, state=Job.State.STALLED)
            message = f"Stalled: no report for {silent_seconds:.0f} s."
            data = {"job_id": job.job_id, "stage": job.stage, "progress": job.progress}
            _tell(job, Draft("job.stalled", message, {**data, "silent_seconds": round(silent_seconds, 1)}))


def _fail(job: Job, said: Failure) -> None:
    fields = {"state": Job.State.FAILED, "stage": said.stage, "message": said.message, "error": said.error}
    _write(job, **fields, **_optional(metadata=said.metadata), ended=timezone.now())
    _tell(job, said.draft(job.job_id, job.progress))


def _write(job: Job, **fields: Any) -> None:
    for name, value in fields.items():
        setattr(job, name, value)
    job.save(update_fields=list(fields))


def _tell(job: Job, draft: Draft) -> None:
    log.append(job.topic_id, [draft])


def _sound(draft: Draft) -> Draft:
    """The draft, if the log will take it: before the row is touched. Raises EventRefused."""
    prepare(draft)
    return draft


def _stage(stage: str) -> str:
    if not is_stage(stage):
        raise BadReport(f"stage is a text of 1 to {STAGE_LIMIT} printable characters.")
    return stage


def _optional(**values: Any) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value is not None}


def _patience(times: int = 1) -> ExpressionWrapper:
    second = Value(timedelta(seconds=times))
    return ExpressionWrapper(second * F("silent_seconds"), output_field=DurationField())
