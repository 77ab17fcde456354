"""The admin of webhooks: to look at. Neither secrets nor whole addresses, which may hold tokens, are shown."""

from typing import Any
from urllib.parse import urlsplit

from django.contrib import admin
from django.http import HttpRequest

from realtime.models import Webhook, WebhookDelivery


class ReadOnly(admin.ModelAdmin):
    """Looked at, never edited."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Never."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Never."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Never."""
        return False


@admin.register(Webhook)
class WebhookAdmin(ReadOnly):
    """Whose events go where, and how it does."""

    list_display = ("owner", "host", "description", "enabled", "disabled_reason", "failing_since", "created")
    list_filter = ("enabled", "disabled_reason")
    list_select_related = ("owner",)
    search_fields = ("owner__email", "description")
    ordering = ("-created",)
    fields = (
        "id",
        "owner",
        "host",
        "types",
        "description",
        "enabled",
        "disabled_reason",
        "failing_since",
        "rests_until",
        "previous_until",
        "created",
    )
    readonly_fields = fields

    @admin.display(description="host")
    def host(self, webhook: Webhook) -> str:
        """Where it goes, without path and query."""
        return urlsplit(webhook.url).hostname or ""


@admin.register(WebhookDelivery)
class WebhookDeliveryAdmin(ReadOnly):
    """What was sent and what came of it."""

    list_display = (
        "id",
        "webhook",
        "time",
        "kind",
        "state",
        "event_type",
        "event_id",
        "attempt",
        "status_code",
        "error",
    )
    list_filter = ("state", "kind")
    search_fields = ("=event_id",)
    ordering = ("-id",)
    show_full_result_count = False
    fields = (*list_display, "duration_ms")
    readonly_fields = fields
