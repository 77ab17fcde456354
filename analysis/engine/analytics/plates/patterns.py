"""What plates are asked for by: letters, digits, `?` for one sign and `*` for any. Never a regular expression."""

from dataclasses import dataclass
from functools import cached_property

from analysis.engine.analytics.plates.signs import LONGEST, normalised, signs
from analysis.engine.errors import EngineError

_IGNORED = " -"
LONGEST_PATTERN = 64


class InvalidPattern(EngineError):
    """A pattern holds what no plate can be asked for by."""

    code = "invalid_plate_pattern"


@dataclass(frozen=True)
class Pattern:
    """A pattern that may be used: only letters, digits, ? and *, never two * in a row."""

    text: str

    @cached_property
    def is_plain(self) -> bool:
        """Whether it fits one plate alone."""
        return not set(self.text) & set("?*")

    def fits(self, plate: str) -> bool:
        """Whether the whole plate fits; at most 32 by 64 comparisons, whatever both hold."""
        return _fits(self.text, normalised(plate))


def pattern(written: str) -> Pattern:
    """The pattern somebody wrote; spaces, hyphens and case do not count. Raises InvalidPattern."""
    if len(written) > LONGEST_PATTERN:
        raise InvalidPattern(f"A plate is asked for by at most {LONGEST_PATTERN} characters.")
    text = "".join(_sign(one) for one in written if one not in _IGNORED)
    while "**" in text:
        text = text.replace("**", "*")
    if not text:
        raise InvalidPattern("A plate is asked for by letters and digits; there are none.")
    if len(text.replace("*", "")) > LONGEST:
        raise InvalidPattern(f"No plate has more than {LONGEST} signs.")
    return Pattern(text)


def _sign(written: str) -> str:
    sign = written if written in "?*" else signs(written)
    if not sign:
        raise InvalidPattern(
            "A plate is asked for by letters and digits, with * and ? for what may be anything."
        )
    return sign


def _fits(wanted: str, plate: str) -> bool:
    """Goes back to the last * only: an earlier one that took more would gain nothing."""
    at = place = 0
    star, tried = -1, 0
    while place < len(plate):
        if at < len(wanted) and wanted[at] in ("?", plate[place]):
            at, place = at + 1, place + 1
        elif at < len(wanted) and wanted[at] == "*":
            star, tried, at = at, place, at + 1
        elif star >= 0:
            tried += 1
            at, place = star + 1, tried
        else:
            return False
    return not wanted[at:].strip("*")
