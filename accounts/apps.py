"""The accounts application."""

from django.apps import AppConfig


class AccountsConfig(AppConfig):
    """Users, teams and credentials."""

    name = "accounts"

    def ready(self) -> None:
        """Connects what ends sign-ins, describes our ways to sign in, and keeps tokens out of every log."""
        from accounts import endings, schema, scrubbing, sign_ins  # noqa: F401  # models must be loaded

        scrubbing.install()
