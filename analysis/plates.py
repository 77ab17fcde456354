"""Licence plates as text to search by.

For now the normalised text itself stands in `Sighting.plate`. Whoever replaces it (by a keyed hash and a
ciphertext) changes this file and that column, and nothing else: records are written from the log.
"""

from django.db.models import CharField, Lookup, Q
from django.db.models.sql.compiler import SQLCompiler

from analysis.engine.analytics.plates.patterns import LONGEST_PATTERN, InvalidPattern, Pattern, pattern
from analysis.engine.analytics.plates.signs import normalised

__all__ = ["LONGEST_PATTERN", "InvalidPattern", "Pattern", "matching", "normalised", "pattern"]


def matching(wanted: Pattern) -> Q:
    """Sightings whose plate fits. What a client writes is compared, never run."""
    if wanted.is_plain:
        return Q(plate=wanted.text)
    return ~Q(plate="") & Q(plate__like=wanted.text.replace("*", "%").replace("?", "_"))


@CharField.register_lookup
class Like(Lookup):
    """SQL's LIKE, for a pattern that holds no other signs than letters, digits, % and _."""

    lookup_name = "like"

    def as_sql(self, compiler: SQLCompiler, connection: object) -> tuple[str, tuple[str | int, ...]]:
        """The comparison."""
        left, left_params = self.process_lhs(compiler, connection)  # type: ignore[arg-type]  # the stubs name a narrower type
        right, right_params = self.process_rhs(compiler, connection)  # type: ignore[arg-type]  # as above
        return f"{left} LIKE {right}", (*left_params, *right_params)
