"""Canonical JSON (RFC 8785), and what has no such form.

Most of what events hold is plain: text, whole numbers, decimals of ordinary size. For these there is a
writer of our own, several times as fast as `rfc8785`; it gives up where the two could differ, and
`rfc8785` writes the value instead. A test holds both against each other.
"""

import re
from json.encoder import encode_basestring
from typing import Any

import rfc8785
from rfc8785 import CanonicalizationError, FloatDomainError, IntegerDomainError

LARGEST_INTEGER = 2**53 - 1
# Python and ECMAScript write decimals alike between these: neither needs an exponent.
_SMALLEST_DECIMAL, _LARGEST_DECIMAL = 1e-4, 1e15
_PLAIN_DEPTH = 60
_CONSTANTS = {None: "null", True: "true", False: "false"}
# An escaped NUL, and not an escaped backslash followed by the text u0000.
_NUL = re.compile(r"(?<!\\)(?:\\\\)*\\u0000")


class EventRefused(ValueError):
    """An event that cannot be written; `code` is stable. Nothing was stored."""

    code = "event_refused"


class NotFinite(EventRefused):
    """A number that is not a number, or infinite."""

    code = "not_finite"


class IntegerTooLarge(EventRefused):
    """An integer beyond 2^53, which JSON readers would round."""

    code = "integer_too_large"


class HoldsNul(EventRefused):
    """Text with the character U+0000."""

    code = "holds_nul"


class NotCanonical(EventRefused):
    """A value JSON has no form for: bytes, sets, broken Unicode, keys that are not text."""

    code = "not_canonical"


class NotPlain(Exception):
    """A value for `rfc8785`: what is special about it has to be looked at."""


def canonical(value: Any) -> str:
    """RFC 8785 text of a value. Raises EventRefused."""
    try:
        return plain(value)
    except NotPlain:
        return by_the_book(value)


def plain(value: Any) -> str:
    """The same for plain values, fast. Raises HoldsNul, and NotPlain for everything else."""
    try:
        text = _text(value, 0)
        if not text.isascii():
            text.encode()  # fails for half of a surrogate pair
    except (UnicodeEncodeError, TypeError) as error:
        raise NotPlain from error
    return _without_nul(text)


def by_the_book(value: Any) -> str:
    """RFC 8785 text by its reference implementation. Raises EventRefused."""
    try:
        text = rfc8785.dumps(value).decode()
    except FloatDomainError as error:
        raise NotFinite(
            "NaN and infinities have no form in JSON; leave the number out or send null."
        ) from error
    except IntegerDomainError as error:
        raise IntegerTooLarge(f"{error}; send it as text.") from error
    except (CanonicalizationError, UnicodeEncodeError) as error:
        raise NotCanonical(f"Not JSON: {error}.") from error
    except RecursionError as error:
        raise NotCanonical("Nested too deeply for JSON.") from error
    return _without_nul(text)


def _without_nul(text: str) -> str:
    if "\\u0000" in text and _NUL.search(text):
        raise HoldsNul("Text in an event may not hold U+0000.")
    return text


def _text(value: Any, depth: int) -> str:
    kind = type(value)  # exactly: what a subclass prints itself as is another matter
    if kind is str:
        return encode_basestring(value)
    if kind is int:
        return _whole(value)
    if kind is float:
        return _decimal(value)
    if kind is dict:
        return _object(value, depth + 1)
    if kind is list or kind is tuple:
        return _list(value, depth + 1)
    if value is None or kind is bool:
        return _CONSTANTS[value]
    raise NotPlain


def _whole(value: int) -> str:
    if -LARGEST_INTEGER <= value <= LARGEST_INTEGER:
        return str(value)
    raise NotPlain


def _decimal(value: float) -> str:
    size = abs(value)
    if value.is_integer():
        if size <= LARGEST_INTEGER:
            return str(int(value))
    elif _SMALLEST_DECIMAL <= size <= _LARGEST_DECIMAL:
        return repr(value)
    raise NotPlain


def _object(value: dict[Any, Any], depth: int) -> str:
    # Keys are sorted by their UTF-16; of ASCII that is the order Python has. Keys of several kinds raise.
    if depth > _PLAIN_DEPTH or not "".join(value).isascii():
        raise NotPlain
    members = [f"{encode_basestring(key)}:{_text(value[key], depth)}" for key in sorted(value)]
    return f"{{{','.join(members)}}}"


def _list(value: Any, depth: int) -> str:
    if depth > _PLAIN_DEPTH:
        raise NotPlain
    return f"[{','.join([_text(one, depth) for one in value])}]"
