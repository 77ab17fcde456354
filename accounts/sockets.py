"""Who opened a socket. Everything here reads the database: call it through `database_sync_to_async`.

The rule about foreign origins is the consumer's; here a cookie counts only when an Origin was sent,
because a program without one has no business with a browser's cookies.
"""

from collections.abc import Iterable
from importlib import import_module
from typing import Any
from urllib.parse import parse_qs

from django.conf import settings
from django.http import parse_cookie

from accounts import credentials, sign_ins, tokens
from accounts.authentication import bearer
from accounts.credentials import Identity
from accounts.models import Credential
from accounts.scrubbing import scrubbed

__all__ = ["Identity", "authenticate_scope", "identify_token", "scrubbed"]


def authenticate_scope(scope: Any) -> Identity | None:
    """Who opened the socket of this ASGI scope: the first way below that lets them in, or None."""
    headers = _headers(scope)
    query = parse_qs(scope.get("query_string", b"").decode("latin-1"))
    # Django's reading, as for pages: Python's own stops at the first cookie of another program it dislikes.
    cookies = parse_cookie(headers.get("cookie", "")) if headers.get("origin") else {}
    return (
        _by_session(cookies.get(settings.SESSION_COOKIE_NAME))
        or identify_token(bearer(headers.get("authorization", "")) or headers.get("x-api-key"))
        or _by_ticket(_only(query.get("ticket")))
        or _by_jwt(cookies.get("access_token"))
        or (_by_jwt(_only(query.get("token"))) if settings.ASSAY_SOCKET_QUERY_TOKEN else None)
    )


def identify_token(token: str | None) -> Identity | None:
    """Who a JWT or an API key belongs to, or None."""
    if token and token.startswith(credentials.KEY_PREFIX):
        return _identity(credentials.find_api_key(token))
    return _by_jwt(token)


def _by_jwt(token: str | None) -> Identity | None:
    if not token:
        return None
    try:
        credential, expires = tokens.read_access(token)
    except tokens.TokenRefused:
        return None
    credentials.touch(credential)
    return credentials.identity(credential, expires=expires)


def _by_session(session_key: str | None) -> Identity | None:
    if not session_key:
        return None
    store = import_module(settings.SESSION_ENGINE).SessionStore(session_key)
    return _identity(sign_ins.of_session(store))


def _by_ticket(ticket: str | None) -> Identity | None:
    return credentials.redeem_ticket(ticket) if ticket else None


def _identity(credential: Credential | None) -> Identity | None:
    if credential is None:
        return None
    credentials.touch(credential)
    return credentials.identity(credential)


def _headers(scope: Any) -> dict[str, str]:
    given: Iterable[tuple[bytes, bytes]] = scope.get("headers", ())
    return {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in given}


def _only(values: list[str] | None) -> str | None:
    return values[0] if values and len(values) == 1 else None
