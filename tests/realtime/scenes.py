"""What is played so that a server says everything it can say, and where it is heard."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from accounts.models import User
from analysis.models import Run
from realtime import jobs, log, routing
from realtime.jobs import Report
from realtime.log import Draft
from realtime.models import Event, Job
from realtime.readers import ask
from tests.factories import make_run
from tests.realtime.conftest import Watcher
from tests.realtime.described import DOCUMENT


def served(channel: str) -> str:
    """The address of a socket with a parameter; skips the test where the server has none yet."""
    address = str(DOCUMENT["channels"][channel]["address"])
    if not is_served(address):
        pytest.skip(f"{address} is not served")
    return address


def is_served(address: str) -> bool:
    plain = re.sub(r"{\w+}", "x", address).lstrip("/")
    return any(pattern and re.match(pattern, plain) for pattern in routing._PLACES)


async def answered(watcher: Watcher, **frame: Any) -> None:
    """Says something, and reads what comes until it was answered."""
    await watcher.say(**frame)
    await watcher.say(type="ping")
    await watcher.frame("pong")


async def emptied(topic: Any, *seqs: int) -> None:
    rows = Event.objects.filter(topic=topic, seq__in=seqs)
    await ask(rows.update, body="", data=None, message="", subject="")


async def played(job_id: str, user: User) -> Job:
    """An external job that is announced, reported on, stalls, and is done."""
    await ask(jobs.create, user, job_id, silent_seconds=60)
    await ask(jobs.report, user, job_id, Report("encoding", 0.4, "Frame 120", {"frame": 120}))
    silent_since = timezone.now() - timedelta(seconds=70)
    await ask(Job.objects.filter(job_id=job_id).update, reported=silent_since)
    await ask(jobs.sweep)
    return await ask(jobs.complete, user, job_id, {"file": "out.mp4"})


async def queued() -> Run:
    """A run as it is found by its id: with a first line."""
    run = await ask(make_run)
    data = {"run": str(run.pk), "media": str(run.media_id), "filename": run.media.filename, "detectors": []}
    await ask(log.append, run.topic_id, [Draft("run.queued", "Waiting for a worker.", data)], run=run.pk)
    return run


def footage() -> list[Draft]:
    box, model = [0.25, 0.5, 0.5, 0.875], {"type": "yolox-nano", "version": "0.1.1"}
    where = {"box": box, "pts_seconds": 12.48, "frame": 312, "confidence": 0.91}
    track = {**where, "track": 15, "class": "person", "dwell_seconds": 4.2, "model": model}
    plate = {**where, "plate": "AB-12 CDE", "region": "gb"}
    motion = {"intensity": 0.4, "area": 0.125, "pts_seconds": 3.0, "frame": 75}
    return [
        *(
            Draft(f"track.{action}", "", track, subject="track/15")
            for action in ("entered", "updated", "left")
        ),
        *(Draft(f"motion.{action}", "", motion) for action in ("started", "ended")),
        Draft("plate.read", "", plate, subject="AB12CDE"),
    ]


def failed(run: Any) -> Draft:
    data = {"run": str(run.pk), "attempt": 1, "code": "reader_lost", "error": "Lost.", "filename": "clip.mp4"}
    return Draft("run.failed", "The reader died.", data, ending=True)


def succeeded(run: Any) -> Draft:
    said = {"outcome": "no_signs", "sentence": "No signs.", "why": "", "limit": "", "rule": "all"}
    return Draft("run.succeeded", "No signs.", {"run": str(run.pk), "attempt": 1, **said}, ending=True)
