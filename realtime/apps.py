"""The realtime application."""

from django.apps import AppConfig


class RealtimeConfig(AppConfig):
    """The log and its delivery."""

    name = "realtime"

    def ready(self) -> None:
        """Registers the kind of topic an external job has."""
        from realtime import job_topics

        job_topics.register()
