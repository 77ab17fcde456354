"""What of a camera's address is not shown: user, password, and the part of it that may name them.

Stored it is sealed (Fernet) by a key that lies in `ASSAY_HOME/keys`, not in the database: a copy of the database
opens no camera.
"""

import base64
import hashlib
import json
from dataclasses import asdict, dataclass

from cryptography.fernet import Fernet, InvalidToken
from django.conf import settings


class SecretUnreadable(Exception):
    """The credentials were sealed by another key than this installation's."""

    code = "camera_secret_unreadable"


@dataclass(frozen=True, repr=False)
class Secret:
    """`target` is what follows the host, where the shown address leaves something of it out. It has no repr."""

    user: str = ""
    password: str = ""
    target: str = ""

    def __bool__(self) -> bool:
        return bool(self.user or self.password or self.target)


def seal(secret: Secret) -> str:
    """As it may be stored; "" for nothing."""
    return Fernet(_key()).encrypt(json.dumps(asdict(secret)).encode()).decode() if secret else ""


def unseal(sealed: str) -> Secret:
    """The secret again. Raises SecretUnreadable."""
    if not sealed:
        return Secret()
    try:
        return Secret(**json.loads(Fernet(_key()).decrypt(sealed.encode())))
    except InvalidToken as error:
        raise SecretUnreadable(
            "The camera's credentials were sealed by another key than ASSAY_HOME/keys/cameras. Enter them again."
        ) from error


def _key() -> bytes:
    # the secret of the installation is 384 random bits: a plain digest of it is as good as any derivation
    return base64.urlsafe_b64encode(hashlib.sha256(f"cameras {settings.CAMERAS_KEY}".encode()).digest())
