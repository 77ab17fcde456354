"""The exit codes of commands that examine, in one place with the parser that keeps them apart from its own."""

from typing import Any, NoReturn

from django.core.management.base import BaseCommand, CommandParser

ASSESSED, NOT_ASSESSABLE, FAILED, INTERRUPTED = 0, 2, 3, 130


class ExaminingCommand(BaseCommand):
    """A command that ends with one of the codes above."""

    requires_system_checks: list[str] = []

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> CommandParser:
        """One that ends in FAILED over a misspelt option: argparse's own 2 would say "not assessable"."""
        parser = super().create_parser(prog_name, subcommand, **kwargs)
        leave = parser.exit

        def exit_as_failed(status: int = 0, message: str | None = None) -> NoReturn:
            leave(FAILED if status else 0, message)

        parser.exit = exit_as_failed  # type: ignore[method-assign]  # Django takes no class of ours
        return parser
