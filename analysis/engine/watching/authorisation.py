"""How a camera is told who asks: Basic and Digest, as in RFC 7616 and, over RTSP, RFC 2326 (section 14.5).

MD5 and SHA-256, with and without `qop=auth`. Not: `auth-int`, `-sess`, user name hashing; no camera we know of asks
for them.
"""

import base64
import hashlib
import re
import secrets
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass

_PART = re.compile(r'([A-Za-z]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,]+))')
_HASHES = {"MD5": hashlib.md5, "SHA-256": hashlib.sha256}
_MOST = 2000  # characters of a challenge that are looked at


@dataclass(frozen=True)
class Login:
    """A user and a password, as far as there are any."""

    user: str
    password: str

    def answer(self, challenges: Iterable[str], method: str, uri: str, *, count: int = 1) -> str | None:
        """The Authorization for the strongest challenge that can be met; None for none, or without a user.

        count: how often these challenges have been answered, this time included.
        """
        found = [_parts(challenge[:_MOST]) for challenge in challenges]
        digests = [parts for scheme, parts in found if scheme == "digest" and _can(parts)]
        if not self.user:
            return None
        if digests:
            strongest = max(digests, key=lambda parts: parts.get("algorithm", "MD5").upper() == "SHA-256")
            return self._digest(strongest, method, uri, f"{count:08x}")
        if any(scheme == "basic" for scheme, _ in found):
            pair = f"{self.user}:{self.password}".encode()
            return f"Basic {base64.b64encode(pair).decode()}"
        return None

    def _digest(self, parts: dict[str, str], method: str, uri: str, count: str) -> str:
        make = _HASHES[parts.get("algorithm", "MD5").upper()]

        def hashed(*texts: str) -> str:
            return make(":".join(texts).encode()).hexdigest()

        realm, nonce = parts.get("realm", ""), parts.get("nonce", "")
        who, what = hashed(self.user, realm, self.password), hashed(method, uri)
        said = {"username": self.user, "realm": realm, "nonce": nonce, "uri": uri}
        bare = ""
        if "qop" in parts:
            own = secrets.token_hex(8)
            said |= {"cnonce": own, "response": hashed(who, nonce, count, own, "auth", what)}
            bare = f", qop=auth, nc={count}"
        else:
            said["response"] = hashed(who, nonce, what)
        if "opaque" in parts:
            said["opaque"] = parts["opaque"]
        if "algorithm" in parts:
            bare += f", algorithm={parts['algorithm']}"
        return "Digest " + ", ".join(f'{name}="{_quoted(text)}"' for name, text in said.items()) + bare


def _parts(challenge: str) -> tuple[str, dict[str, str]]:
    with suppress(UnicodeError):
        # heads are read as Latin-1; what is hashed and sent back is UTF-8 (RFC 7616, section 4)
        challenge = challenge.encode("latin-1").decode()
    scheme, _, rest = challenge.strip().partition(" ")
    pairs = {name.lower(): quoted or bare for name, quoted, bare in _PART.findall(rest)}
    return scheme.lower(), pairs


def _can(parts: dict[str, str]) -> bool:
    offered = {one.strip().lower() for one in parts.get("qop", "auth").split(",")}
    return parts.get("algorithm", "MD5").upper() in _HASHES and "auth" in offered


def _quoted(text: str) -> str:
    """Without what would end the line or the quotes: realm and nonce are the camera's own words."""
    return "".join(sign for sign in text if sign.isprintable()).replace('"', "")
