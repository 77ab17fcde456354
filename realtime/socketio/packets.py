"""Packets of Socket.IO: what frames of `/ws/user/` are as events, and what clients may send."""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from realtime.frames import Ended, FrameRefused
from realtime.topics import compact

PACKET_LIMIT_BYTES = 16 * 1024
PACKETS_PER_BODY = 16
NAMESPACE = "/"
_NAMESPACE_LIMIT = 100
_BEGINNING = '{"type":"'
_SEPARATOR = "\x1e"
# Of Engine.IO: leave, pong, message; of messages the kinds there are. python-engineio reads everything else as
# JSON without a limit on depth, or queues an answer to it.
_PASSED = re.compile(r"1|3|4[0-6].*", re.DOTALL)
_PASSED_UPGRADING = ("2probe", "5")
_FIELDS = frozenset({"token", "ticket"})


def events_of(frame: str) -> Iterator[str]:
    """The packets a frame becomes: an event of its type without the type; a media is the media object itself."""
    if not frame.startswith(_BEGINNING):
        yield frame  # a packet already
        return
    name, _, fields = frame.removeprefix(_BEGINNING)[:-1].partition('"')
    fields = fields.removeprefix(",")
    if name == "media_update":
        yield _event(name, compact(json.loads(frame)["media"]))
        return
    yield _event(name, f"{{{fields}}}")
    if name == "progress_update":
        yield _event("progress-update", f'{{"type":"ANALYSIS_PROGRESS",{fields}}}')


def refusal(ended: Ended, namespace: str = NAMESPACE) -> str:
    """`connect_error`: the sentence as its message, the code for programs as its data."""
    said = {"message": ended.message, "data": {"code": ended.code, "close": ended.close}}
    return f"4{'' if namespace == NAMESPACE else namespace + ','}{compact(said)}"


def introduction(packet: str) -> tuple[str, Mapping[str, str]]:
    """Namespace and `auth` of a connect packet. Raises FrameRefused."""
    text, namespace = packet[1:], NAMESPACE
    if text.startswith("/"):
        named, _, text = text.partition(",")
        namespace = named.partition("?")[0]
    if len(namespace) > _NAMESPACE_LIMIT:
        raise FrameRefused("malformed", f"A namespace has at most {_NAMESPACE_LIMIT} characters.")
    try:
        auth = json.loads(text) if text else {}
    except (ValueError, RecursionError) as problem:
        raise FrameRefused("malformed", "auth is not JSON, or nested too deeply.") from problem
    return namespace, auth if namespace != NAMESPACE else _credentials(auth)


def passes(packet: str, *, upgrading: bool = False) -> bool:
    """Whether python-engineio may see a packet of a client."""
    return _PASSED.fullmatch(packet) is not None or (upgrading and packet in _PASSED_UPGRADING)


def packets_of(body: bytes) -> list[str]:
    """The packets of a polling client's body. Raises FrameRefused."""
    try:
        packets = body.decode().split(_SEPARATOR)
    except UnicodeDecodeError as problem:
        raise FrameRefused("malformed", "The body is not UTF-8 text.") from problem
    if len(packets) > PACKETS_PER_BODY:
        raise FrameRefused("too_many", f"One body may hold {PACKETS_PER_BODY} packets.")
    return packets


def body_of(packets: list[str]) -> bytes:
    """A body of these packets."""
    return _SEPARATOR.join(packets).encode()


def event_bytes(body: bytes) -> int:
    """How much of an answer to a polling client are events."""
    parts = body.split(_SEPARATOR.encode())
    return sum(len(part) for part in parts if part.startswith(b"42"))


def _event(name: str, data: str) -> str:
    return f'2["{name}",{data}]'


def _credentials(auth: Any) -> Mapping[str, str]:
    if not isinstance(auth, dict):
        raise FrameRefused("malformed", "auth is an object with a token.")
    if unknown := sorted(auth.keys() - _FIELDS):
        raise FrameRefused("unknown_field", f"auth has no field {unknown[0][:64]!r}.")
    given = {name: value for name, value in auth.items() if value is not None}
    if not all(isinstance(value, str) for value in given.values()):
        raise FrameRefused("bad_value", "token and ticket are text.")
    return given
