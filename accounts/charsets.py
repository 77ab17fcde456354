"""Text of requests is UTF-8: JSON says so itself, and some of the codecs a header can name take minutes to decode."""

import codecs
from collections.abc import Callable

from django.http import HttpRequest, HttpResponse, HttpResponseBase

from accounts.problems import problem_response, speaks_problems

_UNDERSTOOD = frozenset({"utf-8", "ascii"})


class CharsetMiddleware:
    """Refuses requests whose header names another charset, before anything of them is decoded by it."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self._answer = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if request.encoding is None or codecs.lookup(request.encoding).name in _UNDERSTOOD:
            return self._answer(request)
        said = "Send text as UTF-8, and name no other charset in Content-Type."
        if speaks_problems(request):
            return problem_response(request, 415, "unsupported_charset", said)
        return HttpResponse(said, status=415, content_type="text/plain; charset=utf-8")
