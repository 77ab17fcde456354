"""The realtime application."""

from django.apps import AppConfig


class RealtimeConfig(AppConfig):
    """The log and its delivery."""

    name = "realtime"

    def ready(self) -> None:
        """Registers the kind of topic an external job has, and where programs expect problems."""
        from accounts import problems
        from realtime.jobs import topics as job_topics

        job_topics.register()
        problems.spoken_at("/jobs/create", "/ws")
