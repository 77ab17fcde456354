"""Errors as RFC 9457 problem details, one shape for everything programs ask for: /api/, and what is `spoken_at`."""

from collections.abc import Iterator, Mapping, Sequence
from http import HTTPStatus
from itertools import islice
from typing import Any

from django.core.exceptions import PermissionDenied, RequestDataTooBig, SuspiciousOperation
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.views import defaults
from django.views.csrf import csrf_failure as csrf_failure_page
from rest_framework import exceptions
from rest_framework.response import Response

from accounts import throttles
from accounts.slashes import API_PREFIX, lacks_slash

MEDIA_TYPE = "application/problem+json"
# In `errors`: a body of 2 MB may have 200,000, and each is said in a sentence that is far longer than it.
MOST_ERRORS = 100
_addresses = [API_PREFIX]
MALFORMED = "The request is malformed; check its headers and body."


class Problem(exceptions.APIException):
    """An error an API answers with: a status, a stable `code` for programs, a sentence for people.

    `extra` becomes members of the document; `headers` are added to the answer.
    """

    def __init__(
        self,
        status: int,
        code: str,
        detail: str,
        *,
        title: str = "",
        headers: Mapping[str, str] | None = None,
        **extra: object,
    ) -> None:
        super().__init__(detail, code)
        self.status_code = status
        self.code = code
        self.title = title
        self.headers = dict(headers or {})
        self.extra = extra


def document(
    status: int, code: str, detail: str, *, title: str = "", instance: str = "", **extra: object
) -> dict[str, object]:
    """The members of a problem document, in the order people read them."""
    body: dict[str, object] = {
        "type": f"urn:assay:problem:{code}",
        "title": title or HTTPStatus(status).phrase,
        "status": status,
        "code": code,
        "detail": detail,
    }
    if instance:
        body["instance"] = instance
    return body | extra


def problem_response(
    request: HttpRequest, status: int, code: str, detail: str, *, headers: Mapping[str, str] | None = None
) -> JsonResponse:
    """A problem as a plain Django answer, for what happens outside REST framework."""
    body = document(status, code, detail, instance=request.path)
    return JsonResponse(body, status=status, content_type=MEDIA_TYPE, headers=dict(headers or {}))


def exception_handler(exc: Exception, context: Mapping[str, Any]) -> Response | None:
    """REST framework's hook: turns what a view raised into a problem, or None for a bug (500)."""
    error = _as_api_exception(exc)
    if error is None:
        return None
    if isinstance(error, exceptions.NotAuthenticated | exceptions.AuthenticationFailed):
        error = _counted(error, context["request"])
    body = problem_body(error, context["request"].path)
    response = Response(body, status=error.status_code, headers=_headers(error))
    response.content_type = MEDIA_TYPE
    return response


def _counted(refusal: exceptions.APIException, request: Any) -> exceptions.APIException:
    # REST framework asks who it is before it asks how often: without this a stranger could ask for ever.
    try:
        throttles.count_stranger(request)
    except exceptions.Throttled as throttled:
        return throttled
    return refusal


def _as_api_exception(exc: Exception) -> exceptions.APIException | None:
    if isinstance(exc, exceptions.APIException):
        return exc
    if isinstance(exc, Http404):
        return exceptions.NotFound()
    if isinstance(exc, PermissionDenied):
        return exceptions.PermissionDenied(*exc.args)
    if isinstance(exc, RequestDataTooBig):
        return Problem(413, "too_large", "The body of this request is larger than this address takes.")
    if isinstance(exc, SuspiciousOperation):
        return Problem(400, "bad_request", MALFORMED)
    return None


def problem_body(error: exceptions.APIException, path: str) -> dict[str, object]:
    """The document an error is answered with."""
    if isinstance(error, exceptions.ValidationError):
        errors = list(islice(_flatten(error.detail), MOST_ERRORS))
        return document(400, "invalid", _summary(errors), instance=path, errors=errors)
    extra = dict(error.extra) if isinstance(error, Problem) else {}
    title = error.title if isinstance(error, Problem) else ""
    code = str(getattr(error.detail, "code", None) or error.default_code)
    return document(error.status_code, code, str(error.detail), title=title, instance=path, **extra)


def _headers(error: exceptions.APIException) -> dict[str, str]:
    headers = dict(error.headers) if isinstance(error, Problem) else {}
    if challenge := getattr(error, "auth_header", None):
        headers["WWW-Authenticate"] = challenge
    if wait := getattr(error, "wait", None):
        headers["Retry-After"] = str(int(wait) + 1)
    return headers


def _flatten(detail: object, path: str = "") -> Iterator[dict[str, str]]:
    """One entry {field, code, detail} per message; nested fields are joined by dots."""
    if isinstance(detail, Mapping):
        for name, inner in detail.items():
            yield from _flatten(inner, f"{path}.{name}".lstrip(".") if name != "non_field_errors" else path)
    elif isinstance(detail, Sequence) and not isinstance(detail, str):
        for index, inner in enumerate(detail):
            nested = isinstance(inner, Mapping)
            yield from _flatten(inner, f"{path}.{index}".lstrip(".") if nested else path)
    else:
        yield {"field": path, "code": str(getattr(detail, "code", "invalid")), "detail": str(detail)}


def _summary(errors: Sequence[Mapping[str, str]]) -> str:
    named = [
        f"{error['field']}: {error['detail']}" if error["field"] else error["detail"] for error in errors
    ]
    return " ".join(named[:3])


def spoken_at(*addresses: str) -> None:
    """Makes problems of what Django refuses at these addresses and below; called when an application is ready."""
    _addresses.extend(f"{address}/" for address in addresses)


def speaks_problems(request: HttpRequest) -> bool:
    """Whether programs ask here."""
    return f"{request.path}/".startswith(tuple(_addresses))


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Django's handler400."""
    if not speaks_problems(request):
        return defaults.bad_request(request, exception)
    return problem_response(
        request, 400, "bad_request", "The request is malformed; check its headers and body."
    )


def permission_denied(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Django's handler403."""
    if not speaks_problems(request):
        return defaults.permission_denied(request, exception)
    return problem_response(request, 403, "permission_denied", "You are not allowed to do this.")


def page_not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Django's handler404."""
    if not speaks_problems(request):
        return defaults.page_not_found(request, exception)
    if lacks_slash(request):
        detail = f"There is nothing at this address; {request.path}/ ends in a slash."
        return problem_response(request, 404, "missing_slash", detail)
    return problem_response(request, 404, "not_found", "There is nothing at this address.")


def server_error(request: HttpRequest) -> HttpResponse:
    """Django's handler500; the traceback is in the log, never in the answer."""
    if not speaks_problems(request):
        return defaults.server_error(request)
    detail = "Something broke on our side. The log of the web process says what; try again."
    return problem_response(request, 500, "internal_error", detail)


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Django's CSRF_FAILURE_VIEW."""
    if not speaks_problems(request):
        return csrf_failure_page(request, reason=reason)
    return problem_response(request, 403, "csrf_failed", f"The CSRF check failed: {reason}")
