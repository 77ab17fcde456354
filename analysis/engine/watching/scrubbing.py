"""Reasons told to people, without what they must not hold."""

import re

from analysis.engine.watching.connection import Place
from analysis.engine.watching.source import SCHEMES, LiveSource

_ADDRESS = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://\S+")
_MOST = 200


def scrubbed(reason: str, source: LiveSource) -> str:
    """The reason, on one line, without the source's address, host, path and credentials, whoever put them in."""
    said = "".join(sign if sign.isprintable() else " " for sign in reason)
    said = _ADDRESS.sub("its address", said)
    for secret in sorted(_secrets(source), key=len, reverse=True):
        said = re.sub(rf"(?<!\w){re.escape(secret)}(?!\w)", "…", said)
    return said[:_MOST]


def _secrets(source: LiveSource) -> set[str]:
    found = {source.address, source.user, source.password, source.pinned_ip or ""}
    for path in filter(None, (source.path, source.authorities)):
        found |= {str(path), str(path.absolute())}
    if source.kind in SCHEMES:
        place = Place.of(source.address)
        found |= {place.host, place.named, place.asked}
    return found - {"", "/"}
