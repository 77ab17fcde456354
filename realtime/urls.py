"""Addresses of realtime: REST. The sockets' are in realtime/routing.py."""

from collections.abc import Iterator

from django.urls import URLPattern, URLResolver, include, path, re_path

from realtime.api import SocketStatsView, TopicEventsView, TopicStreamView, TopicVerifyView
from realtime.api_docs import AsyncSchemaView
from realtime.jobs import api as job_api

# An id may hold slashes, percent-encoded ones are decoded by now: what is more specific stands first.
_JOBS = {
    "": job_api.JobListView,
    "/<path:job_id>/progress": job_api.JobProgressView,
    "/<path:job_id>": job_api.JobView,
}


def _jobs() -> Iterator[URLPattern]:
    """With the trailing slash and, for programs written for other job servers, without it."""
    for address, view in _JOBS.items():
        yield path(f"api/v1/jobs{address}/", view.as_view())
        yield path(f"api/v1/jobs{address}", view.as_view(schema=None))


urlpatterns: list[URLPattern | URLResolver] = [
    path("api/v1/topics/<uuid:topic_id>/events/", TopicEventsView.as_view()),
    path("api/v1/topics/<uuid:topic_id>/stream/", TopicStreamView.as_view()),
    path("api/v1/topics/<uuid:topic_id>/verify/", TopicVerifyView.as_view()),
    *_jobs(),
    re_path(r"^jobs/create/?$", job_api.KeptJobListView.as_view()),
    path("api/v1/asyncapi.yaml", AsyncSchemaView.as_view()),
    re_path(r"^ws/stats/?$", SocketStatsView.as_view()),
    path("", include("realtime.webhooks.urls")),
]
