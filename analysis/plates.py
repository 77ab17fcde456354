"""Licence plates on record: how their text is kept and searched, in the clear or under a key.

This file and `plate_keys` alone know about the key. Without one the text stands in `Sighting.plate` and in the data
of its line; with one there are a keyed hash and a ciphertext instead, in both.
"""

import json
from collections.abc import Mapping
from typing import Any

from django.db.models import CharField, Lookup, Q, QuerySet
from django.db.models.sql.compiler import SQLCompiler

from analysis.engine.analytics.plates.patterns import LONGEST_PATTERN, InvalidPattern, Pattern, pattern
from analysis.engine.analytics.plates.signs import normalised
from analysis.errors import TooManyPlates
from analysis.models import Sighting
from analysis.plate_keys import hashed, is_keyed, seal, unseal

__all__ = [
    "LONGEST_PATTERN", "InvalidPattern", "Pattern", "closed", "columns", "normalised", "opened", "pattern", "searched",
    "text_of",
]  # fmt: skip

# What the data of a line says of the plate's text.
PRIVATE = ("plate", "written", "signs", "candidates", "doubt")
# Different plates that one search with wildcards decrypts: about a second.
PLATES_OPENED = 10_000


def columns(plate: str) -> dict[str, str]:
    """How a sighting keeps a normalised plate."""
    if not plate or not is_keyed():
        return {"plate": plate, "plate_hash": "", "plate_sealed": ""}
    return {"plate": "", "plate_hash": hashed(plate), "plate_sealed": seal(plate)}


def closed(data: Mapping[str, Any]) -> dict[str, Any]:
    """The data of a plate's line as it is written: under a key without its text."""
    if not is_keyed():
        return dict(data)
    private = {name: data[name] for name in PRIVATE if name in data}
    rest = {name: value for name, value in data.items() if name not in PRIVATE}
    return {"plate_hash": hashed(normalised(data["plate"])), "sealed": seal(json.dumps(private)), **rest}


def opened(data: Mapping[str, Any]) -> Mapping[str, Any]:
    """The data of a plate's line with its text, where it can be read."""
    sealed = data.get("sealed")
    text = unseal(sealed) if isinstance(sealed, str) else None
    if text is None:
        return data
    private = json.loads(text)
    return {**data, **{name: private[name] for name in PRIVATE if name in private}}


def text_of(plate: str, sealed: str) -> str:
    """The text of two such columns; "" where there is none, or none that can be read."""
    return plate or (unseal(sealed) if sealed else None) or ""


def searched(found: QuerySet[Sighting], wanted: Pattern) -> QuerySet[Sighting]:
    """Those of `found` whose plate fits. What a client writes is compared, never run.

    Raises TooManyPlates where more would have to be decrypted for it than one search may.
    """
    if wanted.is_plain:
        same = Q(plate=wanted.text)
        return found.filter(same | Q(plate_hash=hashed(wanted.text)) if is_keyed() else same)
    alike = ~Q(plate="") & Q(plate__like=wanted.text.replace("*", "%").replace("?", "_"))
    return found.filter(alike | Q(plate_hash__in=_fitting(found, wanted)) if is_keyed() else alike)


def _fitting(found: QuerySet[Sighting], wanted: Pattern) -> list[str]:
    """The hashes of the plates that fit: each plate is decrypted once, however often it was seen."""
    sealed = found.exclude(plate_hash="").order_by("plate_hash").distinct("plate_hash")
    rows = list(sealed.values_list("plate_hash", "plate_sealed")[: PLATES_OPENED + 1])
    if len(rows) > PLATES_OPENED:
        raise TooManyPlates(
            f"More than {PLATES_OPENED:,} encrypted plates would have to be compared. Narrow the search by camera "
            "or time, or ask for a whole plate."
        )
    return [digest for digest, text in rows if (plate := unseal(text)) and wanted.fits(plate)]


@CharField.register_lookup
class Like(Lookup):
    """SQL's LIKE, for a pattern that holds no other signs than letters, digits, % and _."""

    lookup_name = "like"

    def as_sql(self, compiler: SQLCompiler, connection: object) -> tuple[str, tuple[str | int, ...]]:
        """The comparison."""
        left, left_params = self.process_lhs(compiler, connection)  # type: ignore[arg-type]  # the stubs name a narrower type
        right, right_params = self.process_rhs(compiler, connection)  # type: ignore[arg-type]  # as above
        return f"{left} LIKE {right}", (*left_params, *right_params)
