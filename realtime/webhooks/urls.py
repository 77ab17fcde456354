"""Addresses of webhooks: REST."""

from django.urls import URLPattern, path

from realtime.webhooks import api

_API = "api/v1/webhooks/"
_ONE = f"{_API}<uuid:webhook_id>/"

urlpatterns: list[URLPattern] = [
    path(_API, api.WebhooksView.as_view()),
    path(_ONE, api.OneWebhookView.as_view()),
    path(f"{_ONE}rotate-secret/", api.RotateView.as_view()),
    path(f"{_ONE}test/", api.TestView.as_view()),
    path(f"{_ONE}deliveries/", api.DeliveriesView.as_view()),
    path(f"{_ONE}deliveries/<int:delivery_id>/", api.DeliveryView.as_view()),
    path(f"{_ONE}deliveries/<int:delivery_id>/redeliver/", api.RedeliverView.as_view()),
]
