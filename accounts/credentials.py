"""Credentials: issue, find, revoke. Whoever is let in, by whatever way, is let in by one of these rows."""

import hashlib
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import Q, QuerySet
from django.utils import timezone

from accounts.models import Credential, SocketTicket, User

KEY_PREFIX = "assay_"
TICKET_SECONDS = 30
TOUCH_EVERY = timedelta(minutes=5)


@dataclass(frozen=True)
class Identity:
    """Who somebody is, by which credential, and until when (None: until it is revoked)."""

    user_id: UUID
    credential_id: UUID
    expires: datetime | None


def identity(credential: Credential, *, expires: datetime | None = None) -> Identity:
    """The identity a credential proves; `expires` when what was shown ends before the credential does."""
    return Identity(credential.user_id, credential.id, expires or credential.expires)


def issue(
    user: User,
    kind: str,
    *,
    name: str = "",
    expires: datetime | None = None,
    secret_sha256: str | None = None,
) -> Credential:
    """A new credential of `user`; `kind` is a Credential.Kind."""
    return Credential.objects.create(
        user=user,
        kind=kind,
        name=name[:100],
        expires=expires,
        secret_sha256=secret_sha256,
        last_used=timezone.now(),
    )


def issue_api_key(user: User, *, name: str = "", expires: datetime | None = None) -> tuple[Credential, str]:
    """A new API key and its text, which is not stored and cannot be shown again."""
    key = KEY_PREFIX + secrets.token_urlsafe(32)
    credential = issue(user, Credential.Kind.API_KEY, name=name, expires=expires, secret_sha256=_sha256(key))
    return credential, key


def find(credential_id: object) -> Credential | None:
    """The live credential with this id, its user with it, in one query."""
    try:
        key = UUID(str(credential_id))
    except ValueError:
        return None
    return Credential.objects.filter(_live(), pk=key).select_related("user").first()


def find_api_key(key: str) -> Credential | None:
    """The live credential an API key belongs to, its user with it, in one query."""
    if not key.startswith(KEY_PREFIX):
        return None
    return Credential.objects.filter(_live(), secret_sha256=_sha256(key)).select_related("user").first()


def live(credential_ids: Iterable[UUID]) -> set[UUID]:
    """Those that still let somebody in: not revoked, not expired, the user active. One query."""
    return set(Credential.objects.filter(_live(), pk__in=list(credential_ids)).values_list("pk", flat=True))


def live_of(user: User, *kinds: str) -> QuerySet[Credential]:
    """The live credentials of a user, newest first; of these kinds only, if any are named."""
    held = Credential.objects.filter(_live(), user=user).order_by("-created", "id")
    return held.filter(kind__in=kinds) if kinds else held


def revoke(credential: Credential) -> None:
    """Ends every session, token and socket that came from this credential."""
    Credential.objects.filter(pk=credential.pk, revoked=None).update(revoked=timezone.now())


def revoke_all(user: User, except_: Credential | None = None) -> None:
    """Ends everything that lets `user` in, but what came from `except_`."""
    held = Credential.objects.filter(user=user, revoked=None)
    if except_ is not None:
        held = held.exclude(pk=except_.pk)
    held.update(revoked=timezone.now())


def touch(credential: Credential) -> None:
    """Notes that the credential was used; to within minutes, so that reading costs no write."""
    now = timezone.now()
    if credential.last_used is None or now - credential.last_used > TOUCH_EVERY:
        Credential.objects.filter(pk=credential.pk).update(last_used=now)


def issue_ticket(credential: Credential) -> str:
    """A ticket that lets one socket in, once, within TICKET_SECONDS."""
    now = timezone.now()
    SocketTicket.objects.filter(expires__lt=now).delete()
    ticket = secrets.token_urlsafe(32)
    expires = now + timedelta(seconds=TICKET_SECONDS)
    SocketTicket.objects.create(sha256=_sha256(ticket), credential=credential, expires=expires)
    return ticket


def redeem_ticket(ticket: str) -> Identity | None:
    """Who the ticket was issued to; None when it was used before, is too old, or its credential ended."""
    row = SocketTicket.objects.filter(sha256=_sha256(ticket)).first()
    if row is None:
        return None
    # Of two sockets with the same ticket only one deletes the row.
    deleted, _ = SocketTicket.objects.filter(pk=row.pk, expires__gt=timezone.now()).delete()
    credential = find(row.credential_id) if deleted else None
    return identity(credential) if credential else None


def _live() -> Q:
    unexpired = Q(expires=None) | Q(expires__gt=timezone.now())
    return unexpired & Q(revoked=None, user__is_active=True)


def _sha256(secret: str) -> str:
    # A plain digest: these secrets are 256 random bits, there is nothing to guess and nothing to slow down.
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()
