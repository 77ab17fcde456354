"""Who asks, over REST: a JWT or an API key first, then the sign-in cookie with CSRF."""

from copy import copy
from typing import Any, cast

from django.http import HttpRequest
from rest_framework.authentication import BaseAuthentication, SessionAuthentication
from rest_framework.exceptions import AuthenticationFailed, PermissionDenied
from rest_framework.request import Request

from accounts import credentials, tokens
from accounts.models import Credential, User
from accounts.problems import Problem

CHALLENGE = 'Bearer realm="assay"'


def bearer(header: str) -> str | None:
    """The token of an Authorization header, or None when it is of another scheme."""
    scheme, _, token = header.partition(" ")
    return token.strip() if scheme.lower() == "bearer" else None


def user_of(request: Request) -> User:
    """Who asks; only for views that need a sign-in."""
    return cast(User, request.user)


def credential_of(request: Request) -> Credential:
    """What they were let in by; only for views that need a sign-in."""
    return cast(Credential, request.auth)


class TokenAuthentication(BaseAuthentication):
    """`Authorization: Bearer <JWT or API key>`, or `X-API-Key`. `request.auth` is the Credential."""

    def authenticate(self, request: Request) -> tuple[User, Credential] | None:
        token = bearer(request.headers.get("Authorization", ""))
        key = request.headers.get("X-API-Key")
        if token is None and key is None:
            return None
        credential = _by_token(token) if token is not None else _by_key(key or "")
        credentials.touch(credential)
        return credential.user, credential

    def authenticate_header(self, request: Request) -> str:
        return CHALLENGE


class CookieAuthentication(SessionAuthentication):
    """The sign-in cookie; writes need the CSRF token. `request.auth` is the Credential."""

    def authenticate(self, request: Request) -> tuple[User, Credential] | None:
        django_request: Any = request._request
        user = django_request.user
        if not user.is_authenticated:
            return None
        self.enforce_csrf(django_request)
        return user, django_request.credential

    def enforce_csrf(self, request: HttpRequest) -> None:
        # As a PUT, so that Django looks for the token in the header alone: looking for it in the form
        # would read a whole upload before we know who sends it.
        shadow = copy(request)
        shadow.method = "PUT" if request.method == "POST" else request.method
        try:
            super().enforce_csrf(shadow)  # type: ignore[arg-type]  # it takes either, and looks at one
        except PermissionDenied as error:
            raise Problem(403, "csrf_failed", f"{error.detail} Send the token as X-CSRFToken.") from error


def _by_token(token: str) -> Credential:
    if token.startswith(credentials.KEY_PREFIX):
        return _by_key(token)
    try:
        return tokens.read_access(token)[0]
    except tokens.TokenRefused as refused:
        raise AuthenticationFailed(str(refused), refused.code) from refused


def _by_key(key: str) -> Credential:
    credential = credentials.find_api_key(key)
    if credential is None:
        raise AuthenticationFailed("This API key is unknown, expired or revoked.", "key_invalid")
    return credential
