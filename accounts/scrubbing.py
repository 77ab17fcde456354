"""Keeps what stands in addresses out of every log: tokens of some clients, ids of polling sessions, searched plates."""

import logging
import re
from collections.abc import Mapping
from typing import Any


def _spelt(word: str) -> str:
    """A pattern for the word with any of its letters percent-encoded, once or more: readers decode names too."""
    codes = (f"(?:{letter}|%(?:25)*(?:{ord(letter):02x}|{ord(letter.upper()):02x}))" for letter in word)
    return "".join(codes)


_SECRET = re.compile(
    # an address within an address within an address: its ? and & are encoded as often
    rf"(?:(?<!\w)|(?<=%3f)|(?<=%26)|(?<=253f)|(?<=2526))((?:{_spelt('access_')})?{_spelt('token')}|{_spelt('ticket')}|{_spelt('sid')}"
    rf"|{_spelt('license_plate')})"
    # quotes and brackets may be part of a value too; those it ends with may also be the line's own, and tell nothing
    r"(=|%(?:25)*3d)(?:(?!%26)[^&\s])+?(?=[\"'\])>]{0,3}(?:[&\s]|%26|\Z))",
    re.IGNORECASE,
)


def scrubbed(text: str) -> str:
    """The same text with the values of `[access_]token`, `ticket`, `sid` and `license_plate` parameters replaced."""
    return _SECRET.sub(r"\1\2[removed]", text)


def scrub(record: logging.LogRecord) -> None:
    """Scrubs message and arguments of a record in place."""
    if isinstance(record.msg, str):
        record.msg = scrubbed(record.msg)
    if isinstance(record.args, Mapping):
        record.args = {name: _scrubbed_value(value) for name, value in record.args.items()}
    elif record.args:
        record.args = tuple(_scrubbed_value(value) for value in record.args)


def install() -> None:
    """Scrubs every record of this process as it is made, whichever logger (uvicorn's too) it comes from."""
    make = logging.getLogRecordFactory()
    if getattr(make, "scrubs", False):
        return

    def scrubbing(*args: Any, **kwargs: Any) -> logging.LogRecord:
        record = make(*args, **kwargs)
        scrub(record)
        return record

    scrubbing.scrubs = True  # type: ignore[attr-defined]  # a mark on a function
    logging.setLogRecordFactory(scrubbing)


def _scrubbed_value(value: object) -> object:
    if isinstance(value, str):
        return scrubbed(value)
    if isinstance(value, bytes):
        return scrubbed(value.decode("latin-1")).encode("latin-1")
    return value
