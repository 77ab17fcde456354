"""The analysis application."""

from django.apps import AppConfig


class AnalysisConfig(AppConfig):
    """Media, runs and what came of them."""

    name = "analysis"

    def ready(self) -> None:
        """Registers the kinds of topic that runs have, our system checks, and where programs expect problems."""
        from accounts import problems
        from analysis import checks, topics  # noqa: F401  # importing checks registers them
        from analysis.cameras import topics as camera_topics

        topics.register()
        camera_topics.register()
        problems.spoken_at("/analyze")
