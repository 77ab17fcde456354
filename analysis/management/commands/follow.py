"""`manage.py follow RUN`: every event of a run, or of another log, in this terminal until its ending."""

import argparse
import contextlib
import json
import os
import signal
import sys
from typing import Any, NoReturn
from uuid import UUID

from django.core.management.base import CommandError

from analysis.follow import follow
from analysis.management.exits import ASSESSED, FAILED, NOT_ASSESSABLE, ExaminingCommand
from analysis.models import Run
from realtime import log
from realtime.errors import UnknownTopic
from realtime.lines import Line
from realtime.management.reach import need_database
from realtime.naming import named

INTERRUPTED = 130


class Command(ExaminingCommand):
    """Prints each event once, in order, and at the end the cursor to go on from."""

    help = (
        "Follow a run, live. Exit code: 0 assessed, or the job is done; 2 not assessable; 3 failed, cancelled or"
        " not there; 130 interrupted."
    )

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("of", metavar="RUN", help="the id of a run, a topic or a job")
        parser.add_argument("--after", type=int, default=0, metavar="N", help="the last seq you have (0)")
        parser.add_argument("--json", action="store_true", help="events as they are stored, one per line")

    def handle(self, *args: object, of: str, after: int, json: bool, **options: Any) -> None:
        need_database()
        topic = _topic(of)
        head = log.head(topic)
        if not 0 <= after <= head:
            raise CommandError(f"--after is a seq of this log: 0 to {head}.", returncode=FAILED)
        self.cursor, self.as_json = after, json
        signal.signal(signal.SIGTERM, signal.default_int_handler)
        try:
            self._leave(_code(follow(topic, self._tell, after=after)))
        except UnknownTopic as gone:
            raise CommandError(str(gone), returncode=FAILED) from gone
        except KeyboardInterrupt:
            self._leave(INTERRUPTED)
        except BrokenPipeError:  # whoever read us has had enough
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            self._leave(INTERRUPTED)

    def _tell(self, line: Line) -> None:
        self.stdout.write((line.body or _gap(line)) if self.as_json else _words(line))
        self.stdout.flush()
        self.cursor = line.seq

    def _leave(self, code: int) -> NoReturn:
        sys.stderr.write(f"cursor: {self.cursor} (--after {self.cursor} goes on from here)\n")
        raise SystemExit(code)


def _topic(of: str) -> UUID:
    found = named(of)
    with contextlib.suppress(ValueError):
        found |= {*Run.objects.filter(pk=UUID(of)).values_list("topic_id", flat=True)}
    if len(found) != 1:
        topics = ", ".join(sorted(map(str, found)))
        sentence = (
            f"Several logs go by {of!r}; name one: {topics}." if found else f"No run, topic or job {of!r}."
        )
        raise CommandError(sentence, returncode=FAILED)
    return found.pop()


def _words(line: Line) -> str:
    if not line.body:
        return f"{line.seq:>6}  {line.type}  (emptied)"
    event = json.loads(line.body)
    subject = f" [{line.subject}]" if line.subject else ""
    return f"{line.seq:>6}  {event['time'][11:19]}  {line.type}{subject}  {event['message']}".rstrip()


def _gap(line: Line) -> str:
    return json.dumps({"type": "thinned", "first": line.seq, "last": line.seq}, separators=(",", ":"))


def _code(ending: Line | None) -> int:
    if ending is None or not ending.type.endswith(".succeeded"):
        return FAILED
    data = json.loads(ending.body)["data"] if ending.body else {}
    return NOT_ASSESSABLE if data.get("outcome") == Run.Outcome.NOT_ASSESSABLE else ASSESSED
