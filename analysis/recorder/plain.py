"""Values a log and a database can hold: finite, without U+0000, of JSON's own types."""

import json
import math
from collections.abc import Mapping
from typing import Any

LARGEST_INTEGER = 2**53 - 1
EVENT_FACTS_BYTES = 24 * 1024
TEXT_CHARACTERS = 2000


def plain(value: Any) -> Any:
    """The same value in JSON's types. What has no form there becomes null, or text."""
    if isinstance(value, Mapping):
        return {text(str(key)): plain(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [plain(inner) for inner in value]
    if isinstance(value, str):
        return text(value, limit=None)
    if value is None or isinstance(value, bool):
        return value
    return _number(value)


def finite(value: float | None) -> float | None:
    """The number, or None if it is none."""
    return float(value) if value is not None and math.isfinite(value) else None


def rounded(value: float | None, digits: int) -> float | None:
    """The number with so many decimals, or None if it is none."""
    number = finite(value)
    return None if number is None else round(number, digits)


def text(value: str, *, limit: int | None = TEXT_CHARACTERS) -> str:
    """Without what PostgreSQL and JSON cannot hold, and not endless."""
    kept = value.replace("\0", "�").encode("utf-8", "replace").decode("utf-8")
    return kept if limit is None or len(kept) <= limit else f"{kept[: limit - 1]}…"


def facts_for_event(facts: Mapping[str, Any]) -> dict[str, Any]:
    """Facts small enough for an event; the result on record has them all."""
    kept: dict[str, Any] = {}
    left_bytes = EVENT_FACTS_BYTES
    for key, value in facts.items():
        size_bytes = len(json.dumps(value))
        if size_bytes > left_bytes:
            kept["shortened"] = True
            continue
        kept[key] = value
        left_bytes -= size_bytes
    return kept


def _number(value: Any) -> Any:
    if hasattr(value, "item"):
        value = value.item()
    if isinstance(value, int):
        return value if abs(value) <= LARGEST_INTEGER else str(value)
    if isinstance(value, float):
        return value if math.isfinite(value) and abs(value) <= LARGEST_INTEGER else None
    return text(str(value))
