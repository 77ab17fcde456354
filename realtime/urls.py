"""Addresses of realtime: REST. The sockets' are in realtime/routing.py."""

from django.urls import URLPattern, URLResolver, path

from realtime.api import TopicEventsView, TopicVerifyView

urlpatterns: list[URLPattern | URLResolver] = [
    path("api/v1/topics/<uuid:topic_id>/events/", TopicEventsView.as_view()),
    path("api/v1/topics/<uuid:topic_id>/verify/", TopicVerifyView.as_view()),
]
