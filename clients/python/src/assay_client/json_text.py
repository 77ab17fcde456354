"""JSON taken apart without rewriting it: hashes are over the text that was sent, not over what it means."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from assay_client.errors import BadAnswer

_DECODER = json.JSONDecoder()
_SPACE = re.compile(r"[ \t\r\n]*")


@dataclass(frozen=True, slots=True)
class Member:
    """One member of an object: its value, and where `"name":value` and the value stand in the text."""

    name: str
    value: Any
    start: int
    value_start: int
    end: int


def members(text: str, at: int = 0) -> list[Member]:
    """The members of the object that begins at `at`, in the order they were written. Raises BadAnswer."""
    found = []
    try:
        at = _past(text, at, "{")
        while text[at] != "}":
            name, colon = _DECODER.raw_decode(text, at)
            value_start = _past(text, colon, ":")
            value, end = _DECODER.raw_decode(text, value_start)
            found.append(Member(str(name), value, at, value_start, end))
            at = _next(text, end, "}")
    except (ValueError, IndexError, RecursionError) as fault:
        raise BadAnswer("The server sent what is no JSON object.") from fault
    return found


def elements(text: str, at: int) -> Iterator[str]:
    """The texts of the elements of the array that begins at `at`. Raises BadAnswer."""
    try:
        at = _past(text, at, "[")
        while text[at] != "]":
            _, end = _DECODER.raw_decode(text, at)
            yield text[at:end]
            at = _next(text, end, "]")
    except (ValueError, IndexError, RecursionError) as fault:
        raise BadAnswer("The server sent what is no JSON array.") from fault


def _past(text: str, at: int, sign: str) -> int:
    at = _skip(text, at)
    if text[at] != sign:
        raise ValueError(sign)
    return _skip(text, at + 1)


def _next(text: str, at: int, closing: str) -> int:
    """Where the next element begins, or the closing sign stands."""
    at = _skip(text, at)
    return at if text[at] == closing else _past(text, at, ",")


def _skip(text: str, at: int) -> int:
    found = _SPACE.match(text, at)
    return found.end() if found else at
