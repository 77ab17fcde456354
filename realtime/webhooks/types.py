"""Which types of event a webhook asks for: names, and prefixes such as `run.*`; none means all."""

import re
from collections.abc import Sequence

LIMIT = 50
_PATTERN = re.compile(r"[a-z]+(_[a-z]+)*(\.[a-z]+(_[a-z]+)*)*(\.\*)?")


def is_pattern(text: object) -> bool:
    """Whether this names a type, or the beginning of some."""
    return isinstance(text, str) and len(text) <= 64 and bool(_PATTERN.fullmatch(text)) and "." in text


def matches(patterns: Sequence[str], kind: str) -> bool:
    """Whether an event of this type was asked for."""
    return not patterns or any(_matches(pattern, kind) for pattern in patterns)


def _matches(pattern: str, kind: str) -> bool:
    if pattern.endswith(".*"):
        return kind.startswith(pattern[:-1])
    return kind == pattern
