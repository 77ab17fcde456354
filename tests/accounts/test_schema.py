"""The REST interface describes itself."""

import re
from typing import Any

import pytest
import yaml
from django.test import Client
from django.urls import get_resolver
from drf_spectacular.drainage import GENERATOR_STATS
from drf_spectacular.validation import validate_schema

from accounts import api_docs

pytestmark = pytest.mark.django_db
SCHEMA = "/api/v1/schema/"


@pytest.fixture
def schema(client: Client) -> dict[str, Any]:
    body: dict[str, Any] = client.get(SCHEMA).json()
    return body


def test_it_is_valid_openapi_3(schema: dict[str, Any]) -> None:
    validate_schema(schema)

    assert schema["openapi"].startswith("3.")


def test_nothing_in_it_was_guessed() -> None:
    api_docs._schema.cache_clear()
    GENERATOR_STATS.reset()

    api_docs._schema()

    assert not GENERATOR_STATS._error_cache
    assert not GENERATOR_STATS._warn_cache


def test_it_comes_as_yaml_too(client: Client, schema: dict[str, Any]) -> None:
    text = client.get(SCHEMA, headers={"Accept": "application/vnd.oai.openapi"}).content

    assert yaml.safe_load(text)["paths"].keys() == schema["paths"].keys()


def test_every_address_under_the_api_is_in_it(schema: dict[str, Any]) -> None:
    routes = {
        re.sub(r"<\w+:(\w+)>", r"{\1}", route)
        for route in _routes(get_resolver().url_patterns)
        if route.startswith("/api/v1/")
    }

    twins = {route for route in routes if f"{route}/" in routes}  # the same without its slash
    assert routes - twins - {SCHEMA, "/api/v1/docs/", "/api/v1/asyncapi.yaml"} == set(schema["paths"])


def _routes(patterns: Any, prefix: str = "/") -> list[str]:
    found: list[str] = []
    for pattern in patterns:
        route = prefix + str(pattern.pattern)
        found += _routes(pattern.url_patterns, route) if hasattr(pattern, "url_patterns") else [route]
    return found


def test_every_operation_may_answer_with_a_problem(schema: dict[str, Any]) -> None:
    operations = [operation for address in schema["paths"].values() for operation in address.values()]

    assert len(operations) > 5
    assert all("application/problem+json" in op["responses"]["default"]["content"] for op in operations)


CREATING = [
    "/api/v1/auth/api-keys/",
    "/api/v1/jobs/",
    "/api/v1/jobs/{job_id}/progress/",
    "/api/v1/media/",
    "/api/v1/runs/",
    "/api/v1/uploads/",
    "/api/v1/webhooks/",
]


@pytest.mark.parametrize("address", CREATING)
def test_a_creating_write_names_the_key_that_makes_it_happen_once(
    schema: dict[str, Any], address: str
) -> None:
    named = [one for one in schema["paths"][address]["post"]["parameters"] if one["in"] == "header"]
    key = next(one for one in named if one["name"] == "Idempotency-Key")

    assert (key.get("required", False), key["schema"]["maxLength"]) == (False, 255)


def test_no_other_operation_names_it(schema: dict[str, Any]) -> None:
    takes = [
        (method, address)
        for address, operations in schema["paths"].items()
        for method, operation in operations.items()
        if any(one["name"] == "Idempotency-Key" for one in operation.get("parameters", []))
    ]

    assert {method for method, _ in takes} == {"post"}
    assert ("post", "/api/v1/auth/token/") not in takes


def test_the_ways_to_sign_in_are_described(schema: dict[str, Any]) -> None:
    assert set(schema["components"]["securitySchemes"]) == {"bearer", "apiKey", "cookie"}
    assert schema["paths"]["/api/v1/auth/token/"]["post"].get("security", []) == []


def test_the_page_is_served_by_us(client: Client) -> None:
    page = client.get("/api/v1/docs/").content.decode()

    assert "//" not in page.split("<title>")[0]
    assert "https://" not in page
    assert (
        client.get("/static/drf_spectacular_sidecar/swagger-ui-dist/swagger-ui-bundle.js").status_code == 200
    )
