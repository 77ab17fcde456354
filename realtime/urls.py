"""Addresses of realtime: REST. The sockets' are in realtime/routing.py."""

from django.urls import URLPattern, URLResolver, include, path, re_path

from realtime.api import SocketStatsView, TopicEventsView, TopicVerifyView

urlpatterns: list[URLPattern | URLResolver] = [
    path("api/v1/topics/<uuid:topic_id>/events/", TopicEventsView.as_view()),
    path("api/v1/topics/<uuid:topic_id>/verify/", TopicVerifyView.as_view()),
    re_path(r"^ws/stats/?$", SocketStatsView.as_view()),
    path("", include("realtime.webhooks.urls")),
]
