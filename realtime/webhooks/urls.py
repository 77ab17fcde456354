"""Addresses of webhooks: REST and pages."""

from django.urls import URLPattern, path

from realtime.webhooks import api, pages

_API = "api/v1/webhooks/"
_ONE = f"{_API}<uuid:webhook_id>/"
_PAGE = "account/webhooks/<uuid:webhook_id>/"

urlpatterns: list[URLPattern] = [
    path(_API, api.WebhooksView.as_view()),
    path(_ONE, api.OneWebhookView.as_view()),
    path(f"{_ONE}rotate-secret/", api.RotateView.as_view()),
    path(f"{_ONE}test/", api.TestView.as_view()),
    path(f"{_ONE}deliveries/", api.DeliveriesView.as_view()),
    path(f"{_ONE}deliveries/<int:delivery_id>/", api.DeliveryView.as_view()),
    path(f"{_ONE}deliveries/<int:delivery_id>/redeliver/", api.RedeliverView.as_view()),
    path("account/webhooks/", pages.webhooks, name="webhooks"),
    path("account/webhooks/new/", pages.make, name="webhook-make"),
    path(_PAGE, pages.webhook, name="webhook"),
    path(f"{_PAGE}change/", pages.change, name="webhook-change"),
    path(f"{_PAGE}switch/", pages.switch, name="webhook-switch"),
    path(f"{_PAGE}rotate/", pages.rotate, name="webhook-rotate"),
    path(f"{_PAGE}test/", pages.test, name="webhook-test"),
    path(f"{_PAGE}delete/", pages.end, name="webhook-delete"),
    path(f"{_PAGE}deliveries/<int:delivery_id>/redeliver/", pages.redeliver, name="webhook-redeliver"),
]
