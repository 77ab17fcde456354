"""The pages of external jobs: all of one's own, and one of them, live."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any

from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import HttpRequest
from django.shortcuts import get_object_or_404

from analysis import page_rows, page_words
from analysis.pages import DeskPage, asking
from realtime.jobs import states as job_states
from realtime.models import Event, Job

JOBS_PER_PAGE = 25
ID_PART_LIMIT = 128


@dataclass(frozen=True)
class Said:
    """Something a reporter said at length, as text."""

    name: str
    title: str
    text: str


class JobTrail(Paginator):
    """A job's lines, newest first. Its numbers have no gap: nobody need count them."""

    def __init__(self, job: Job) -> None:
        lines = Event.objects.filter(topic=job.topic_id).order_by("-seq")
        shown = lines.only("seq", "time", "type", "subject", "message")
        self._head = job.topic.head
        super().__init__(shown, page_rows.TRAIL_LINES)

    @cached_property
    def count(self) -> int:
        """The number of the last line."""
        return self._head


class JobsPage(DeskPage):
    """Every external job the person may see, filtered and paged."""

    template_name = "jobs.html"
    here = "history"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        given = {name: value for name in ("q", "state") if (value := self.request.GET.get(name))}
        jobs = _narrowed(visible_jobs(self.request).defer(*job_states.LONG), given)
        page = Paginator(jobs, JOBS_PER_PAGE).get_page(self.request.GET.get("page"))
        return super().get_context_data(page=page, given=given, states=page_words.JOB_STATES, **kwargs)


class JobPage(DeskPage):
    """One external job at its permanent address, live until it has ended."""

    template_name = "job.html"
    here = "history"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        job = get_object_or_404(visible_jobs(self.request), pk=kwargs.pop("job_id"))
        return super().get_context_data(
            job=job,
            topic=job.topic_id,
            open=job.ended is None,
            heard=_heard(job),
            last_line=page_rows.last_line(job),
            said=_said(job),
            trail=page_rows.Trail(JobTrail(job).get_page(self.request.GET.get("trail")), everything=True),
            live=_live(job),
            **kwargs,
        )


def visible_jobs(request: HttpRequest) -> QuerySet[Job]:
    """One's own, an admin everybody's; newest first. Who may see a job may watch its topic, and nobody else."""
    user = asking(request)
    jobs = Job.objects.all() if user.is_superuser else Job.objects.filter(owner=user)
    return jobs.select_related("topic", "owner").order_by("-created", "-pk")


def _narrowed(jobs: QuerySet[Job], given: Mapping[str, str]) -> QuerySet[Job]:
    if given.get("state") in Job.State.values:
        jobs = jobs.filter(state=given["state"])
    part = given.get("q", "").replace("\0", "")[:ID_PART_LIMIT]
    return jobs.filter(job_id__icontains=part) if part else jobs


def _said(job: Job) -> list[Said]:
    """The result and the last metadata, where there are any."""
    told = [
        ("result", page_words.JOB_RESULT, job.result),
        ("metadata", page_words.JOB_METADATA, job.metadata),
    ]
    return [Said(name, str(title), _text(value)) for name, title, value in told if value not in (None, {})]


def _heard(job: Job) -> datetime:
    """When it last said something; a job that failed for its silence did not."""
    return job.reported if job.ended is None or job.stage == "stalled" else job.ended


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, indent=2, ensure_ascii=False)


def _live(job: Job) -> dict[str, Any]:
    """What scripts begin with: the row and the head were read together."""
    state = {"state": job.state, "stage": job.stage, "progress": job.progress, "message": job.message}
    begin = {**state, "seq": job.topic.head, "time": _heard(job).isoformat()}
    return {"topic": str(job.topic_id), "job": job.job_id, "state": begin}
