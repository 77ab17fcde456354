"""The pages of the desk: parse, authorise, read, render. Everything that changes goes through `queue`."""

from collections.abc import Callable
from typing import Any, cast
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.contrib.auth.mixins import LoginRequiredMixin, UserPassesTestMixin
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.views.decorators.http import require_POST
from django.views.generic import TemplateView

from accounts.models import User
from accounts.permissions import CanExamine, may_examine
from analysis import hold_sheet, page_evidence, page_lanes, page_rows, page_stress, queue, samples
from analysis.api.filters import RunQuery, narrowed_runs
from analysis.models import DetectorCard, Run
from analysis.operations import overview
from analysis.presets import chooser, presets
from analysis.uploads import UploadRefused

RUNS_PER_PAGE = 25
LAST_RUNS = 8


class DeskPage(LoginRequiredMixin, TemplateView):
    """A page for people who are signed in; `here` marks its place in the navigation."""

    here = ""

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Pages show what is private to a person: no cache may keep them."""
        response = super().dispatch(request, *args, **kwargs)
        response.headers["Cache-Control"] = "no-store"
        return response

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        examines = may_examine(asking(self.request))
        return super().get_context_data(here=self.here, may_examine=examines, **kwargs)


def asking(request: HttpRequest) -> User:
    """Who asks; only behind a sign-in."""
    return cast(User, request.user)


def visible_runs(request: HttpRequest) -> QuerySet[Run]:
    """The runs the asking person may see, with what every list of them shows."""
    runs = Run.objects.owned_by(asking(request)).examinations()
    return runs.select_related("media", "owner").order_by("-created", "-pk")


class DropPage(DeskPage):
    """The landing page: where a file is dropped."""

    template_name = "drop.html"
    here = "examine"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        known = list(DetectorCard.objects.order_by("name"))
        cards = page_rows.cards(known)
        return super().get_context_data(
            limits=page_rows.limits(),
            presets=presets(known),
            stress_seconds=settings.STRESS_SECONDS,
            samples=samples.SAMPLES,
            chooser=chooser(cards),
            last_runs=visible_runs(self.request)[:LAST_RUNS],
            **kwargs,
        )


class HistoryPage(DeskPage):
    """Every run the person may see, filtered and paged."""

    template_name = "history.html"
    here = "history"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        given = {
            name: value for name, value in self.request.GET.items() if value and name in RunQuery().fields
        }
        query = RunQuery(data=given)
        runs = visible_runs(self.request)
        if query.is_valid():
            runs = narrowed_runs(runs, dict(query.validated_data))
        page = Paginator(runs, RUNS_PER_PAGE).get_page(self.request.GET.get("page"))
        return super().get_context_data(
            page=page, given=given, errors=query.errors, choices=page_rows.filter_choices(), **kwargs
        )


class RunPage(DeskPage):
    """One run at its permanent address: live while it is under way, the record afterwards."""

    template_name = "run.html"
    here = "history"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        run = visible_run(self.request, kwargs.pop("run_id"))
        sheet = page_rows.sheet(run, reader=asking(self.request))
        return super().get_context_data(
            run=run,
            under_way=run.state in (Run.State.QUEUED, Run.State.RUNNING),
            sheet=sheet,
            all_shown=page_evidence.shown(sheet),
            media=page_rows.media_facts(run.file),
            sample=samples.shown_by(run.file),
            trail=page_rows.trail(run, self.request.GET),
            last_line=page_rows.last_line(run),
            stress=page_stress.sheet(run),
            holds=hold_sheet.notes(run.file),
            may_hold=hold_sheet.may_place(run.file, asking(self.request)),
            # what scripts put in place while they fold the log themselves needs no fold of ours
            live=None if self.request.GET.get("part") == "settled" else page_lanes.live(run),
            **kwargs,
        )


class DetectorsPage(DeskPage):
    """The cards of all detectors the workers know."""

    template_name = "detectors.html"
    here = "detectors"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(
            cards=page_rows.cards(DetectorCard.objects.order_by("name")), **kwargs
        )


class SocketsPage(DeskPage):
    """A client to try sockets with."""

    template_name = "sockets.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        run = visible_runs(self.request).first()
        of_run = (
            [f"/ws/topics/{run.topic_id}/?after=0", f"/ws/analysis/{run.pk}/", f"/ws/jobs/{run.pk}/"]
            if run
            else []
        )
        return super().get_context_data(addresses=["/ws/user/", "/ws/events", *of_run], **kwargs)


class OperationsPage(UserPassesTestMixin, DeskPage):
    """How queue, workers and sockets are; for staff."""

    template_name = "operations.html"
    here = "operations"

    def test_func(self) -> bool:
        return bool(self.request.user.is_staff)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(now=overview(), **kwargs)


def visible_run(request: HttpRequest, run_id: UUID) -> Run:
    """404 for missing and foreign alike."""
    runs = visible_runs(request).select_related("media", "owner", "topic", "lease__worker")
    return get_object_or_404(runs, pk=run_id)


def changes_run(act: Callable[[HttpRequest, Run], Run]) -> Callable[..., HttpResponse]:
    """A view that lets an analyst change a run they may see, and goes to the run `act` returns."""

    @login_required
    @require_POST
    def view(request: HttpRequest, run_id: UUID) -> HttpResponse:
        if not may_examine(asking(request)):
            raise PermissionDenied(CanExamine.message)
        try:
            run = act(request, visible_run(request, run_id))
        except queue.QueueError as refused:
            messages.error(request, str(refused))
            return redirect("run", run_id=run_id)
        return redirect("run", run_id=run.pk)

    return view


@changes_run
def cancel(request: HttpRequest, run: Run) -> Run:
    """Asks the run to stop."""
    return queue.request_cancel(run, by=asking(request))


@changes_run
def retry(request: HttpRequest, run: Run) -> Run:
    """Examines once more in the same log."""
    return queue.retry(run, by=asking(request))


@changes_run
def examine_again(request: HttpRequest, run: Run) -> Run:
    """Starts a new run of the same file; `detector` (repeated) names the ones asked for."""
    known = set(DetectorCard.objects.values_list("name", flat=True))
    names = [name for name in request.POST.getlist("detector") if name in known]
    return queue.enqueue(run.file, owner=asking(request), detectors=names)


@changes_run
def stress(request: HttpRequest, run: Run) -> Run:
    """Starts a new run of the same file by the same detectors, whose verdict is stressed."""
    return queue.enqueue(
        run.file,
        owner=asking(request),
        detectors=page_stress.same_detectors(run),
        stress_seconds=settings.STRESS_SECONDS,
    )


@login_required
@require_POST
def examine_sample(request: HttpRequest, file: str) -> HttpResponse:
    """Examines one of the bundled samples through the real intake and queue."""
    if not may_examine(asking(request)):
        raise PermissionDenied(CanExamine.message)
    if file not in samples.BY_FILE:
        raise Http404
    try:
        run = samples.examine(samples.BY_FILE[file], owner=asking(request))
    except (samples.SampleNotDrawn, UploadRefused, queue.QueueError) as refused:
        messages.error(request, str(refused))
        return redirect("drop")
    return redirect("run", run_id=run.pk)


@login_required
def pulse(request: HttpRequest, run_id: UUID) -> HttpResponse:
    """Whether the worker of a silent run is alive."""
    worker = visible_run(request, run_id).lease.worker
    alive = (
        worker is not None and not worker.stopped and timezone.now() - worker.heartbeat < worker.LOST_AFTER
    )
    return JsonResponse({"worker_alive": alive}, headers={"Cache-Control": "no-store"})
