"""`manage.py verifylog TOPIC…`: recomputes hash chains and names the first line that does not fit."""

import argparse
import sys
from collections.abc import Iterable
from typing import Any
from uuid import UUID

from django.core.management.base import BaseCommand, CommandError

from realtime import log
from realtime.errors import UnknownTopic
from realtime.models import Topic

BROKEN = 1


class Command(BaseCommand):
    """Verifies topics, one line of output each."""

    help = (
        "Verify the hash chains of topics. Exit code: 0 all hold, 1 a line is broken or a topic is not there."
    )
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("topics", nargs="*", type=UUID, metavar="TOPIC")
        parser.add_argument(
            "--all", dest="every", action="store_true", help="every topic there is, oldest first"
        )

    def handle(self, *args: object, topics: list[UUID], every: bool, **options: Any) -> None:
        if bool(topics) == every:
            raise CommandError("Name topics, or say --all.", returncode=2)
        verified = [self._verify(topic) for topic in (_every_topic() if every else topics)]
        self.stdout.write(f"{len(verified)} topics verified, {verified.count(False)} broken")
        if not all(verified):
            sys.exit(BROKEN)

    def _verify(self, topic: UUID) -> bool:
        try:
            found = log.verify(topic)
        except UnknownTopic as unknown:
            self.stdout.write(f"{topic}  not there: {unknown}")
            return False
        self.stdout.write(f"{topic}  {_words(found)}")
        return found.ok


def _words(found: log.Verification) -> str:
    if not found.ok:
        return f"BROKEN at line {found.broken} of {found.head}: {found.reason}"
    emptied = f", {found.emptied} of them emptied" if found.emptied else ""
    return f"ok, {found.checked} lines{emptied}, last hash {found.hash}"


def _every_topic() -> Iterable[UUID]:
    return list(Topic.objects.order_by("created", "id").values_list("id", flat=True))
