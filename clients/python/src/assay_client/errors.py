"""What can go wrong, as types. Nothing here ever holds a token."""

from collections.abc import Mapping, Sequence
from typing import Any


class AssayError(Exception):
    """Everything this package raises on purpose."""


class Unreachable(AssayError):
    """The server did not answer for as long as we were willing to wait."""


class BadAnswer(AssayError):
    """What answered is no Assay server, or one this package does not understand."""


class Undelivered(AssayError):
    """Reports that the server has not taken; `count` of them are lost when the program ends now."""

    def __init__(self, count: int) -> None:
        super().__init__(f"{count} reports were not delivered: the server could not be reached in time.")
        self.count = count


class NotRecovered(AssayError):
    """The cursor lies beyond the log: the server tells another history. Begin again with after=0."""

    def __init__(self, after: int, head: int) -> None:
        super().__init__(f"You have seq {after}, but the log ends at {head}. Begin again with after=0.")
        self.after = after
        self.head = head


class ChainBroken(AssayError):
    """A line that does not follow from the one before it: changed, removed or added on its way."""

    def __init__(self, topic: str, seq: int, reason: str) -> None:
        super().__init__(f"The log of topic {topic} is broken at line {seq}: {reason}")
        self.topic = topic
        self.seq = seq
        self.reason = reason


class Problem(AssayError):
    """The server refused (RFC 9457). Programs read `code`, people read `detail`.

    errors: for a body that was invalid, one `{field, code, detail}` per fault. members: whatever else was said.
    """

    def __init__(
        self,
        status: int,
        code: str,
        detail: str,
        *,
        errors: Sequence[Mapping[str, str]] = (),
        members: Mapping[str, Any] | None = None,
        retry_after_seconds: float | None = None,
    ) -> None:
        super().__init__(f"{status} {code}: {detail}")
        self.status = status
        self.code = code
        self.detail = detail
        self.errors = list(errors)
        self.members = dict(members or {})
        self.retry_after_seconds = retry_after_seconds


class NotAuthenticated(Problem):
    """401, or 4001 on a socket: no credential, or one that has ended."""


class NotAllowed(Problem):
    """403, or 4003 on a socket: not with these rights."""


class NotFound(Problem):
    """404, or 4004 on a socket: not there, or not yours; nobody is told which."""


class Conflict(Problem):
    """409: not in the state things are in."""


class Gone(Problem):
    """410: it was there, and has expired."""


class Invalid(Problem):
    """400, 415 or 422: what was sent cannot be taken. Sent again it is refused again."""


class TooLarge(Problem):
    """413 or 507: more than the server takes, or has room for."""


class TooMany(Problem):
    """429, or 4009 on a socket: more often, or more at once, than anybody may."""


class ServerTrouble(Problem):
    """5xx: the fault is the server's."""


_KINDS: dict[int, type[Problem]] = {
    400: Invalid,
    401: NotAuthenticated,
    403: NotAllowed,
    404: NotFound,
    409: Conflict,
    410: Gone,
    413: TooLarge,
    415: Invalid,
    422: Invalid,
    429: TooMany,
    507: TooLarge,
}


def problem(status: int, document: Mapping[str, Any], *, retry_after_seconds: float | None = None) -> Problem:
    """The exception for a problem document; `document` may lack anything."""
    kind = _KINDS.get(status, ServerTrouble if status >= 500 else Problem)
    known = {"type", "title", "status", "code", "detail", "instance", "errors"}
    errors = document.get("errors")
    return kind(
        status,
        str(document.get("code", "unknown")),
        str(document.get("detail", "The server gave no reason.")),
        errors=errors if isinstance(errors, list) else (),
        members={name: value for name, value in document.items() if name not in known},
        retry_after_seconds=retry_after_seconds,
    )
