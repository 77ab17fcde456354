"""The quality a JPEG was saved at, as its own quantisation tables tell it."""

from collections.abc import Sequence
from typing import Any

# ITU-T T.81, annex K.1, row by row, as Pillow gives tables
STANDARD_LUMA = (
    16, 11, 10, 16, 24, 40, 51, 61, 12, 12, 14, 19, 26, 58, 60, 55, 14, 13, 16, 24, 40, 57, 69, 56,
    14, 17, 22, 29, 51, 87, 80, 62, 18, 22, 37, 56, 68, 109, 103, 77, 24, 35, 55, 64, 81, 104, 113, 92,
    49, 64, 78, 87, 103, 121, 120, 101, 72, 92, 95, 98, 112, 100, 103, 99,
)  # fmt: skip


def quality_of(table: Sequence[int]) -> dict[str, Any]:
    """The IJG quality (1..100) whose scaled standard table is nearest, and whether it is that very table."""
    best = min(range(1, 101), key=lambda quality: _distance(table, quality))
    return {"quality": best, "standard_tables": _distance(table, best) == 0}


def _distance(table: Sequence[int], quality: int) -> int:
    scale = 5000 // quality if quality < 50 else 200 - 2 * quality
    standard = (min(max((entry * scale + 50) // 100, 1), 255) for entry in STANDARD_LUMA)
    return sum(abs(one - other) for one, other in zip(standard, table, strict=False))
