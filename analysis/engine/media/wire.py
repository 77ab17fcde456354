"""What goes through the pipes between the reader and its sandboxed child.

To the child: one job (length and JSON), then orders of fixed size. From the child: a tag, a length
and that many bytes. The child is where hostile files are decoded, so nothing that comes from it is
trusted: tags are known ones, lengths have a cap per tag, JSON is plain and without NaN, and there
is no pickle.
"""

import json
import struct
from collections.abc import Mapping
from enum import IntEnum
from typing import Any

MESSAGE = struct.Struct("<BxxxI")
ORDER = struct.Struct("<BxxxIQ")
JOB = struct.Struct("<I")
FRAME = struct.Struct("<IIIIId????")
ALIVE = struct.Struct("<Id")
PICTURE = struct.Struct("<IIIIQQd")
SOUND_BLOCK_SAMPLES = 16_000


class Tag(IntEnum):
    """What the child says."""

    PROBED = 1
    FACTS = 2
    FRAME = 3
    SOUND = 4
    ALIVE = 5
    ENDED = 6
    FAILED = 7
    OPENED = 8
    PICTURE = 9


class Order(IntEnum):
    """What the child is told: the ring's measures (slots, bytes of each), or that a slot is free again."""

    RING = 1
    FREE = 2


LARGEST = {
    Tag.PROBED: 64 * 1024,
    Tag.FACTS: 4 << 20,
    Tag.FRAME: FRAME.size,
    Tag.SOUND: 4 * SOUND_BLOCK_SAMPLES,
    Tag.ALIVE: ALIVE.size,
    Tag.ENDED: 64 * 1024,
    Tag.FAILED: 16 * 1024,
    Tag.OPENED: 4 * 1024,
    Tag.PICTURE: PICTURE.size,
}


_FIXED = frozenset((Tag.FRAME, Tag.ALIVE, Tag.PICTURE))


class Garbled(ValueError):
    """The child said something it must not."""


def dump(value: Mapping[str, Any]) -> bytes:
    """Plain JSON; raises ValueError for NaN and infinities."""
    return json.dumps(value, allow_nan=False, separators=(",", ":")).encode()


def load(payload: bytes) -> dict[str, Any]:
    """The JSON object of a message. Raises Garbled for anything else, NaN and infinities included."""
    try:
        value = json.loads(payload, parse_constant=_refuse)
    except (ValueError, RecursionError) as error:
        raise Garbled(f"not JSON: {error}") from error
    if not isinstance(value, dict):
        raise Garbled("not a JSON object")
    return value


def _refuse(constant: str) -> None:
    raise Garbled(f"{constant} is not a number")


def measure(header: bytes) -> tuple[Tag, int]:
    """Tag and length of the message with this header; raises Garbled beyond what is agreed."""
    number, length = MESSAGE.unpack(header)
    if number not in Tag.__members__.values():
        raise Garbled(f"unknown message {number}")
    if length > LARGEST[Tag(number)] or (number in _FIXED and length != LARGEST[Tag(number)]):
        raise Garbled(f"{Tag(number).name} of {length} bytes")
    return Tag(number), length
