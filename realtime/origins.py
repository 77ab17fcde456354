"""Which pages may open a socket. Browsers send an Origin and cannot forge it; programs send none.

`AllowedHostsOriginValidator` refuses programs and lets every port of an allowed host in, so this is ours.
"""

from collections.abc import Mapping
from typing import Any
from urllib.parse import SplitResult, urlsplit

from channels.security.websocket import OriginValidator
from django.conf import settings
from django.http.request import split_domain_port, validate_host

_PORTS = {"http": 80, "https": 443, "ws": 80, "wss": 443}


class OwnOrigins(OriginValidator):
    """Refuses sockets opened by foreign pages before they are accepted (403)."""

    async def __call__(self, scope: Any, receive: Any, send: Any) -> Any:
        headers = {name.lower(): value.decode("latin-1") for name, value in scope.get("headers", ())}
        if may_open(headers):
            return await self.application(scope, receive, send)
        await receive()
        return await send({"type": "websocket.close"})


def may_open(headers: Mapping[bytes, str]) -> bool:
    """Whether a socket with these headers may be opened, whatever credential it shows."""
    origin = headers.get(b"origin")
    if origin is None:
        return True
    if origin in settings.CSRF_TRUSTED_ORIGINS:
        return True
    try:
        parts = urlsplit(origin)
        return _is_ours(parts, headers.get(b"host", ""))
    except ValueError:
        return False


def _is_ours(origin: SplitResult, host: str) -> bool:
    if origin.scheme not in ("http", "https") or not origin.hostname:
        return False
    _, port = split_domain_port(host)
    # Behind a proxy the Host has no port and the browser's is that of its scheme.
    theirs = origin.port or _PORTS[origin.scheme]
    same_port = theirs == int(port) if port else theirs in _PORTS.values()
    name = f"[{origin.hostname}]" if ":" in origin.hostname else origin.hostname
    return same_port and validate_host(name, settings.ALLOWED_HOSTS)
