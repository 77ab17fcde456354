"""Control frames: what sockets say besides events, and what they understand."""

import json
from collections.abc import Mapping, Set
from dataclasses import dataclass
from typing import Any

from realtime.topics import compact

FRAME_LIMIT_BYTES = 16 * 1024


class FrameRefused(Exception):
    """A frame we do not understand; the socket stays open and is told `code` and the sentence."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


class Ended(Exception):
    """The socket ends: a typed error first, then this close code."""

    def __init__(self, close: int, code: str, message: str) -> None:
        super().__init__(message)
        self.close = close
        self.code = code
        self.message = message


@dataclass(frozen=True)
class Command:
    """What a client sent: its type, and its other fields, known to be expected ones."""

    type: str
    fields: Mapping[str, Any]


WAYS_IN = "cookie, Bearer, ticket or an authenticate frame"
BY_QUERY = "?token= takes access tokens only"


def not_authenticated(ways_in: str = WAYS_IN) -> Ended:
    """Nothing was shown."""
    return Ended(4001, "not_authenticated", f"Sign in first: {ways_in}.")


def not_known(hint: str = BY_QUERY) -> Ended:
    """What was shown is no good. Which of the three is nobody's business."""
    what = "The token, key or ticket sent is unknown, expired or revoked."
    return Ended(4001, "not_authenticated", f"{what} {hint}.")


def expired() -> Ended:
    return Ended(
        4001, "credential_ended", "The sign-in or token behind this socket has ended. Sign in again."
    )


def not_allowed() -> Ended:
    return Ended(4003, "not_allowed", "You may no longer watch this.")


def not_found() -> Ended:
    return Ended(4004, "not_found", "There is no such address, or it is not yours.")


def too_slow() -> Ended:
    return Ended(4008, "too_slow", "This socket does not read. Connect again with the last seq you have.")


def too_many(what: str) -> Ended:
    return Ended(4009, "too_many", what)


def unavailable() -> Ended:
    return Ended(1013, "unavailable", "The database cannot be reached. Try again soon.")


def error(code: str, message: str) -> str:
    """A typed error, as text."""
    return compact(error_frame(code, message))


def error_frame(code: str, message: str) -> dict[str, Any]:
    """A typed error."""
    return {"type": "error", "code": code, "message": message}


Commands = Mapping[str, frozenset[str] | None]


def understand(event: Mapping[str, Any], commands: Commands) -> Command:
    """The command in a websocket.receive event. Raises FrameRefused.

    `commands` maps known types to their fields, all of them needed; to None when the command looks itself.
    """
    frame = _object(event)
    kind = frame.pop("type", None)
    if not isinstance(kind, str) or kind not in commands:
        known = ", ".join(sorted(commands))
        raise FrameRefused("unknown_type", f"This socket understands frames of type {known}.")
    fields = commands[kind]
    if fields is not None:
        _compare(kind, frame.keys(), fields)
    return Command(kind, frame)


def _compare(kind: str, given: Set[str], fields: frozenset[str]) -> None:
    if unknown := sorted(given - fields):
        raise FrameRefused("unknown_field", f"A {kind} frame has no field {unknown[0][:64]!r}.")
    if missing := sorted(fields - given):
        raise FrameRefused("missing_field", f"A {kind} frame needs the field {missing[0]!r}.")


def _object(event: Mapping[str, Any]) -> dict[str, Any]:
    text = event.get("text")
    if text is None:
        raise FrameRefused("binary_frame", "Send text frames with JSON; this one was binary.")
    if len(text) > FRAME_LIMIT_BYTES:
        raise FrameRefused("too_large", f"A frame may have {FRAME_LIMIT_BYTES} characters.")
    try:
        frame = json.loads(text)
    except (ValueError, RecursionError) as problem:
        raise FrameRefused("malformed", "This frame is not JSON, or nested too deeply.") from problem
    if not isinstance(frame, dict):
        raise FrameRefused("malformed", "A frame is a JSON object.")
    return frame


def seq_of(value: object, *, name: str) -> int:
    """A seq a client sent. Raises FrameRefused."""
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < 2**53:
        raise FrameRefused("bad_value", f"{name} must be a whole number from 0.")
    return value
