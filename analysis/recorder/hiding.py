"""Where plates are kept under a key, takes them out of what else is written of a run.

A detector sums up what it saw in words and facts of its own. The plates among these are those it told before, and
each has its event, which says who may read it; everywhere else they are a gap.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from analysis.engine.types import DetectorEnded, Outcome, PlateTold
from analysis.models import Evidence
from analysis.plate_keys import is_keyed

HIDDEN = "[plate]"
MOST_TEXTS = 20_000
# A plate is written in parts, apart by a space or a sign or two: "M-AB 1234".
MOST_PARTS = 4
_WORD = re.compile(r"[^\W_]+")
_WRITTEN = re.compile(r"[^\W_]+(?:[\s·.-]{1,3}[^\W_]+)*")


class Hiding:
    """Of one attempt."""

    def __init__(self) -> None:
        self._texts: dict[str, None] = {}

    def note(self, told: PlateTold) -> None:
        """Remembers a plate, and what else it may be; of very many the latest."""
        if not is_keyed():
            return
        for text in (told.plate, told.written, *(text for text, _ in told.candidates)):
            if letters := _letters(text):
                self._texts[letters] = None
        while len(self._texts) > MOST_TEXTS:
            del self._texts[next(iter(self._texts))]

    def ending(self, ending: DetectorEnded) -> DetectorEnded:
        """The same without plates."""
        if not self._texts:
            return ending
        said = ending.assessment
        changed = {"facts": self._hidden(said.facts)}
        if detail := getattr(said, "detail", ""):
            changed["detail"] = self._text(detail)
        return replace(ending, assessment=replace(said, **changed))

    def evidence(self, made: Iterable[Evidence]) -> None:
        """Takes plates out of what stands beside pictures."""
        for one in made if self._texts else ():
            one.title, one.caption = self._text(one.title)[:200], self._text(one.caption)
            one.data = self._hidden(one.data)

    def outcome(self, outcome: Outcome) -> Outcome:
        """The same without plates."""
        if not self._texts:
            return outcome
        return replace(
            outcome,
            sentence=self._text(outcome.sentence),
            why=self._text(outcome.why),
            limit=self._text(outcome.limit),
            rule=self._text(outcome.rule),
        )

    def _hidden(self, value: Any) -> Any:
        if isinstance(value, str):
            return self._text(value)
        if isinstance(value, Mapping):
            return {self._hidden(key): self._hidden(inner) for key, inner in value.items()}
        if isinstance(value, list | tuple | set | frozenset):
            return [self._hidden(inner) for inner in value]
        return value

    def _text(self, text: str) -> str:
        words = list(_WORD.finditer(text))
        kept: list[str] = []
        at = place = 0
        while place < len(words):
            count = self._parts(text, words[place : place + MOST_PARTS])
            if count:
                kept += [text[at : words[place].start()], HIDDEN]
                at = words[place + count - 1].end()
            place += count or 1
        return "".join([*kept, text[at:]])

    def _parts(self, text: str, words: list[re.Match[str]]) -> int:
        """With how many of these words a plate is written that begins with the first."""
        for count in range(len(words), 0, -1):
            written = text[words[0].start() : words[count - 1].end()]
            if _WRITTEN.fullmatch(written) and _letters(written) in self._texts:
                return count
        return 0


def _letters(text: str) -> str:
    return "".join(_WORD.findall(text)).upper()
