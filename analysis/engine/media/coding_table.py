"""What a table of coded pictures may hold; whoever reads one from the child needs no decoder for it."""

from typing import Any

from analysis.engine.errors import ReaderLost

PICTURES, STRETCHES = 1000, 12  # 12,000 pictures in all: 400 s at 30 a second
STRETCH_BYTES = 48 << 20  # what is read of a recording of a high rate is bounded, too
MOST_SECONDS = 1e9
_LARGEST_BYTES = 1 << 31


def check(said: Any) -> None:
    """Raises ReaderLost where a table from the child is none with which can be computed."""
    if said is None or (isinstance(said, dict) and "error" in said):
        return
    stretches = said.get("stretches") if isinstance(said, dict) else None
    if not isinstance(stretches, list) or len(stretches) > STRETCHES or not all(map(_sound, stretches)):
        raise ReaderLost("the reader's answer makes no sense (coding.stretches)")


def _sound(stretch: Any) -> bool:
    if not isinstance(stretch, dict):
        return False
    seconds, sizes, sorts = (stretch.get(name) for name in ("seconds", "bytes", "sorts"))
    return (
        isinstance(seconds, list)
        and isinstance(sizes, list)
        and isinstance(sorts, str)
        and len(seconds) == len(sizes) == len(sorts) <= PICTURES
        and set(sorts) <= set("IPB")
        and all(type(one) in (int, float) and abs(one) < MOST_SECONDS for one in seconds)
        and all(type(one) is int and 0 <= one < _LARGEST_BYTES for one in sizes)
    )
