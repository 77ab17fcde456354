"""Shows a run's events in a terminal: one line per detector, in its place; plain lines elsewhere."""

import shutil
from collections.abc import Mapping
from io import TextIOWrapper
from typing import Any, TextIO

BAR_CELLS = 20
BLOCKS, PLAIN = "█·", "#-"
ENDINGS = ("run.succeeded", "run.failed", "run.cancelled")


class Screen:
    """Writes to one stream. On a terminal the lines of detectors stay below what was said before."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._is_terminal = stream.isatty()
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="replace")  # names of files are whatever they are
        self._cells = BLOCKS if _can_write(stream, BLOCKS) else PLAIN
        self._rows: dict[str, str] = {}
        self._titles: dict[str, str] = {}
        self._drawn = 0

    def tell(self, event: Mapping[str, Any]) -> None:
        """Shows what an event is worth."""
        data = event["data"]
        if event["type"] == "run.progressed":
            self._row(data["detector"], _progress(data, self._cells), event["message"])
        elif event["type"] == "detector.started":
            self._titles[data["detector"]] = data["title"]
            self._row(data["detector"], "started", event["message"])
        elif event["type"].startswith("detector."):
            self._titles[data["detector"]] = data["title"]
            self._row(data["detector"], _ending(data["assessment"]), event["message"])
        elif event["type"] == "run.retried":
            self._erase()
            self._rows.clear()
            self.line(event["message"])
        elif event["type"] in ENDINGS:
            self.settle()
            self.line(event["message"])
        elif event["message"] and not event["type"].startswith("stage.finished"):
            self.line(event["message"])

    def settle(self) -> None:
        """The lines of detectors stay where they are; what is said next stands below them."""
        self._rows.clear()
        self._drawn = 0

    def line(self, text: str) -> None:
        """A line that stays."""
        self._erase()
        self._stream.write(f"{text}\n")
        self._draw()

    def _row(self, detector: str, words: str, message: str) -> None:
        self._rows[detector] = words
        if self._is_terminal:
            self._erase()
            self._draw()
        else:
            self._stream.write(f"{message}\n")
            self._stream.flush()

    def _erase(self) -> None:
        if self._drawn:
            self._stream.write(f"\x1b[{self._drawn}A\x1b[J")
            self._drawn = 0

    def _draw(self) -> None:
        if self._is_terminal:
            width = shutil.get_terminal_size().columns - 1
            for detector, words in self._rows.items():
                self._stream.write(f"  {self._titles.get(detector, detector):<28} {words}"[:width] + "\n")
            self._drawn = len(self._rows)
        self._stream.flush()


def _can_write(stream: TextIO, text: str) -> bool:
    try:
        text.encode(stream.encoding or "utf-8")
    except UnicodeEncodeError:
        return False
    return True


def _progress(data: Mapping[str, Any], cells: str) -> str:
    done, total = data["done"], data["total"]
    if not total:
        return f"{done} {data['unit']}"
    filled = round(min(1.0, done / total) * BAR_CELLS)
    left = f", about {data['seconds_left']:.0f} s left" if data["seconds_left"] else ""
    full, empty = cells[0], cells[1]
    return f"{full * filled}{empty * (BAR_CELLS - filled)} {done} of {total} {data['unit']}{left}"


def _ending(assessment: Mapping[str, Any]) -> str:
    if assessment["kind"] == "verdict":
        coverage = assessment["coverage"]
        scored = f"scored {coverage['scored']} of {coverage['sampled']} {coverage['unit']}"
        return f"detector score {assessment['score']:.3f} ({assessment['band']}), {scored}"
    if assessment["reason"] == "reports_facts":
        return str(assessment["detail"])
    return f"no score ({assessment['reason']}): {assessment['detail']}"
