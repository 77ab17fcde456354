"""The analysis application."""

from django.apps import AppConfig


class AnalysisConfig(AppConfig):
    """Media, runs and what came of them."""

    name = "analysis"

    def ready(self) -> None:
        """Registers the kind of topic a media run has, our system checks, and where programs expect problems."""
        from accounts import problems
        from analysis import checks, topics  # noqa: F401  # importing checks registers them

        topics.register()
        problems.spoken_at("/analyze")
