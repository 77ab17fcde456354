"""A connection to a camera: to the one address that was allowed, over TLS where its scheme says so."""

import socket
import ssl
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from analysis.engine.watching import certificates
from analysis.engine.watching.source import SourceFailed

# The first that fits counts.
_REASONS: tuple[tuple[type[OSError], str], ...] = (
    (ConnectionRefusedError, "it refuses the connection"),
    (socket.gaierror, "its name is not known to this machine"),
    (ssl.SSLError, "it does not speak TLS as it should"),
    (ConnectionError, "it broke the connection off"),
)
_PORTS = {"rtsp": 554, "rtsps": 322, "http": 80, "https": 443}


@dataclass(frozen=True)
class Place:
    """Where a camera is, and what is asked of it there. `asked` is path and query."""

    scheme: str
    host: str
    port: int
    asked: str

    @classmethod
    def of(cls, address: str) -> "Place":
        parts = urlsplit(address)
        port = parts.port or _PORTS[parts.scheme]
        asked = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        return cls(parts.scheme, parts.hostname or "", port, asked)

    @property
    def named(self) -> str:
        """Host and port as they stand in requests."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == _PORTS[self.scheme] else f"{host}:{self.port}"


def connect(
    place: Place, pinned_ip: str | None, within_seconds: float, authorities: Path | None = None
) -> socket.socket:
    """A socket whose every wait ends after that long; over TLS the camera has shown by then that it is the one.

    authorities: a file of certificates that are trusted besides those of this machine. Raises SourceFailed with a
    reason for people.
    """
    try:
        plain = socket.create_connection((pinned_ip or place.host, place.port), within_seconds)
    except OSError as error:
        raise SourceFailed(reason_of(error, within_seconds)) from None
    if place.scheme not in {"https", "rtsps"}:
        return plain
    try:
        return certificates.context(authorities).wrap_socket(plain, server_hostname=place.host)
    except ssl.SSLCertVerificationError as error:
        plain.close()
        raise certificates.refused(error) from None
    except OSError as error:
        plain.close()
        raise SourceFailed(reason_of(error, within_seconds)) from None
    except SourceFailed:
        plain.close()
        raise


def reason_of(error: OSError, within_seconds: float) -> str:
    """What a failed connection means, without what the error names."""
    if isinstance(error, TimeoutError):
        return f"it does not answer within {within_seconds:g} s"
    known = (words for kind, words in _REASONS if isinstance(error, kind))
    return next(known, "it cannot be reached from this machine")
