"""The admin of the log: its lines, to look at."""

from django.contrib import admin
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.functional import cached_property

from realtime.models import Event

COUNTED_TO = 10_000


class CountingNoFurther(Paginator):
    """Counts to 10,000: beyond, a log would be read whole for a number nobody needs."""

    @cached_property
    def count(self) -> int:
        """How many can be paged through."""
        rows: QuerySet[Event] = self.object_list  # type: ignore[assignment]  # the list page pages a query
        return len(rows.values_list("pk")[:COUNTED_TO])


@admin.register(Event)
class EventAdmin(admin.ModelAdmin):
    """Events, never edited: a changed line breaks the chain."""

    list_display = ("topic_id", "seq", "time", "type", "subject", "message", "run", "attempt")
    list_filter = ("type",)
    search_fields = ("=run",)
    search_help_text = "The id of a run"
    paginator = CountingNoFurther
    show_full_result_count = False
    fields = ("topic", "seq", "time", "type", "subject", "message", "run", "attempt", "body")
    readonly_fields = fields

    def get_ordering(self, request: HttpRequest) -> tuple[str, ...]:
        """One topic from its beginning, everything from its end."""
        return ("seq",) if "topic__id__exact" in request.GET else ("-id",)

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Never."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Event | None = None) -> bool:
        """Never."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Event | None = None) -> bool:
        """Never."""
        return False
