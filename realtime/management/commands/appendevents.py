"""`manage.py appendevents`: JSON lines on standard input become events, for programs on the same machine."""

import gc
import signal
import sys
from typing import Any

from django.core.management.base import BaseCommand

from realtime import publisher
from realtime.arriving import Lot, lots
from realtime.intake import LINE_LIMIT_BYTES, DatabaseAway, store

REFUSED, AWAY, INTERRUPTED = 1, 3, 130


class Command(BaseCommand):
    """Appends what arrives while the last write runs; an idle writer writes at once."""

    help = (
        "Append events from standard input, one JSON object per line: {topic, type, subject?, message, data, ending?}."
        " Exit code: 0 all were stored, 1 some were refused (standard error says which and why), 3 the database"
        " stayed away."
    )
    requires_system_checks: list[str] = []

    def handle(self, *args: object, **options: Any) -> None:
        self.stored = self.refused = 0
        self.storing = self.stopping = False
        signal.signal(signal.SIGTERM, self._stop)
        signal.signal(signal.SIGINT, self._stop)
        code = 0
        # What is loaded stays: looking through it for garbage holds up every event for a tenth of a second.
        gc.collect()
        gc.freeze()
        try:
            for lot in lots(sys.stdin.fileno(), limit_bytes=LINE_LIMIT_BYTES):
                self.first = lot[0][0]
                self._store(lot)
        except DatabaseAway as away:
            self._say(f"stopped before line {self.first}: {away}")
            code = AWAY
        except KeyboardInterrupt:
            code = INTERRUPTED
        publisher.flush()
        self._say(f"{self.stored} events stored, {self.refused} lines refused")
        if code or self.refused:
            raise SystemExit(code or REFUSED)

    def _store(self, lot: Lot) -> None:
        self.storing = True
        self.stored += store(lot, self._refuse, hurried=lambda: self.stopping)
        self.storing = False
        if self.stopping:
            raise KeyboardInterrupt

    def _stop(self, *_: object) -> None:
        # A lot that is being stored is stored and counted first: it may be committed already.
        self.stopping = True
        if not self.storing:
            raise KeyboardInterrupt

    def _refuse(self, number: int, code: str, sentence: str) -> None:
        self.refused += 1
        self._say(f"line {number}: {code}: {sentence}")

    def _say(self, text: str) -> None:
        sys.stderr.write(f"{text}\n")  # self.stderr would colour every line as an error
