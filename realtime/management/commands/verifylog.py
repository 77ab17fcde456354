"""`manage.py verifylog RUN…`: recomputes hash chains and names the first line that does not fit."""

import argparse
import sys
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.core.management.base import BaseCommand, CommandError

from realtime import log
from realtime.errors import UnknownTopic
from realtime.management.reach import need_database
from realtime.models import Topic
from realtime.naming import named

BROKEN = 1


class Command(BaseCommand):
    """Verifies topics, one line of output each."""

    help = (
        "Verify the hash chains of runs, jobs and topics. Exit code: 0 all hold, 1 a line is broken or a log is"
        " not there, 3 the database is not there."
    )
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("of", nargs="*", metavar="RUN", help="the id of a run, a topic or a job")
        parser.add_argument(
            "--all", dest="every", action="store_true", help="every topic there is, oldest first"
        )

    def handle(self, *args: object, of: list[str], every: bool, **options: Any) -> None:
        if bool(of) == every:
            raise CommandError("Name runs, jobs or topics, or say --all.", returncode=2)
        need_database()
        topics = _every_topic() if every else [topic for one in of for topic in self._named(one)]
        verified = [self._verify(topic) for topic in topics]
        missing = verified.count(None)
        said = f"{len(verified) - missing} topics verified, {verified.count(False)} broken"
        self.stdout.write(f"{said}, {missing} not there" if missing else said)
        if not all(verified):
            sys.exit(BROKEN)

    def _named(self, of: str) -> Sequence[UUID | None]:
        topics = sorted(named(of))
        if not topics:
            self.stdout.write(f"{of}  not there: no run, topic or job goes by it.")
        return topics or [None]

    def _verify(self, topic: UUID | None) -> bool | None:
        """Whether the chain holds; None for one that is not there."""
        if topic is None:
            return None
        try:
            found = log.verify(topic)
        except UnknownTopic as unknown:  # deleted meanwhile
            self.stdout.write(f"{topic}  not there: {unknown}")
            return None
        self.stdout.write(f"{topic}  {_words(found)}")
        return found.ok


def _words(found: log.Verification) -> str:
    if not found.ok:
        return f"BROKEN at line {found.broken} of {found.head}: {found.reason}"
    emptied = f", {found.emptied} of them emptied" if found.emptied else ""
    return f"ok, {found.checked} lines{emptied}, last hash {found.hash}"


def _every_topic() -> Sequence[UUID]:
    return list(Topic.objects.order_by("created", "id").values_list("id", flat=True))
