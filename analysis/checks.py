"""System checks of what Django cannot know to be wrong."""

from typing import Any

from django.core.checks import CheckMessage, Error, Tags, register
from django.core.management import get_commands


@register(Tags.compatibility)
def runworker_is_ours(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """Channels has a command of the same name, which would answer every start of a worker with an error."""
    found = get_commands().get("runworker")
    if found == "analysis":
        return []
    return [
        Error(
            f"`manage.py runworker` is the command of {found!r}, not ours.",
            hint='"analysis" must stand before "channels" in INSTALLED_APPS.',
            id="analysis.E001",
        )
    ]
