"""Every address is closed to the anonymous unless it was opened on purpose."""

import re
import uuid
from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client
from django.urls import get_resolver

pytestmark = pytest.mark.django_db
OPEN_ON_PURPOSE = {
    "/sign-in/",
    "/sign-out/",
    "/admin/login/",
    "/admin/logout/",
    "/api/v1/schema/",
    "/api/v1/docs/",
    "/api/v1/asyncapi.yaml",
    "/api/v1/auth/token/",
    "/api/v1/auth/token/refresh/",
    "/api/v1/auth/token/blacklist/",
    "/health",
    "/health/ready",
    "/ws/health",
}
EXAMPLES = {"uuid": str(uuid.uuid4()), "int": "1", "str": "x", "slug": "x", "path": "x"}


def routes(patterns: Any, prefix: str = "/") -> Iterator[str]:
    for pattern in patterns:
        route = prefix + _example(str(pattern.pattern))
        if hasattr(pattern, "url_patterns"):
            yield from routes(pattern.url_patterns, route)
        else:
            yield route


def _example(route: str) -> str:
    """The route with its parameters filled in, and what is optional left out."""
    filled = re.sub(r"<(?:(\w+):)?\w+>", lambda found: EXAMPLES[found[1] or "str"], route)
    return re.sub(r"\(\?:[^)]*\)\?|/\?|[\^$]", "", filled).replace("\\Z", "")


def _closed() -> list[str]:
    return [route for route in routes(get_resolver().url_patterns) if route not in OPEN_ON_PURPOSE]


@pytest.mark.parametrize("method", ["get", "post", "put", "patch", "delete", "head", "options"])
def test_no_address_answers_the_anonymous(method: str) -> None:
    elsewhere = Client(REMOTE_ADDR="192.0.2.7")
    asked = {route: getattr(elsewhere, method)(route) for route in _closed()}

    asks_for_a_sign_in = {
        route: answer.status_code == 401 or _is_sent_to_sign_in(answer)
        for route, answer in asked.items()
        if answer.status_code not in {404, 405}
    }
    assert len(asked) > 30
    assert [route for route, asks in asks_for_a_sign_in.items() if not asks] == []


def _is_sent_to_sign_in(answer: Any) -> bool:
    doors = ("/sign-in/?next=", "/admin/login/?next=")
    return answer.status_code == 302 and str(answer["Location"]).startswith(doors)


def test_an_address_of_the_api_says_401_before_anything_else() -> None:
    elsewhere = Client()
    api = [route for route in _closed() if route.startswith("/api/")]

    assert {elsewhere.post(route).status_code for route in api} == {401}
    assert {elsewhere.get(route).status_code for route in api} == {401}
