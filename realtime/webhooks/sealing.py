"""Signing secrets, as they are made, stored and used.

Stored they are sealed (Fernet: AES-128-CBC with HMAC-SHA256) by a key that lies in `ASSAY_HOME/keys`, not in
the database: whoever gets hold of a copy of the database cannot sign in our name.
"""

import base64
import hashlib
import secrets

from cryptography.fernet import Fernet, InvalidToken
from django.conf import settings

PREFIX = "whsec_"
SECRET_BYTES = 32


class Unsealable(Exception):
    """The secret was sealed by another key than this installation's."""

    code = "secret_unreadable"


def new_secret() -> str:
    """A signing secret as Standard Webhooks writes it."""
    return PREFIX + base64.b64encode(secrets.token_bytes(SECRET_BYTES)).decode()


def key_name() -> str:
    """The name of this installation's key; it tells nothing of the key."""
    return hashlib.sha256(b"name of " + _key()).hexdigest()[:16]


def seal(secret: str) -> str:
    """The secret as it may be stored."""
    return Fernet(_key()).encrypt(secret.encode()).decode()


def unseal(sealed: str) -> str:
    """The secret again. Raises Unsealable."""
    try:
        return Fernet(_key()).decrypt(sealed.encode()).decode()
    except InvalidToken as error:
        raise Unsealable(
            "This secret was sealed by another key than ASSAY_HOME/keys/webhooks; rotate it."
        ) from error


def _key() -> bytes:
    # the secret of the installation is 384 random bits: a plain digest of it is as good as any derivation
    return base64.urlsafe_b64encode(hashlib.sha256(f"webhooks {settings.WEBHOOKS_KEY}".encode()).digest())
