"""What the run page shows of evidence: every piece under who left it."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _

from analysis.models import Evidence
from analysis.page_rows import ResultRow, Sheet


@dataclass(frozen=True)
class Shown:
    """What one detector left to look at; `row` is None for what is of the run as a whole."""

    name: str
    title: str
    row: ResultRow | None
    pieces: Sequence[Evidence]


def shown(sheet: Sheet) -> Sequence[Shown]:
    """All evidence by who left it: what is of the run first, then the strongest detector."""
    rows = [row for row in (*sheet.rows, *sheet.panels) if row.evidence]
    return [
        *_unclaimed(sheet.unclaimed),
        *(Shown(row.result.detector, row.title, row, row.evidence) for row in rows),
    ]


def _unclaimed(pieces: Sequence[Evidence]) -> Sequence[Shown]:
    names = dict.fromkeys(piece.detector for piece in pieces)
    return [
        Shown(
            name or "run", name or _("The run"), None, [piece for piece in pieces if piece.detector == name]
        )
        for name in names
    ]
