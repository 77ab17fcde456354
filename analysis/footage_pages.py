"""From a line of a run's log to what REST has of it: pages know lines, REST calls events by a number of their own."""

from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.views.decorators.http import require_GET

from analysis.models import Sighting
from analysis.pages import visible_run


@login_required
@require_GET
def record(request: HttpRequest, run_id: UUID, seq: int) -> HttpResponse:
    """The event as data."""
    return redirect(_event(request, run_id, seq))


@login_required
@require_GET
def snapshot(request: HttpRequest, run_id: UUID, seq: int) -> HttpResponse:
    """The picture that was kept of the event."""
    return redirect(f"{_event(request, run_id, seq)}snapshot/")


def _event(request: HttpRequest, run_id: UUID, seq: int) -> str:
    """404 where nothing was seen in that line, or it was emptied since."""
    run = visible_run(request, run_id)
    return f"/api/v1/events/{get_object_or_404(Sighting, topic=run.topic_id, seq=seq).pk}/"
