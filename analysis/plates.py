"""Licence plates as text to search by.

For now the normalised text itself stands in `Sighting.plate`. Whoever replaces it (by a keyed hash and a
ciphertext) changes this file and that column, and nothing else: records are written from the log.
"""

from django.db.models import CharField, Lookup, Q
from django.db.models.sql.compiler import SQLCompiler

LIMIT = 32


def normalised(text: str) -> str:
    """Letters and digits in capitals: "ab-12 cde" and "AB12CDE" are the same plate."""
    return _letters(text, keep="")[:LIMIT]


def matching(pattern: str) -> Q:
    """Sightings whose plate fits: `*` is any text, `?` one character. Raises ValueError for other signs.

    Never a regular expression: what a client writes is compared, not run.
    """
    wanted = _letters(pattern, keep="*?")
    if not wanted or wanted != _without(" -", pattern.upper()):
        raise ValueError("A plate is asked for by letters and digits, with * and ? for what may be anything.")
    return ~Q(plate="") & Q(plate__like=wanted.replace("*", "%").replace("?", "_"))


def _without(signs: str, text: str) -> str:
    return "".join(letter for letter in text if letter not in signs)


def _letters(text: str, *, keep: str) -> str:
    return "".join(letter for letter in text.upper() if letter.isalnum() or letter in keep)


@CharField.register_lookup
class Like(Lookup):
    """SQL's LIKE, for a pattern that holds no other signs than letters, digits, % and _."""

    lookup_name = "like"

    def as_sql(self, compiler: SQLCompiler, connection: object) -> tuple[str, tuple[str | int, ...]]:
        """The comparison."""
        left, left_params = self.process_lhs(compiler, connection)  # type: ignore[arg-type]  # the stubs name a narrower type
        right, right_params = self.process_rhs(compiler, connection)  # type: ignore[arg-type]  # as above
        return f"{left} LIKE {right}", (*left_params, *right_params)
