"""Plate text at rest: as it is, or under the key for plates where this installation has one.

Under a key there are two forms. A keyed hash (HMAC-SHA256) says whether two plates are the same and nothing else: a
plain hash would be undone by trying all plates there can be. A ciphertext (Fernet: AES-128-CBC with HMAC-SHA256)
gives the text back.
"""

import base64
import hashlib
import hmac
from functools import lru_cache

from cryptography.fernet import Fernet, InvalidToken
from django.conf import settings

# Of a ciphertext that a line brings along; ours are far shorter.
LONGEST_SEALED = 32 * 1024


def is_keyed() -> bool:
    """Whether plates are kept under a key."""
    return bool(settings.PLATE_KEY)


def hashed(plate: str) -> str:
    """The keyed hash of a normalised plate, in hexadecimal."""
    return hmac.new(_derived(b"hash", settings.PLATE_KEY), plate.encode(), hashlib.sha256).hexdigest()


def seal(text: str) -> str:
    """The text as it may be stored; another ciphertext each time."""
    return _fernet(settings.PLATE_KEY).encrypt(text.encode()).decode()


def unseal(sealed: str) -> str | None:
    """The text again; None where there is no key, or another sealed it."""
    if not is_keyed() or len(sealed) > LONGEST_SEALED:
        return None
    try:
        return _fernet(settings.PLATE_KEY).decrypt(sealed.encode()).decode()
    except (InvalidToken, UnicodeError):
        return None


@lru_cache(maxsize=4)
def _fernet(key: str) -> Fernet:
    return Fernet(base64.urlsafe_b64encode(_derived(b"seal", key)))


def _derived(purpose: bytes, key: str) -> bytes:
    """A key for one purpose. One round will do: config/env.py takes no key that could be guessed."""
    return hmac.new(key.encode(), b"plates " + purpose, hashlib.sha256).digest()
