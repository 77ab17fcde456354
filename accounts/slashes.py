"""Addresses that were asked for without their trailing slash."""

from django.http import HttpRequest
from django.middleware.common import CommonMiddleware
from django.urls import is_valid_path

SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
API_PREFIX = "/api/"


class SlashMiddleware(CommonMiddleware):
    """Django's, without redirects that lose a body: clients follow a 301 with a GET, or with nothing at all."""

    def should_redirect_with_slash(self, request: HttpRequest) -> bool:
        return not _would_lose(request) and super().should_redirect_with_slash(request)


def lacks_slash(request: HttpRequest) -> bool:
    """Whether the request would change something at the same address with a slash."""
    return _would_lose(request) and is_valid_path(f"{request.path_info}/") is not False


def _would_lose(request: HttpRequest) -> bool:
    return request.path.startswith(API_PREFIX) and request.method not in SAFE
