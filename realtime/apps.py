"""The realtime application."""

from django.apps import AppConfig


class RealtimeConfig(AppConfig):
    """The log and its delivery."""

    name = "realtime"
