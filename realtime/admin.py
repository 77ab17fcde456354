"""The admin of the log: its lines, to look at. Whatever is asked for here is found through an index."""

from typing import Any
from uuid import UUID

from django.contrib import admin
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.functional import cached_property

from realtime.models import PROGRESS_TYPES, Event, Job, JobTombstone
from realtime.webhooks import admin as webhooks_admin  # noqa: F401  # Django looks for admins here alone

COUNTED_TO = 10_000
_TYPES = {
    "run": "queued started progressed succeeded failed cancelled retried",
    "stage": "started finished",
    "detector": "started finished abstained failed",
    "score": "measured",
    "visualization": "progressed",
    "stress": "started",
    "variant": "started scored skipped",
    "motion": "started ended",
    "track": "entered updated left",
    "plate": "read",
    "camera": "online offline gap",
    "alert": "raised",
    "job": "reported succeeded failed stalled",
}


class CountingNoFurther(Paginator):
    """Counts to 10,000: beyond, a log would be read whole for a number nobody needs."""

    @cached_property
    def count(self) -> int:
        """How many can be paged through."""
        rows: QuerySet[Any] = self.object_list  # type: ignore[assignment]  # the list page pages a query
        return len(rows.values_list("pk")[:COUNTED_TO])


class TypeFilter(admin.SimpleListFilter):
    """The types there can be: asking the log for those it holds would read all of it."""

    title = "type"
    parameter_name = "type"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """Every canonical type."""
        names = [f"{family}.{ending}" for family, endings in _TYPES.items() for ending in endings.split()]
        return [(name, name) for name in names]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Event]) -> QuerySet[Event]:
        """Lines of the chosen type."""
        return queryset.filter(type=self.value()) if self.value() else queryset


class ReadOnlyAdmin(admin.ModelAdmin):
    """Rows to look at; what changes them is elsewhere."""

    paginator = CountingNoFurther
    show_full_result_count = False

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Never."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Never."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Never."""
        return False


@admin.register(Event)
class EventAdmin(ReadOnlyAdmin):
    """Events, never edited: a changed line breaks the chain."""

    list_display = ("topic_id", "seq", "time", "type", "subject", "message", "run", "attempt")
    list_filter = (TypeFilter,)
    search_fields = ("run",)
    search_help_text = "The id of a run"
    fields = ("topic", "seq", "time", "type", "subject", "message", "run", "attempt", "body")
    readonly_fields = fields

    def get_ordering(self, request: HttpRequest) -> tuple[str, ...]:
        """One topic or run from its beginning, everything from its end."""
        one = "topic__id__exact" in request.GET or request.GET.get("q")
        return ("seq",) if one else ("-id",)

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Event], search_term: str
    ) -> tuple[QuerySet[Event], bool]:
        """All lines of the run with this id."""
        if not search_term.strip():
            return queryset, False
        try:
            run = UUID(search_term.strip())
        except ValueError:
            return queryset.none(), False
        # Progress stands in no index by run: the topic of the run is found by another of its lines, and read.
        others = Event.objects.filter(run=run).exclude(type__in=PROGRESS_TYPES).order_by("seq")
        topic = others.values_list("topic", flat=True).first()
        return queryset.filter(topic=topic, run=run), False


@admin.register(Job)
class JobAdmin(ReadOnlyAdmin):
    """External jobs; only their owners' reports change them."""

    list_display = (
        "job_id",
        "owner",
        "state",
        "stage",
        "progress",
        "message",
        "created",
        "reported",
        "ended",
    )
    list_filter = ("state",)
    list_select_related = ("owner",)
    search_fields = ("=job_id", "=owner__email")
    search_help_text = "The id of a job, or its owner's e-mail, in full"
    ordering = ("-created",)
    fields = (
        *("id", "job_id", "owner", "topic", "shown", "state", "stage", "progress", "message"),
        *("metadata", "result", "error", "silent_seconds", "created", "reported", "ended"),
    )
    readonly_fields = fields


@admin.register(JobTombstone)
class JobTombstoneAdmin(ReadOnlyAdmin):
    """External jobs that were deleted: by whom, and why."""

    list_display = ("removed", "job_id", "state", "owner", "removed_by", "reason")
    list_select_related = ("owner", "removed_by")
    search_fields = ("=job_id", "=owner__email")
    search_help_text = JobAdmin.search_help_text
    ordering = ("-removed",)
    fields = (
        "id",
        "job_id",
        "owner",
        "topic",
        "state",
        "head",
        "last_hash",
        "removed_by",
        "reason",
        "removed",
    )
    readonly_fields = fields
