"""`manage.py runworker` is ours, or the system check says so."""

from typing import Any

from django.core.management import get_commands

from analysis.checks import runworker_is_ours


def test_our_runworker_hides_the_one_of_channels() -> None:
    assert runworker_is_ours(None) == []


def test_the_check_names_the_order_of_apps_when_channels_wins(settings: Any) -> None:
    settings.INSTALLED_APPS = ["channels", "analysis"]
    get_commands.cache_clear()

    errors = runworker_is_ours(None)

    get_commands.cache_clear()
    assert [error.id for error in errors] == ["analysis.E001"]
