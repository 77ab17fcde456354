"""The letters and digits of a plate: A to Z and 0 to 9, whatever way they were written.

Not only NFKC: marks are dropped too (a reader gives GÖ as GO), and letters of other scripts that look like ours
become ours, because readers and people write them for each other. What looks like none of ours is dropped.
"""

import unicodedata
from functools import lru_cache

LETTERS = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZ")
DIGITS = frozenset("0123456789")
SIGNS = LETTERS | DIGITS

# The longest plate is far shorter; the rest of a longer text is not looked at.
LONGEST_TEXT = 256
LONGEST = 32

# What a grammar may decide: the letter in a place for letters, the digit in a place for digits.
_PAIRS = (("0", "O"), ("1", "I"), ("8", "B"), ("5", "S"), ("2", "Z"))
LOOKALIKE = {one: other for pair in _PAIRS for one, other in (pair, pair[::-1])}
_FOLD = str.maketrans({letter: digit for digit, letter in _PAIRS})

# Capitals, since a text is put in capitals first. By looks, not by sound: Cyrillic Н is an H, Greek Ρ a P.
_CYRILLIC = dict(zip("АВСЕНІЈКМОРԚЅТУԜХҮҺ", "ABCEHIJKMOPQSTYWXYH", strict=True))
_GREEK = dict(zip("ΑΒΕΖΗΙΚΜΝΟΡΤΥΧ", "ABEZHIKMNOPTYX", strict=True))
# Letters with a stroke, which have no form without it.
_STROKED = dict(zip("ŁØĐƵ", "LODZ", strict=True))
_SAME_LOOKS = _CYRILLIC | _GREEK | _STROKED


def normalised(text: str) -> str:
    """Letters and digits in capitals, at most 32: "ab-12 cde" and "АВ12CDE" (Cyrillic АВ) are one plate."""
    return "".join(map(signs, text[:LONGEST_TEXT]))[:LONGEST]


def folded(text: str) -> str:
    """As normalised, with each lookalike pair written as its digit: what two spellings of a doubt share."""
    return normalised(text).translate(_FOLD)


@lru_cache(maxsize=4096)
def signs(character: str) -> str:
    """Which signs one code point stands for: mostly one or none, several for ligatures such as ㎞."""
    apart = unicodedata.normalize("NFKD", unicodedata.normalize("NFKC", character).upper())
    return "".join(sign for part in apart if (sign := _sign(part)))


def _sign(part: str) -> str:
    sign = _SAME_LOOKS.get(part, part)
    if sign in SIGNS:
        return sign
    digit = unicodedata.decimal(part, None)
    return "" if digit is None else str(digit)
