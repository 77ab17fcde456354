"""What the page of a run shows of its stressed verdict: the copies, and each score before and after."""

import json
from typing import Any

from analysis.models import DetectorCard, Run
from realtime.models import Event

_TOLD = ("stress.started", "variant.started", "variant.scored", "variant.skipped")


def same_detectors(run: Run) -> list[str]:
    """Who examined the file in that run, as far as they are still known; empty: the usual ones."""
    names = list(
        run.results.filter(attempt=run.lease.attempt).order_by("pk").values_list("detector", flat=True)
    )
    known = set(DetectorCard.objects.values_list("name", flat=True))
    return [name for name in names or run.detectors if name in known]


def sheet(run: Run) -> dict[str, Any] | None:
    """How the verdict bore being stressed, or how far that is; None where it was not asked for.

    `variants` are as in the log; one that has not ended has the state "waiting" or "running".
    """
    if run.stress_seconds is None:
        return None
    if run.stress is not None:
        return {**run.stress, "budget_seconds": run.stress_seconds, "under_way": False}
    return _so_far(run)


def _so_far(run: Run) -> dict[str, Any]:
    told = Event.objects.filter(topic=run.topic_id, attempt=run.lease.attempt, type__in=_TOLD).order_by("seq")
    variants: dict[str, dict[str, Any]] = {}
    portion = None
    for kind, body in told.values_list("type", "body"):
        data = json.loads(body)["data"] if body else {}
        if kind == "stress.started":
            portion = data["portion_seconds"]
            variants = {one["variant"]: {**one, "state": "waiting"} for one in data["variants"]}
        elif data:
            state = {"state": "running"} if kind == "variant.started" else {}
            variants[data["variant"]] = {**data, **state}
    return {
        "under_way": run.state in (Run.State.QUEUED, Run.State.RUNNING),
        "budget_seconds": run.stress_seconds,
        "portion_seconds": portion,
        "variants": list(variants.values()),
    }
