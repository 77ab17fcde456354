"""What libav may see of a camera's RTSP messages (RFC 2326): they are read strictly, and written anew.

libav reads a head leniently: a line ends with a bare line feed or begins with a NUL, a status may stand anywhere. Two
readers of the same bytes would then disagree about where a message ends and what it says, and the camera would choose
what we do not see. So a head that is not as section 4 has it is refused, and what is passed on is ours: the few headers
that libav needs, one length, and no address but that of the relay. A camera that knows itself by another address than
ours, as behind a translator of addresses, goes on working.
"""

import re
from dataclasses import dataclass
from typing import Self

from analysis.engine.watching.source import SourceFailed

_STATUS = re.compile(r"RTSP/1\.0 ([1-5][0-9]{2})(?: |\Z)")
_REQUEST = re.compile(r"[A-Z_]{3,20} \S+ RTSP/1\.0\Z")
_ANSWERED = ("OPTIONS ", "GET_PARAMETER ")  # what libav answers; a redirect never gets to it
_NEEDED = frozenset(
    ("cseq", "session", "transport", "range", "rtp-info", "public", "content-type", "content-base")
)
_ADDRESSES = re.compile(rb"[a-z][a-z0-9+.-]*://[^/\s;,?\"]*", re.IGNORECASE)
_CONNECTION = re.compile(rb"(?im)^[ \t\r]*c=[^\r\n]*")
_OVER_TCP = re.compile(r"RTP/S?AVPF?/TCP(;|\Z)", re.IGNORECASE)
_ELSEWHERE = re.compile(r"(destination|source|dest_addr|src_addr|multicast)\b", re.IGNORECASE)


@dataclass(frozen=True)
class Said:
    """A whole message of a camera. Raises SourceFailed for one that is not as the RFC has it."""

    first: str
    headers: tuple[tuple[str, str], ...]
    body: bytes

    @classmethod
    def of(cls, message: bytes) -> Self:
        head, _, body = message.partition(b"\r\n\r\n")
        first, *lines = head.decode("latin-1").split("\r\n")
        said = cls(first, tuple(_headers(lines)), body)
        is_sound = _STATUS.match(first) or _REQUEST.match(first)
        if not is_sound or any(sign < " " and sign != "\t" for line in (first, *lines) for sign in line):
            raise SourceFailed("what it answers is no RTSP")
        return said

    @property
    def status(self) -> int | None:
        """None of a request: cameras may ask too."""
        found = _STATUS.match(self.first)
        return int(found[1]) if found else None

    @property
    def is_for_libav(self) -> bool:
        return self.status is not None or self.first.startswith(_ANSWERED)

    def of_name(self, name: str) -> list[str]:
        return [value for known, value in self.headers if known == name]

    def written(self, own: str) -> bytes:
        """What libav is to read. Every address in it begins with `own`. Raises SourceFailed for a transport that is
        not over this connection."""
        body = _described(self.body, own)
        kept = [(name, _named(name, value, own)) for name, value in self.headers if name in _NEEDED]
        asks = f"{self.first.partition(' ')[0]} {own} RTSP/1.0"
        first = asks if self.status is None else f"RTSP/1.0 {self.status} -"
        lines = [first, *(f"{name}: {value}" for name, value in kept)]
        if body:
            lines.append(f"Content-Length: {len(body)}")
        return "\r\n".join([*lines, "", ""]).encode("latin-1") + body


def _headers(lines: list[str]) -> list[tuple[str, str]]:
    """By names in small letters; folded lines are one."""
    found: list[tuple[str, str]] = []
    for line in lines:
        if line[:1] in {" ", "\t"} and found:
            found[-1] = (found[-1][0], f"{found[-1][1]} {line.strip()}")
            continue
        name, _, value = line.partition(":")
        found.append((name.strip().lower(), value.strip()))
    return found


def _named(name: str, value: str, own: str) -> str:
    if name == "transport":
        return _transport(value)
    if name in {"content-base", "rtp-info"}:
        return _ADDRESSES.sub(own.encode(), value.encode("latin-1")).decode("latin-1")
    return value


def _transport(value: str) -> str:
    """The one transport that was agreed on, without other hosts."""
    if not _OVER_TCP.match(value) or "," in value:
        raise SourceFailed("it does not send its pictures over the one TCP connection")
    return ";".join(part for part in value.split(";") if not _ELSEWHERE.match(part.strip()))


def _described(body: bytes, own: str) -> bytes:
    """An SDP without other hosts: libav takes addresses from controls and from connections."""
    return _ADDRESSES.sub(own.encode(), _CONNECTION.sub(b"c=IN IP4 0.0.0.0", body))
