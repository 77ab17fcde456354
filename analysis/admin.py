"""The admin of analysis: media, runs, results and tombstones, to look at; runs can be retried and cancelled."""

from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from analysis import queue
from analysis.alerts import admin as alerts_admin  # noqa: F401  # Django looks for admins here alone
from analysis.look_only import LookOnly
from analysis.models import (
    Calibration,
    Camera,
    DetectorCard,
    Evidence,
    LegalHold,
    Media,
    PlateSearch,
    Result,
    Run,
    Tombstone,
    Upload,
    Worker,
)
from analysis.plate_searches import asked_text
from realtime.models import Event

SHOWN_EVENTS = 50


class ResultInline(admin.TabularInline):
    """What each detector concluded."""

    model = Result
    extra = 0
    can_delete = False
    fields = ("attempt", "detector", "version", "score", "band", "scored", "sampled", "reason", "detail")
    readonly_fields = fields

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Never."""
        return False


@admin.register(LegalHold)
class LegalHoldAdmin(LookOnly):
    """What must stay, who said so, who released it."""

    list_display = (
        "placed",
        "subject",
        "start",
        "end",
        "placed_email",
        "reason",
        "released",
        "released_email",
    )
    list_filter = ("placed", "released")
    search_fields = ("subject", "about", "placed_email", "reason")


@admin.register(Run)
class RunAdmin(LookOnly):
    """Runs, with the file and, where one failed, the reason."""

    list_display = ("created", "file", "owner", "purpose", "state", "outcome", "reason", "finished")
    list_filter = ("purpose", "state", "outcome", "media__kind", "created")
    list_select_related = ("media", "camera", "owner")
    search_fields = (
        "id",
        "media__filename",
        "camera__key",
        "media__sha256",
        "owner__email",
        "error_code",
        "error_message",
    )
    date_hierarchy = "created"
    actions = ("retry", "cancel")
    inlines = (ResultInline,)
    fields = (
        "id", "file", "owner", "purpose", "state", "reason", "outcome", "sentence", "why", "limit", "seen",
        "detectors", "created", "started", "finished", "attempt", "topic", "events",
    )  # fmt: skip
    readonly_fields = fields

    def has_retry_permission(self, request: HttpRequest) -> bool:
        """Staff who may see runs may retry and cancel them."""
        return self.has_view_permission(request)

    @admin.display(description="file", ordering="media__filename")
    def file(self, run: Run) -> SafeString:
        """The name, leading to the media or the camera."""
        kind, pk = ("camera", run.camera_id) if run.camera_id else ("media", run.media_id)
        address = reverse(f"admin:analysis_{kind}_change", args=[pk])
        return format_html('<a href="{}">{}</a>', address, run.title)

    @admin.display(description="reason", ordering="error_code")
    def reason(self, run: Run) -> str:
        """Why it failed."""
        return f"{run.error_code}: {run.error_message}" if run.error_code else "–"

    @admin.display
    def attempt(self, run: Run) -> int:
        """How often it was begun."""
        return run.lease.attempt

    @admin.display(description="events")
    def events(self, run: Run) -> SafeString:
        """The latest lines of the log, and where all of them are."""
        latest = Event.objects.filter(topic=run.topic_id).order_by("-seq")[:SHOWN_EVENTS]
        rows = format_html_join(
            "", "<tr><td>{}</td><td>{}</td><td>{}</td><td>{}</td></tr>", (_cells(event) for event in latest)
        )
        address = f"{reverse('admin:realtime_event_changelist')}?topic__id__exact={run.topic_id}"
        more = format_html('<p><a href="{}">All events of this run</a></p>', address)
        return format_html("<table>{}</table>{}", rows, more)

    @admin.action(description="Examine again", permissions=["retry"])
    def retry(self, request: HttpRequest, runs: QuerySet[Run]) -> None:
        """Queues each run once more."""
        self._each(request, runs, queue.retry, "queued again")

    @admin.action(description="Cancel", permissions=["retry"])
    def cancel(self, request: HttpRequest, runs: QuerySet[Run]) -> None:
        """Asks each run to stop."""
        self._each(request, runs, queue.request_cancel, "asked to stop")

    def _each(self, request: HttpRequest, runs: QuerySet[Run], act: Any, done: str) -> None:
        """Acts on each run by itself: one that refuses does not hold up the others."""
        count = 0
        for run in runs.select_related("media", "camera"):
            try:
                act(run, by=request.user)
                count += 1
            except queue.QueueError as error:
                self.message_user(request, f"{run.title}: {error}", messages.ERROR)
        if count:
            self.message_user(request, f"{count} {done}.", messages.SUCCESS)


def _cells(event: Event) -> tuple[object, ...]:
    return event.seq, event.time.strftime("%Y-%m-%d %H:%M:%S"), event.type, event.message or event.subject


@admin.register(Media)
class MediaAdmin(LookOnly):
    """Stored files."""

    list_display = ("created", "filename", "kind", "size_bytes", "owner", "sha256")
    list_filter = ("kind", "created")
    list_select_related = ("owner",)
    search_fields = ("id", "filename", "sha256", "owner__email", "description")
    date_hierarchy = "created"


@admin.register(Camera)
class CameraAdmin(LookOnly):
    """Cameras, without what opens them; they are set up where their addresses are checked."""

    list_display = ("key", "name", "source", "address", "enabled", "owner", "team", "updated")
    list_filter = ("source", "enabled")
    list_select_related = ("owner", "team")
    search_fields = ("id", "key", "name", "owner__email")
    fields = (
        "id", "key", "name", "notes", "owner", "team", "source", "address", "has_credentials", "enabled", "settings",
        "retention_days", "topic", "created", "updated",
    )  # fmt: skip
    readonly_fields = fields


@admin.register(Result)
class ResultAdmin(LookOnly):
    """What detectors concluded."""

    list_display = ("run", "detector", "version", "attempt", "score", "band", "reason", "seconds")
    list_filter = ("detector", "band", "reason")
    list_select_related = ("run",)
    search_fields = ("run__id", "run__media__filename", "detector")


@admin.register(Evidence)
class EvidenceAdmin(LookOnly):
    """Pictures detectors left."""

    list_display = ("created", "title", "detector", "kind", "run")
    list_filter = ("detector", "kind")
    list_select_related = ("run",)
    search_fields = ("run__id", "run__media__filename", "title")


@admin.register(PlateSearch)
class PlateSearchAdmin(LookOnly):
    """Who searched for which plate."""

    list_display = ("created", "email", "plate", "found")
    search_fields = ("email",)
    date_hierarchy = "created"
    fields = ("created", "email", "user", "plate", "filters", "found")
    readonly_fields = fields

    @admin.display
    def plate(self, search: PlateSearch) -> str:
        """What was asked for."""
        return asked_text(search) or "–"


@admin.register(Worker)
class WorkerAdmin(LookOnly):
    """Workers and when they were last heard of."""

    list_display = ("host", "pid", "device", "started", "heartbeat", "stopped")
    list_filter = ("device",)


@admin.register(DetectorCard)
class DetectorCardAdmin(LookOnly):
    """What the workers last said of their detectors."""

    list_display = ("name", "available", "reason", "updated")
    list_filter = ("available",)


@admin.register(Calibration)
class CalibrationAdmin(LookOnly):
    """What scores were found to be worth, and when."""

    list_display = ("stored", "detector", "version", "weights_sha256", "digest")
    list_filter = ("detector",)
    search_fields = ("digest", "detector")


@admin.register(Upload)
class UploadAdmin(LookOnly):
    """Resumable uploads under way."""

    list_display = ("created", "filename", "owner", "offset", "length", "expires", "media")
    list_select_related = ("owner", "media")


@admin.register(Tombstone)
class TombstoneAdmin(LookOnly):
    """What was deleted, by whom, and why."""

    list_display = ("removed", "sha256", "camera_key", "outcome", "owner", "removed_by", "reason")
    list_select_related = ("owner", "removed_by")
    search_fields = ("id", "sha256", "camera_key", "reason")
