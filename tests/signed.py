"""Pictures with Content Credentials, signed by a certificate authority that exists for one test."""

import io
import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import c2pa
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from PIL import Image

TRAINED = "http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia"
USAGES = (
    "digital_signature", "content_commitment", "key_encipherment", "data_encipherment", "key_agreement",
    "key_cert_sign", "crl_sign", "encipher_only", "decipher_only",
)  # fmt: skip


class Authority:
    """An authority and one signer it vouches for; `certificate` and `signer_certificate` are PEM."""

    def __init__(self, name: str = "Drawn Root") -> None:
        key, signer_key = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
        subject = _named(name)
        self.certificate = _certificate(subject, key, subject, key, {"key_cert_sign", "crl_sign"})
        self.signer_certificate = _certificate(
            _named("Drawn Signer"), signer_key, subject, key, {"digital_signature"}
        )
        private = signer_key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        chain = (self.signer_certificate + self.certificate).encode()
        self._signer = c2pa.Signer.from_info(c2pa.C2paSignerInfo(b"es256", chain, private, None))

    def sign(
        self,
        picture: bytes,
        *actions: dict[str, Any],
        title: str,
        made_from: bytes = b"",
        trusting: Sequence["Authority"] = (),
    ) -> bytes:
        """The JPEG with credentials that record these actions, and that it was edited from another.

        trusting: whom the signing tool trusts when it records whether the other one holds.
        """
        opened = {"action": "c2pa.opened", "parameters": {"ingredientIds": ["earlier"]}}
        recorded = [opened, *actions] if made_from else list(actions)
        manifest = {
            "claim_generator_info": [{"name": "Drawing Desk", "version": "1.0"}],
            "title": title,
            "assertions": [{"label": "c2pa.actions.v2", "data": {"actions": recorded}}],
        }
        signed = io.BytesIO()
        with c2pa.Builder(json.dumps(manifest), context=_trusting(trusting)) as builder:
            if made_from:
                ingredient = {"title": "earlier.jpg", "relationship": "parentOf", "label": "earlier"}
                builder.add_ingredient(json.dumps(ingredient), "image/jpeg", io.BytesIO(made_from))
            builder.sign(self._signer, "image/jpeg", io.BytesIO(picture), signed)
        return signed.getvalue()


def jpeg(colour: str = "red") -> bytes:
    """A small picture of one colour."""
    content = io.BytesIO()
    Image.new("RGB", (64, 64), colour).save(content, "JPEG")
    return content.getvalue()


def created(source_type: str = TRAINED, agent: str = "Drawn Net") -> dict[str, Any]:
    """The action of a program that made the picture."""
    return {"action": "c2pa.created", "digitalSourceType": source_type, "softwareAgent": {"name": agent}}


def _trusting(authorities: Sequence[Authority]) -> c2pa.Context:
    anchors = "\n".join(one.certificate for one in authorities)
    given = (
        [{"trust_anchors": anchors, "trust_kind": "manifest", "trust_uri": "urn:drawn"}] if anchors else []
    )
    return c2pa.Context.from_dict({"version": 1, "trust": {"anchors": given}})


def _named(name: str) -> x509.Name:
    named = ((NameOID.ORGANIZATION_NAME, "Drawn Press"), (NameOID.COMMON_NAME, name))
    return x509.Name([x509.NameAttribute(kind, value) for kind, value in named])


def _certificate(
    subject: x509.Name,
    key: ec.EllipticCurvePrivateKey,
    issuer: x509.Name,
    issuer_key: ec.EllipticCurvePrivateKey,
    usage: set[str],
) -> str:
    now = datetime.now(UTC)
    authority = "key_cert_sign" in usage
    builder = (
        x509.CertificateBuilder(issuer, subject, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=30))
        .add_extension(x509.BasicConstraints(ca=authority, path_length=None), critical=True)
        .add_extension(x509.KeyUsage(**{name: name in usage for name in USAGES}), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key()), critical=False
        )
    )
    if not authority:
        use = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.EMAIL_PROTECTION])
        builder = builder.add_extension(use, critical=False)
    signed = builder.sign(issuer_key, hashes.SHA256())
    return signed.public_bytes(serialization.Encoding.PEM).decode()
