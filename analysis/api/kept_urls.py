"""Addresses that existing clients know, with and without the trailing slash: the same views as under /api/v1/.

OpenAPI does not list them: new clients have no use for a second name.
"""

from django.urls import URLPattern, path

from analysis.api import analyze, events

_VIEWS = {
    "analyze": analyze.AnalyzeView,
    "api/events": events.EventListView,
    "api/events/stats": events.EventStatsView,
    "api/events/<int:event_id>": events.EventView,
    "api/events/<int:event_id>/snapshot": events.EventSnapshotView,
}

urlpatterns: list[URLPattern] = [
    path(address + slash, view.as_view(schema=None))
    for address, view in _VIEWS.items()
    for slash in ("", "/")
]
