"""A source that is watched, how long it may keep us waiting, and what is told besides observations."""

import ipaddress
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

from analysis.engine.errors import EngineError

DEVICE = re.compile(r"/dev/video[0-9]{1,3}")
SCHEMES = {"rtsp": ("rtsp", "rtsps"), "http": ("http", "https")}


class UnsoundSource(EngineError):
    """A source that nobody could watch: its address is none of its kind."""

    code = "unsound_source"


class SourceFailed(EngineError):
    """A source gives no pictures; the text says why, never its address or credentials."""

    code = "source_failed"
    retryable = True


class CertificateRefused(SourceFailed):
    """A camera that does not show over TLS that it is the one. `code` is certificate_untrusted, _expired,
    _not_yet_valid or _wrong_host."""

    def __init__(self, said: str, code: str) -> None:
        super().__init__(said)
        self.code = code


class FileFailed(EngineError):
    """A file that is watched once cannot be read, or no further; the text says why, never its path. Trying it again
    would tell the same once more."""

    code = "file_failed"


@dataclass(frozen=True)
class LiveSource:
    """Where pictures come from: `address` of a camera or /dev/videoN, or `path` of a file.

    pace: of a file, its own or as fast as possible; `loop` begins it again at its end. pinned_ip: what the name in the
    address was found to be when it was judged; nothing else is connected to. authorities: a file of certificates
    (PEM) trusted over TLS besides those of this machine. Credentials may not be in the address. Raises UnsoundSource.
    """

    kind: Literal["rtsp", "http", "device", "file"]
    address: str = field(default="", repr=False)
    user: str = field(default="", repr=False)
    password: str = field(default="", repr=False)
    path: Path | None = field(default=None, repr=False)
    pace: Literal["own", "fast"] = "own"
    loop: bool = False
    pinned_ip: str | None = field(default=None, repr=False)
    authorities: Path | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        if self.kind in SCHEMES:
            self._check_address()
        elif self.kind == "device":
            if not DEVICE.fullmatch(self.address):
                raise UnsoundSource("A device is /dev/video and a number.")
        elif self.kind != "file" or self.path is None:
            raise UnsoundSource("A source is rtsp, http, device, or a file with its path.")
        if self.pace not in {"own", "fast"}:
            raise UnsoundSource("The pace of a file is own or fast.")

    @property
    def is_live(self) -> bool:
        """Whether it goes on without us: what is not taken in time is lost."""
        return self.kind != "file"

    @property
    def is_once(self) -> bool:
        """Whether it has a beginning and an end: what was told of it is never to be told again."""
        return self.kind == "file" and not self.loop

    @property
    def may_drop(self) -> bool:
        return self.is_live or self.pace == "own"

    def _check_address(self) -> None:
        try:
            parts = urlsplit(self.address)
            sound = parts.hostname and parts.port != 0 and parts.username is None
            if self.pinned_ip is not None:
                ipaddress.ip_address(self.pinned_ip)
        except ValueError:
            sound = False
        # a space or a line end would let an address write further lines into what is asked of the camera
        if not sound or parts.scheme not in SCHEMES[self.kind] or not _is_plain(self.address):
            raise UnsoundSource(f"The address is none of {' or '.join(SCHEMES[self.kind])}.")


def _is_plain(address: str) -> bool:
    return address.isascii() and all(sign.isprintable() and sign != " " for sign in address)


@dataclass(frozen=True)
class Patience:
    """In seconds: until the first picture, without a picture, and between attempts to reach a source again.

    From steady_seconds of pictures on, the next outage begins with the shortest wait again.
    """

    open_seconds: float = 10.0
    stall_seconds: float = 10.0
    first_retry_seconds: float = 1.0
    most_retry_seconds: float = 60.0
    steady_seconds: float = 30.0


@dataclass(frozen=True)
class Looked:
    """At how many frames a detector has looked since watching began, and how many it skipped, being busy."""

    detector: str
    frames: int
    skipped: int


@dataclass(frozen=True)
class Pulse:
    """A sign of life, told every few seconds by the thread that hands out frames: for a watchdog, not for the record.

    frames: handed out since watching began; dropped: given up since then before that. looked: of each detector that has
    not ended.
    """

    online: bool
    pts_seconds: float
    frames: int
    dropped: int
    looked: tuple[Looked, ...] = ()
