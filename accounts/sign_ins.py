"""A person's sign-in in a browser: a session that names its credential, and ends with it."""

from datetime import timedelta
from functools import partial
from typing import Any

from asgiref.sync import sync_to_async
from django.conf import settings
from django.contrib.auth import HASH_SESSION_KEY, SESSION_KEY
from django.contrib.auth.middleware import AuthenticationMiddleware
from django.contrib.auth.models import AnonymousUser
from django.contrib.auth.signals import user_logged_in, user_logged_out
from django.contrib.sessions.backends.base import SessionBase
from django.dispatch import receiver
from django.http import HttpRequest
from django.utils import timezone
from django.utils.crypto import constant_time_compare
from django.utils.functional import SimpleLazyObject

from accounts import credentials
from accounts.models import Credential, User

SESSION_CREDENTIAL = "credential"


class SignInMiddleware(AuthenticationMiddleware):
    """Sets `request.user` from the credential its session names; a revoked credential ends the session."""

    def process_request(self, request: HttpRequest) -> None:
        request.user = SimpleLazyObject(partial(_user, request))  # type: ignore[assignment]  # lazy, as Django does
        request.auser = partial(sync_to_async(_user), request)


def of_session(session: SessionBase) -> Credential | None:
    """The live credential of a session, if the password has not changed since; one query more."""
    if SESSION_CREDENTIAL not in session:
        return None
    credential = credentials.find(session[SESSION_CREDENTIAL])
    if credential is None or str(credential.user_id) != session.get(SESSION_KEY):
        return None
    expected = credential.user.get_session_auth_hash()
    return credential if constant_time_compare(session.get(HASH_SESSION_KEY, ""), expected) else None


def _user(request: Any) -> User | AnonymousUser:
    if not hasattr(request, "credential"):
        request.credential = of_session(request.session)
        if request.credential is None and SESSION_KEY in request.session:
            request.session.flush()
        elif request.credential is not None:
            credentials.touch(request.credential)
    return request.credential.user if request.credential else AnonymousUser()


@receiver(user_logged_in)
def _open(sender: object, request: Any, user: User, **_: object) -> None:
    request.session.clear_expired()
    request.credential = credentials.issue(
        user,
        Credential.Kind.SESSION,
        name=request.META.get("HTTP_USER_AGENT", ""),
        expires=timezone.now() + timedelta(seconds=settings.SESSION_COOKIE_AGE),
    )
    request.session[SESSION_CREDENTIAL] = str(request.credential.pk)


@receiver(user_logged_out)
def _close(sender: object, request: Any, **_: object) -> None:
    credential = credentials.find(request.session.get(SESSION_CREDENTIAL, ""))
    if credential is not None:
        credentials.revoke(credential)
    request.credential = None
