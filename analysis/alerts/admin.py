"""The admin of alerts, to look at: rules and plates are made where what they ask for is checked."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString

from analysis.look_only import LookOnly
from analysis.models import Alert, AlertRule, WatchedPlate
from analysis.plates import text_of


@admin.register(AlertRule)
class AlertRuleAdmin(LookOnly):
    """What people want to be told of at once."""

    list_display = ("name", "owner", "team", "enabled", "since", "created")
    list_filter = ("enabled",)
    list_select_related = ("owner", "team")
    search_fields = ("id", "name", "owner__email")
    fields = ("id", "name", "owner", "team", "enabled", "cameras", "conditions", "since", "created")
    readonly_fields = fields


@admin.register(WatchedPlate)
class WatchedPlateAdmin(LookOnly):
    """Which plates are waited for; their text is for whom REST shows all of them, and nothing is searched by it."""

    list_display = ("name", "owner", "team", "created")
    list_select_related = ("owner", "team")
    search_fields = ("id", "name", "owner__email")
    fields = ("id", "name", "note", "owner", "team", "created")
    readonly_fields = (*fields, "text")

    def get_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        """With the text for superusers alone: REST shows others only their own and their teams'."""
        return (*self.fields, "text") if request.user.is_superuser else self.fields

    @admin.display(description="plate")
    def text(self, watched: WatchedPlate) -> str:
        """A dash where it cannot be read with this key."""
        return text_of(watched.plate, watched.plate_sealed) or "–"


@admin.register(Alert)
class AlertAdmin(LookOnly):
    """What was raised; its words are in the camera's log."""

    list_display = ("time", "rule", "camera", "seq", "alert_seq")
    list_filter = ("time",)
    list_select_related = ("rule", "camera")
    search_fields = ("id", "rule__name", "camera__key")
    fields = ("id", "time", "rule", "camera", "seq", "alert_seq", "shown")
    readonly_fields = fields

    @admin.display(description="on the desk")
    def shown(self, alert: Alert) -> SafeString:
        """Where people look at it."""
        return format_html('<a href="/alerts/?camera={}">Alerts of this camera</a>', alert.camera_id)
