"""Signing in with a password, made costly for those who guess."""

import hashlib
from threading import BoundedSemaphore

from django.conf import settings
from django.contrib.auth import authenticate
from django.http import HttpRequest

from accounts import counting
from accounts.authentication import CHALLENGE
from accounts.models import User
from accounts.problems import Problem
from accounts.throttles import address

# Each check takes 100 MB and all cores for a moment; more of them at once would only starve the rest.
_checking = BoundedSemaphore(2)
PATIENCE_SECONDS = 20


class WrongCredentials(Problem):
    """The e-mail or the password is wrong, or the account is switched off: alike, so that nothing is told."""

    def __init__(self) -> None:
        challenge = {"WWW-Authenticate": CHALLENGE}
        super().__init__(401, "wrong_credentials", "E-mail or password is wrong.", headers=challenge)


class TooManyAttempts(Problem):
    """Too many wrong passwords for this account or from this address."""

    def __init__(self, wait_seconds: int) -> None:
        detail = f"Too many attempts to sign in. Try again in {wait_seconds} s."
        super().__init__(429, "too_many_attempts", detail, headers={"Retry-After": str(wait_seconds)})


def check_password(request: HttpRequest, *, email: str, password: str) -> User:
    """The user with this e-mail and password.

    Raises WrongCredentials, TooManyAttempts, or Problem 503 when too many are signing in at this moment.
    An unknown e-mail takes as long as a wrong password. Blocks on the hash: never call it in an event loop.
    """
    email = email.strip().lower()
    # Counted before the check and given back after a success: parallel guesses cannot slip past.
    _count(request, email, 1)
    user = _authenticate(request, email, password)
    if user is None:
        raise WrongCredentials
    _count(request, email, -1)
    return user


def _count(request: HttpRequest, email: str, amount: int) -> None:
    whose = hashlib.sha256(email.encode()).hexdigest()[:32]
    where = address(request)
    for rule, name in (("pair", f"{whose}:{where}"), ("account", whose), ("address", where)):
        limit, window_seconds = settings.THROTTLES[f"guesses_{rule}"]
        stands_at = counting.counter.add(f"guess:{rule}:{name}", window_seconds=window_seconds, amount=amount)
        if amount > 0 and stands_at > limit:
            raise TooManyAttempts(counting.seconds_left(window_seconds))


def _authenticate(request: HttpRequest, email: str, password: str) -> User | None:
    if not _checking.acquire(timeout=PATIENCE_SECONDS):
        raise Problem(503, "busy", "Too many people are signing in. Try again in a moment.")
    try:
        user = authenticate(request, username=email, password=password)
    finally:
        _checking.release()
    return user if isinstance(user, User) else None
