"""Every error under /api/ is a problem document."""

from time import process_time
from typing import Any

import pytest
from django.test import Client

pytestmark = [pytest.mark.urls("tests.accounts.urls"), pytest.mark.django_db]
OPEN = "/api/v1/test/open/"


@pytest.fixture
def browser() -> Client:
    return Client(raise_request_exception=False)


def problem(response: Any) -> dict[str, Any]:
    body: dict[str, Any] = response.json()
    assert response["Content-Type"].split(";")[0] == "application/problem+json"
    assert {"type", "title", "status", "code", "detail", "instance"} <= set(body)
    assert body["status"] == response.status_code
    assert body["type"] == f"urn:assay:problem:{body['code']}"
    return body


@pytest.mark.parametrize(
    ("method", "address", "status", "code"),
    [
        ("get", "/api/v1/nothing/here/", 404, "not_found"),
        ("get", "/api/v1/test/missing/", 404, "not_found"),
        ("get", "/api/v1/test/denied/", 403, "permission_denied"),
        ("get", "/api/v1/test/odd/", 400, "bad_request"),
        ("get", "/api/v1/test/broken/", 500, "internal_error"),
        ("get", OPEN, 405, "method_not_allowed"),
    ],
)
def test_errors_have_one_shape(browser: Client, method: str, address: str, status: int, code: str) -> None:
    body = problem(getattr(browser, method)(address))

    assert (body["status"], body["code"], body["instance"]) == (status, code, address)


@pytest.mark.parametrize("method", ["post", "put", "patch", "delete"])
def test_what_a_redirect_would_lose_is_refused_and_told_the_address(browser: Client, method: str) -> None:
    body = problem(getattr(browser, method)("/api/v1/media?q=a"))

    assert (body["status"], body["code"]) == (404, "missing_slash")
    assert "/api/v1/media/" in body["detail"]


def test_whoever_only_reads_is_led_to_the_address_with_its_slash(browser: Client) -> None:
    answer = browser.get("/api/v1/media?q=a")

    assert (answer.status_code, answer["Location"]) == (301, "/api/v1/media/?q=a")


def test_a_bug_tells_nothing_of_its_inside(browser: Client) -> None:
    assert "secret detail" not in browser.get("/api/v1/test/broken/").content.decode()


def test_a_page_that_is_not_there_is_no_problem_document(browser: Client) -> None:
    response = browser.get("/nothing/here/")

    assert response.status_code == 404
    assert response["Content-Type"].startswith("text/html")


def test_a_problem_carries_its_extra_members_and_headers(browser: Client) -> None:
    response = browser.get("/api/v1/test/gone/")

    body = problem(response)
    assert (body["code"], body["detail"], body["by"]) == (
        "media_deleted",
        "This file was deleted on 3 May.",
        "ana",
    )
    assert response["X-By"] == "ana"


@pytest.mark.parametrize(
    ("body", "media_type", "status", "code"),
    [
        ("<a/>", "text/xml", 415, "unsupported_media_type"),
        ("{", "application/json", 400, "parse_error"),
        ('{"people": NaN}', "application/json", 400, "parse_error"),
        ('"people"', "application/json", 400, "parse_error"),
        ("[" * 100_000, "application/json", 400, "parse_error"),
        ('{"people": [{"name": "\\ud800", "age": 3}]}', "application/json", 400, "parse_error"),
        ('{"\\uDfff": 1}', "application/json", 400, "parse_error"),
    ],
)
def test_bodies_that_cannot_be_read(
    browser: Client, body: str, media_type: str, status: int, code: str
) -> None:
    answer = problem(browser.post(OPEN, body, content_type=media_type))

    assert (answer["status"], answer["code"]) == (status, code)


def test_a_whole_surrogate_pair_is_a_character(browser: Client) -> None:
    sent = '{"people": [{"name": "\\ud83d\\ude00", "age": 3}]}'

    assert browser.post(OPEN, sent, content_type="application/json").status_code == 200


def test_a_body_beyond_the_limit_is_413(browser: Client, settings: Any) -> None:
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 1000

    answer = problem(browser.post(OPEN, {"people": "a" * 2000}, content_type="application/json"))

    assert (answer["status"], answer["code"]) == (413, "too_large")


def test_invalid_fields_are_listed_with_their_place(browser: Client) -> None:
    people = [{"name": "Ana", "age": 3}, {"name": "Bartholomew", "age": "old"}]

    body = problem(browser.post(OPEN, {"people": people}, content_type="application/json"))

    assert (body["status"], body["code"]) == (400, "invalid")
    assert [(error["field"], error["code"]) for error in body["errors"]] == [
        ("people.1.name", "max_length"),
        ("people.1.age", "invalid"),
    ]


@pytest.mark.parametrize("field", ["nickname", "id"])
def test_fields_that_are_unknown_or_cannot_be_set_are_refused(browser: Client, field: str) -> None:
    person = {"name": "Ana", "age": 3}
    accepted = browser.post(OPEN, {"people": [person]}, content_type="application/json")

    body = problem(browser.post(OPEN, {"people": [person | {field: 1}]}, content_type="application/json"))

    assert accepted.status_code == 200
    assert body["errors"] == [
        {
            "field": f"people.0.{field}",
            "code": "unknown_field",
            "detail": "Unknown field. Known here: age, name.",
        }
    ]


def test_very_many_errors_cost_no_more_than_many(browser: Client) -> None:
    sent = {f"{number:x}": 1 for number in range(100_000)}
    began = process_time()

    answer = browser.post("/api/v1/auth/token/", sent, content_type="application/json")

    assert process_time() - began < 2
    assert [error["code"] for error in answer.json()["errors"]] == ["unknown_field"] * 100


def test_very_many_nested_errors_cost_no_more_than_many(browser: Client) -> None:
    answer = problem(browser.post(OPEN, {"people": [{}] * 10_000}, content_type="application/json"))

    assert len(answer["errors"]) == 100
