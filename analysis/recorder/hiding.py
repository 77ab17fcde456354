"""Where plates are kept under a key, takes them out of what else is written of a run.

A detector sums up what it saw in words and facts of its own. The plates among these are those it told before, and
each has its event, which says who may read it; everywhere else they are a gap. Rows of what was read lose them by
field, whatever was noted. For sentences what was told is remembered, as digests; what is told first is never
forgotten, for that is what detectors list. Of more than can be remembered no sentence is kept.
"""

import hashlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from analysis.engine.types import DetectorEnded, Outcome, PlateTold
from analysis.models import Evidence
from analysis.plate_keys import is_keyed

HIDDEN = "[plate]"
# Some 80 bytes each.
MOST_TEXTS = 500_000
# What `anpr` lists, in its facts.
_ROWS, _PLATE_FIELDS = "read", ("plate", "doubt")
# A plate is written in parts, apart by a space or a sign or two: "M-AB 1234".
MOST_PARTS = 4
# Numbers with fewer signs are counts and shares.
LEAST_DIGITS = 4
_WORD = re.compile(r"[^\W_]+")
_FIELD = re.compile(r"[a-z_]+")
_WRITTEN = re.compile(r"[^\W_]+(?:[\s·.-]{1,3}[^\W_]+)*")


class Hiding:
    """Of one attempt."""

    def __init__(self) -> None:
        self._digests: set[bytes] = set()
        self._is_full = False

    def note(self, told: PlateTold) -> None:
        """Remembers a plate, and what else it may be."""
        if not is_keyed():
            return
        others = (text for text, _ in told.candidates)
        for text in (told.plate, told.written, *others, *_plates_in(told.doubt)):
            if letters := _letters(text):
                self._remember(_digest(letters))

    def ending(self, ending: DetectorEnded) -> DetectorEnded:
        """The same without plates."""
        if not is_keyed():
            return ending
        said = ending.assessment
        changed = {"facts": self._hidden(_without_plates(said.facts))}
        if detail := getattr(said, "detail", ""):
            changed["detail"] = self._text(detail)
        return replace(ending, assessment=replace(said, **changed))

    def evidence(self, made: Iterable[Evidence]) -> None:
        """Takes plates out of what stands beside pictures."""
        for one in made if self._digests else ():
            one.title, one.caption = self._text(one.title)[:200], self._text(one.caption)
            one.data = self._hidden(one.data)

    def outcome(self, outcome: Outcome) -> Outcome:
        """The same without plates."""
        if not self._digests:
            return outcome
        return replace(
            outcome,
            sentence=self._text(outcome.sentence),
            why=self._text(outcome.why),
            limit=self._text(outcome.limit),
            rule=self._text(outcome.rule),
            seen=self._text(outcome.seen),
        )

    def _remember(self, digest: bytes) -> None:
        if len(self._digests) < MOST_TEXTS:
            self._digests.add(digest)
        elif digest not in self._digests:
            self._is_full = True

    def _hidden(self, value: Any) -> Any:
        if isinstance(value, str):
            return self._text(value)
        if isinstance(value, Mapping):
            return {self._name(key): self._hidden(inner) for key, inner in value.items()}
        if isinstance(value, list | tuple | set | frozenset):
            return [self._hidden(inner) for inner in value]
        return value

    def _name(self, key: Any) -> Any:
        """A field's own name stays, whatever was forgotten; anything else may hold a plate."""
        return key if self._is_full and _FIELD.fullmatch(str(key)) else self._hidden(key)

    def _text(self, text: str) -> str:
        if self._is_full:
            return HIDDEN
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
            if _WRITTEN.fullmatch(written) and _digest(_letters(written)) in self._digests:
                return count
        return 0


def _without_plates(facts: Mapping[str, Any]) -> Mapping[str, Any]:
    """Facts whose rows of what was read say when and how surely, and no longer what."""
    rows = facts.get(_ROWS)
    if not isinstance(rows, list | tuple):
        return facts
    kept = [
        {name: value for name, value in row.items() if name not in _PLATE_FIELDS}
        if isinstance(row, Mapping)
        else row
        for row in rows
    ]
    return {**facts, _ROWS: kept}


def _plates_in(doubt: str) -> list[str]:
    """Of the words of a doubt those that are no words and no small numbers: plates are written in capitals."""
    return [
        word
        for word in _WORD.findall(doubt)
        if word == word.upper() and not (word.isdigit() and len(word) < LEAST_DIGITS)
    ]


def _digest(letters: str) -> bytes:
    return hashlib.blake2b(letters.encode("utf-8", "surrogatepass"), digest_size=8).digest()


def _letters(text: str) -> str:
    return "".join(_WORD.findall(text)).upper()
