"""JWT: short access tokens and rotating refresh tokens, each family tied to one credential row."""

from dataclasses import dataclass
from datetime import UTC, datetime

from django.db import transaction
from django.utils import timezone
from rest_framework_simplejwt.exceptions import ExpiredTokenError, TokenError
from rest_framework_simplejwt.token_blacklist.models import BlacklistedToken, OutstandingToken
from rest_framework_simplejwt.tokens import AccessToken, RefreshToken, Token

from accounts import credentials
from accounts.models import Credential, User

CREDENTIAL_CLAIM = "cred"


class TokenRefused(Exception):
    """A token that lets nobody in; `code` is stable."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class _SignedRefresh(RefreshToken):
    """A refresh token that is looked up on the blacklist under the family's lock, not while parsing."""

    def check_blacklist(self) -> None:
        pass


@dataclass(frozen=True)
class Pair:
    """What a program signs in with from now on."""

    access: str
    refresh: str


def start_family(user: User, *, name: str = "") -> Pair:
    """Signs a program in: a new credential and its first two tokens."""
    with transaction.atomic():
        credential = credentials.issue(user, Credential.Kind.JWT, name=name)
        return _pair(credential)


def rotate(refresh: str) -> Pair:
    """The next pair for a refresh token, which is used up by this.

    Raises TokenRefused. A token that was used before ends the whole family: either it was stolen, or the
    thief was faster, and we cannot know which of the two is asking.
    """
    token = _signed_refresh(refresh)
    with transaction.atomic():
        credential = _locked(token)
        reused = _is_used(token)
        if reused:
            credentials.revoke(credential)
        else:
            _use_up(token)
            pair = _pair(credential)
    if reused:
        raise TokenRefused("token_reused", "This refresh token was used before; sign in again.")
    return pair


def end_family(refresh: str) -> None:
    """Signs a program out: its refresh token, its access tokens and its sockets. Raises TokenRefused."""
    token = _signed_refresh(refresh)
    with transaction.atomic():
        credential = _locked(token)
        _use_up(token)
        credentials.revoke(credential)


def read_access(access: str) -> tuple[Credential, datetime]:
    """The live credential behind an access token (one query) and when the token ends. Raises TokenRefused."""
    token = _parse(AccessToken, access)
    credential = credentials.find(token.get(CREDENTIAL_CLAIM))
    if credential is None or credential.kind != Credential.Kind.JWT:
        raise TokenRefused("token_revoked", "This token was revoked; sign in again.")
    return credential, datetime.fromtimestamp(token["exp"], UTC)


def _parse(kind: type[Token], text: str) -> Token:
    try:
        return kind(text)  # type: ignore[arg-type]  # simplejwt annotates the encoded text as a Token
    except ExpiredTokenError as error:
        raise TokenRefused("token_expired", "This token has expired.") from error
    except (TokenError, ValueError) as error:
        raise TokenRefused("token_invalid", "This is not a token of ours.") from error


def _signed_refresh(text: str) -> Token:
    return _parse(_SignedRefresh, text)


def _locked(token: Token) -> Credential:
    found = credentials.find(token.get(CREDENTIAL_CLAIM))
    if found is None:
        raise TokenRefused("token_revoked", "This token was revoked; sign in again.")
    locked = Credential.objects.select_for_update().get(pk=found.pk)
    if locked.revoked is not None:
        raise TokenRefused("token_revoked", "This token was revoked; sign in again.")
    locked.user = found.user
    return locked


def _is_used(token: Token) -> bool:
    return BlacklistedToken.objects.filter(token__jti=token["jti"]).exists()


def _use_up(token: Token) -> None:
    outstanding = OutstandingToken.objects.get(jti=token["jti"])
    BlacklistedToken.objects.get_or_create(token=outstanding)


def _pair(credential: Credential) -> Pair:
    refresh = RefreshToken()
    refresh["user_id"] = str(credential.user_id)
    refresh[CREDENTIAL_CLAIM] = str(credential.id)
    expires = datetime.fromtimestamp(refresh["exp"], UTC)
    OutstandingToken.objects.filter(user=credential.user, expires_at__lt=timezone.now()).delete()
    # The row names the token by its jti alone: whoever reads the database must not be able to sign in.
    OutstandingToken.objects.create(
        user=credential.user, jti=refresh["jti"], created_at=refresh.current_time, expires_at=expires
    )
    Credential.objects.filter(pk=credential.pk).update(expires=expires, last_used=timezone.now())
    return Pair(access=str(refresh.access_token), refresh=str(refresh))
