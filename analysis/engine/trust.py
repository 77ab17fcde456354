"""The trust list: certificates that make the signer of Content Credentials known here.

Two kinds, as in the C2PA technical specification 2.2, section 14.4: authorities ("anchors"), whose certificates
sign those of signers, and single signers ("allowed"). Read from files, never from a network.
"""

import re
import ssl
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from analysis.engine.errors import EngineError

MAX_BYTES = 4 << 20
MAX_FILES = 500
SUFFIXES = (".pem", ".crt", ".cer", ".der")
_DER_SEQUENCE = b"\x30"
_CERTIFICATE = re.compile(r"-----BEGIN CERTIFICATE-----[\s\S]*?-----END CERTIFICATE-----")


class UnusableTrustList(EngineError):
    """A trust list that cannot be used as it lies there."""

    code = "unusable_trust_list"


@dataclass(frozen=True)
class TrustList:
    """Where the certificates lie: each a file in PEM or DER, or a folder of such files; empty for none."""

    anchors: str = ""
    allowed: str = ""

    def certificates(self) -> "Certificates":
        """Raises UnusableTrustList."""
        return Certificates(_anchors(self.anchors), _allowed(self.allowed))


NOBODY = TrustList()


@dataclass(frozen=True)
class Certificates:
    """Certificates in PEM, one after the other."""

    anchors: tuple[str, ...] = ()
    allowed: tuple[str, ...] = ()

    @property
    def digest(self) -> str:
        """SHA-256 of all of them in hexadecimal: which list a result was made with."""
        return sha256("\n".join((*self.anchors, "", *self.allowed)).encode()).hexdigest()


def _anchors(place: str) -> tuple[str, ...]:
    found = _read(place)
    if found and (signers := _parsed(place, found)["x509"] - _parsed(place, found)["x509_ca"]):
        raise UnusableTrustList(
            f"{place}: {signers} of its certificates are not of an authority, so nothing is signed with them. "
            "Single signers belong into ASSAY_C2PA_ALLOWED."
        )
    return found


def _allowed(place: str) -> tuple[str, ...]:
    found = _read(place)
    if found:
        _parsed(place, found)
    return found


def _read(place: str) -> tuple[str, ...]:
    if not place:
        return ()
    try:
        found = tuple(one for file in _files(Path(place)) for one in _certificates(file))
    except OSError as error:
        raise UnusableTrustList(f"{place} cannot be read ({error.strerror}).") from error
    if not found:
        raise UnusableTrustList(f"{place} holds no certificate. Name a PEM file, or a folder of *.pem files.")
    return found


def _certificates(file: Path) -> list[str]:
    """Those of one file. One without any is refused: a signer it should make known would be called unknown."""
    content = file.read_bytes()
    found = _CERTIFICATE.findall(content.decode("ascii", "replace"))
    if not found and content.startswith(_DER_SEQUENCE):
        found = [ssl.DER_cert_to_PEM_cert(content).strip()]
        _parsed(str(file), found)
    if not found:
        raise UnusableTrustList(f"{file} holds no certificate, neither in PEM nor in DER.")
    return found


def _files(place: Path) -> list[Path]:
    files = (
        sorted(one for one in place.iterdir() if one.suffix.lower() in SUFFIXES)
        if place.is_dir()
        else [place]
    )
    if len(files) > MAX_FILES or sum(file.stat().st_size for file in files) > MAX_BYTES:
        raise UnusableTrustList(f"{place} is larger than a trust list may be ({MAX_BYTES >> 20} MB).")
    return files


def _parsed(place: str, found: Sequence[str]) -> dict[str, int]:
    """How many certificates there are, and how many of authorities, as OpenSSL reads them."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    try:
        context.load_verify_locations(cadata="\n".join(found))
    except (ssl.SSLError, ValueError) as error:
        raise UnusableTrustList(f"{place} holds something that is no certificate ({error}).") from error
    return dict(context.cert_store_stats())
