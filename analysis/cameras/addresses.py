"""Addresses of cameras, as people type them: hostile until taken apart, and shown without what opens the camera.

An address is put together again from its parts, so that whoever opens it later reads the same host in it as we did.
"""

import re
from dataclasses import dataclass
from pathlib import PurePosixPath
from urllib.parse import SplitResult, unquote, urlsplit
from uuid import UUID

from analysis.cameras.models import Camera
from analysis.cameras.secrets import Secret

LIMIT = 2000
CREDENTIAL_LIMIT = 200
HIDDEN = "…"
MEDIA = "media:"
DEFAULT_PORTS = {"rtsp": 554, "rtsps": 322, "http": 80, "https": 443}
_SCHEMES = {Camera.Source.RTSP: ("rtsp", "rtsps"), Camera.Source.HTTP: ("http", "https")}
_HOST = re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9_.-]{0,252})")
_UNFIT = re.compile(
    r"[^\x21-\x7e]|[\\<>\"`{}|^]|%(?:0[0-9a-f]|1[0-9a-f]|7f|[^0-9a-f]|[0-9a-f][^0-9a-f]|.?$)", re.IGNORECASE
)
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
# Many makers take credentials in the path: /user=admin&password=x, /stream/token:abc, /0/admin:12345/main. Whatever
# the name, what gives a value to one is taken for such; so are words followed by what is left of it.
_TELLING = re.compile(
    r"[=:]|%(?:25)*3[ad]|(?:pass|pwd|psw|user|usr|login|token|key|auth|secret|cred|sig|code)[a-z0-9]*[_.-]?&",
    re.IGNORECASE,
)
_DEVICE = re.compile(r"(?:/dev/video)?([0-9]{1,3})")


class AddressRefused(ValueError):
    """An address no camera may have, and why."""

    code = "address_refused"


@dataclass(frozen=True)
class Place:
    """An address taken apart: what may be shown, and what may not."""

    shown: str
    secret: Secret


def parse(source: str, text: str) -> Place:
    """The address of a source of that kind. Where it leads is another question. Raises AddressRefused."""
    if len(text) > LIMIT:
        raise AddressRefused(f"An address has at most {LIMIT} characters.")
    if source in _SCHEMES:
        return _url(text, _SCHEMES[Camera.Source(source)])
    shown = _device(text) if source == Camera.Source.DEVICE else _file(text)
    return Place(shown, Secret())


def full(shown: str, secret: Secret) -> str:
    """The address as it is opened, without user and password."""
    if not secret.target:
        return shown
    parts = urlsplit(shown)
    return f"{parts.scheme}://{parts.netloc}{secret.target}"


def for_others(source: str, shown: str) -> str:
    """An address for those who may see the camera and not set it up: a path may be, or hold, a password that nothing
    gives away as one."""
    if source not in _SCHEMES:
        return shown
    parts = urlsplit(shown)
    return f"{parts.scheme}://{parts.netloc}/{HIDDEN if parts.path.strip('/') or parts.query else ''}"


def host_and_port(shown: str) -> tuple[str, int]:
    """Where the address of an rtsp or http camera leads."""
    parts = urlsplit(shown)
    return parts.hostname or "", parts.port or DEFAULT_PORTS[parts.scheme]


def checked_credential(text: str, what: str) -> str:
    """A user or password that can be sent. Raises AddressRefused."""
    if len(text) > CREDENTIAL_LIMIT or _CONTROL.search(text):
        raise AddressRefused(
            f"A {what} has at most {CREDENTIAL_LIMIT} characters, and no control characters."
        )
    if what == "user" and ":" in text:
        raise AddressRefused("A user must not have a colon in it.")
    return text


def _url(text: str, schemes: tuple[str, ...]) -> Place:
    if _UNFIT.search(text):
        raise AddressRefused(
            "An address has no spaces, no control characters, and only ASCII; encode others as %XX."
        )
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError as error:
        raise AddressRefused("This is no address.") from error
    if parts.scheme not in schemes or not text.lower().startswith(f"{parts.scheme}://") or port == 0:
        raise AddressRefused(
            f"The address of such a camera begins with {' or '.join(f'{s}://' for s in schemes)}."
        )
    if parts.fragment or "#" in text:
        raise AddressRefused("An address with a #fragment is refused; it would not be sent.")
    host = _host(parts)
    secret = _credentials(parts)
    where = f"{parts.scheme}://{host}{f':{port}' if port else ''}"
    target = parts.path + (f"?{parts.query}" if parts.query else "")
    shown = _shown(parts)
    hidden = "" if shown == target else target
    return Place(where + shown, Secret(secret.user, secret.password, hidden))


def _host(parts: SplitResult) -> str:
    host = parts.hostname or ""
    if parts.netloc.count("@") > 1 or "@" in parts.path:
        raise AddressRefused(
            "An address has one @ at most, between the credentials and the host; encode others as %40."
        )
    if parts.netloc.rpartition("@")[2].startswith("["):
        try:
            return f"[{_ipv6(host)}]"
        except ValueError as error:
            raise AddressRefused("This is no IPv6 address.") from error
    if not _HOST.fullmatch(host) or ".." in host:
        raise AddressRefused("The address names no host that could be looked up.")
    return host


def _ipv6(host: str) -> str:
    import ipaddress

    address = ipaddress.IPv6Address(host)
    if address.scope_id:
        raise ValueError("a zone leads to an interface of this machine")
    return str(address)


def _credentials(parts: SplitResult) -> Secret:
    return Secret(
        checked_credential(unquote(parts.username or ""), "user"),
        checked_credential(unquote(parts.password or ""), "password"),
    )


def _shown(parts: SplitResult) -> str:
    """The path up to the first part that may hold credentials; never the query."""
    segments = parts.path.split("/")
    telling = next((at for at, part in enumerate(segments) if _TELLING.search(part)), None)
    if telling is not None:
        return "/".join([*segments[:telling], HIDDEN])
    return parts.path + (f"?{HIDDEN}" if parts.query else "")


def _device(text: str) -> str:
    found = _DEVICE.fullmatch(text)
    if not found:
        raise AddressRefused("A device is named by its number: 0, or /dev/video0.")
    return f"/dev/video{int(found[1])}"


def _file(text: str) -> str:
    if text.startswith(MEDIA):
        try:
            return f"{MEDIA}{UUID(text.removeprefix(MEDIA))}"
        except ValueError as error:
            raise AddressRefused("A file of this desk is named by its id: media:<id>.") from error
    parts = PurePosixPath(text).parts
    strange = _CONTROL.search(text) or "\\" in text or ":" in text or text.startswith(("/", "~"))
    if not parts or strange or ".." in parts:
        raise AddressRefused("A file is named media:<id>, or by its name within the folder of camera files.")
    return str(PurePosixPath(text))
