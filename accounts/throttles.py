"""How much one user, or one address, may ask for."""

import ipaddress

from django.conf import settings
from django.http import HttpRequest
from rest_framework.exceptions import Throttled
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle

from accounts import counting


def address(request: HttpRequest | Request) -> str:
    """The network a request comes from: an IPv4 address, or the /64 an IPv6 user has to themselves."""
    text = request.META.get("REMOTE_ADDR") or "unknown"
    try:
        ip = ipaddress.ip_address(text)
    except ValueError:
        return "unknown"
    if ip.version == 6:
        return str(ipaddress.ip_network((ip, 64), strict=False).network_address)
    return str(ip)


def count_stranger(request: HttpRequest | Request) -> None:
    """Counts a request that ended before the general limit was looked at: it showed no good credential.

    Raises Throttled.
    """
    limit, window_seconds = settings.THROTTLES["anonymous"]
    if counting.counter.add(f"address:{address(request)}", window_seconds=window_seconds) > limit:
        raise Throttled(wait=counting.seconds_left(window_seconds))


class GeneralThrottle(BaseThrottle):
    """The general limit: per user, and per address for who has not signed in."""

    def allow_request(self, request: Request, view: object) -> bool:
        signed_in = request.user is not None and request.user.is_authenticated
        name = f"user:{request.user.pk}" if signed_in else f"address:{address(request)}"
        limit, window_seconds = settings.THROTTLES["user" if signed_in else "anonymous"]
        self._window_seconds = window_seconds
        return counting.counter.add(name, window_seconds=window_seconds) <= limit

    def wait(self) -> float:
        return counting.seconds_left(self._window_seconds)
