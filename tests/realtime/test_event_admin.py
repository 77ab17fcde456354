"""The admin of events finds a run's lines and a type's without reading the whole log."""

import json
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from realtime import log
from tests.factories import make_run, make_user
from tests.realtime.conftest import progress, stage

pytestmark = pytest.mark.django_db
LINES = 2000


@pytest.fixture
def client() -> Client:
    client = Client()
    client.force_login(make_user(role="admin"))
    return client


@pytest.fixture
def run() -> Any:
    """A run with five lines in a log of two thousand."""
    other = make_run()
    log.append(other.topic_id, [progress(done) for done in range(LINES)], run=other.pk)
    run = make_run()
    log.append(run.topic_id, [stage(), *[progress(done) for done in range(4)]], run=run.pk)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE realtime_event")
    return run


def seen(page: Any) -> list[int]:
    return [event.seq for event in page.context["cl"].result_list]


def read_rows(queries: CaptureQueriesContext) -> int:
    """The most lines of the log one of these queries looked at."""
    plans = [explained(query["sql"]) for query in queries if "realtime_event" in query["sql"]]
    return max(looked_at(plan) for plan in plans)


def explained(sql: str) -> dict[str, Any]:
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN (ANALYZE, FORMAT JSON) {sql}")
        plan: dict[str, Any] = json.loads(json.dumps(cursor.fetchone()[0]))[0]["Plan"]
    return plan


def looked_at(plan: dict[str, Any]) -> int:
    own = (plan["Actual Rows"] + plan.get("Rows Removed by Filter", 0)) * plan["Actual Loops"]
    mine = own if plan.get("Relation Name") == "realtime_event" else 0
    return int(mine) + sum(looked_at(part) for part in plan.get("Plans", []))


def listed(client: Client, **query: str) -> tuple[Any, CaptureQueriesContext]:
    with CaptureQueriesContext(connection) as queries:
        page = client.get(reverse("admin:realtime_event_changelist"), query)
    return page, queries


def test_a_run_is_found_by_its_id_with_its_progress(client: Client, run: Any) -> None:
    page, queries = listed(client, q=str(run.pk))

    assert seen(page) == [1, 2, 3, 4, 5]
    assert read_rows(queries) < 20


@pytest.mark.parametrize("term", ["meso4", "34937b03-c2f0-4c57-a05a-db694aa5c869"])
def test_no_run_has_no_lines(client: Client, run: Any, term: str) -> None:
    assert seen(listed(client, q=term)[0]) == []


def test_the_list_does_not_read_the_log_for_its_filter(client: Client, run: Any) -> None:
    page, queries = listed(client, topic__id__exact=str(run.topic_id))

    assert seen(page) == [1, 2, 3, 4, 5]
    assert "run.cancelled" in page.content.decode()
    assert read_rows(queries) < 20


def test_a_type_narrows_the_list(client: Client, run: Any) -> None:
    assert seen(listed(client, type="stage.started")[0]) == [1]
