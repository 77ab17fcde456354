"""Certificates of cameras in tests: an authority of one's own, and what it signs or somebody signed themselves."""

import ipaddress
import ssl
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

DAY = timedelta(days=1)
HERE = "127.0.0.1"


class Authority:
    """Signs certificates; `path` is the file in which it is named to those who trust it."""

    def __init__(self, folder: Path, name: str = "ca") -> None:
        self._folder, self._key, self._name = folder, ec.generate_private_key(ec.SECP256R1()), name
        self._certificate = _signed(self._key, self._key, _named(name), _named(name), is_authority=True)
        self.path = folder / f"{name}.pem"
        self.path.write_bytes(_pem(self._certificate))

    def server(
        self, *, host: str = HERE, begins: timedelta = -60 * DAY, ends: timedelta = 30 * DAY
    ) -> ssl.SSLContext:
        """What a camera of that host shows; the dates are from now on."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.issued(host=host, begins=begins, ends=ends))
        return context

    def issued(self, *, host: str = HERE, begins: timedelta = -60 * DAY, ends: timedelta = 30 * DAY) -> Path:
        """A certificate and its key in a file."""
        key = ec.generate_private_key(ec.SECP256R1())
        names = _named(host), _named(self._name)
        made = _signed(key, self._key, *names, host=host, begins=begins, ends=ends)
        return _kept(self._folder / f"{self._name}-{host}-server.pem", key, made)


def self_signed(path: Path, *, host: str = HERE) -> ssl.SSLContext:
    """What a camera shows as it comes out of its box; the certificate is at `path`."""
    key = ec.generate_private_key(ec.SECP256R1())
    made = _signed(key, key, _named("camera"), _named("camera"), host=host)
    path.write_bytes(_pem(made))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(_kept(path.with_suffix(".server.pem"), key, made))
    return context


def _signed(
    key: ec.EllipticCurvePrivateKey,
    by: ec.EllipticCurvePrivateKey,
    subject: x509.Name,
    issuer: x509.Name,
    *,
    host: str = "",
    begins: timedelta = -60 * DAY,
    ends: timedelta = 30 * DAY,
    is_authority: bool = False,
) -> x509.Certificate:
    now = datetime.now(UTC)
    made = x509.CertificateBuilder().subject_name(subject).issuer_name(issuer).public_key(key.public_key())
    made = made.serial_number(x509.random_serial_number())
    made = made.not_valid_before(now + begins).not_valid_after(now + ends)
    made = made.add_extension(x509.BasicConstraints(ca=is_authority, path_length=None), critical=True)
    if host:
        made = made.add_extension(x509.SubjectAlternativeName([_alternative(host)]), critical=False)
    return made.sign(by, hashes.SHA256())


def _alternative(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(host))
    except ValueError:
        return x509.DNSName(host)


def _named(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])


def _pem(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.PEM)


def _kept(path: Path, key: ec.EllipticCurvePrivateKey, certificate: x509.Certificate) -> Path:
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path.write_bytes(_pem(certificate) + private)
    return path
