"""Addresses of realtime: REST. The sockets' are in realtime/routing.py."""

from django.urls import URLPattern, URLResolver, include, path, re_path

from realtime import job_api
from realtime.api import SocketStatsView, TopicEventsView, TopicStreamView, TopicVerifyView
from realtime.api_docs import AsyncSchemaView

urlpatterns: list[URLPattern | URLResolver] = [
    path("api/v1/topics/<uuid:topic_id>/events/", TopicEventsView.as_view()),
    path("api/v1/topics/<uuid:topic_id>/stream/", TopicStreamView.as_view()),
    path("api/v1/topics/<uuid:topic_id>/verify/", TopicVerifyView.as_view()),
    path("api/v1/jobs/", job_api.JobListView.as_view()),
    # An id may hold slashes, percent-encoded ones are decoded by now.
    path("api/v1/jobs/<path:job_id>/progress/", job_api.JobProgressView.as_view()),
    path("api/v1/jobs/<path:job_id>/", job_api.JobView.as_view()),
    re_path(r"^jobs/create/?$", job_api.KeptJobListView.as_view()),
    path("api/v1/asyncapi.yaml", AsyncSchemaView.as_view()),
    re_path(r"^ws/stats/?$", SocketStatsView.as_view()),
    path("", include("realtime.webhooks.urls")),
]
