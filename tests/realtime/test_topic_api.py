"""The same events over REST, as they are stored."""

import json
from typing import Any

import pytest
from rest_framework.test import APIClient

from realtime import log
from tests.factories import make_run, make_user
from tests.realtime.conftest import progress, stage

pytestmark = pytest.mark.django_db


def client_of(user: Any) -> APIClient:
    client = APIClient()
    client.force_authenticate(user)
    return client


def test_events_come_after_a_cursor_with_the_head() -> None:
    run = make_run()
    lines = log.append(run.topic_id, [progress(done) for done in range(5)])

    answer = client_of(run.owner).get(f"/api/v1/topics/{run.topic_id}/events/?after=3")

    assert answer["Content-Type"] == "application/json"
    assert answer.json() == {
        "head": 5,
        "complete": True,
        "events": [json.loads(line.body) for line in lines[3:]],
        "thinned": [],
    }


def test_bodies_are_sent_byte_for_byte() -> None:
    run = make_run()
    (line,) = log.append(run.topic_id, [progress(1)])

    answer = client_of(run.owner).get(f"/api/v1/topics/{run.topic_id}/events/")

    assert line.body in answer.content.decode()


def test_a_page_that_does_not_reach_the_head_says_so() -> None:
    run = make_run()
    log.append(run.topic_id, [stage() for _ in range(5)])

    answer = client_of(run.owner).get(f"/api/v1/topics/{run.topic_id}/events/?after=1&limit=2").json()

    assert [event["seq"] for event in answer["events"]] == [2, 3]
    assert (answer["head"], answer["complete"]) == (5, False)


def test_emptied_lines_are_named() -> None:
    run = make_run()
    log.append(run.topic_id, [stage() for _ in range(5)])
    log.empty(run.topic_id, 2, 3)

    answer = client_of(run.owner).get(f"/api/v1/topics/{run.topic_id}/events/").json()

    assert [event["seq"] for event in answer["events"]] == [1, 4, 5]
    assert answer["thinned"] == [{"first": 2, "last": 3}]


def test_a_cursor_beyond_the_head_gives_nothing() -> None:
    run = make_run()
    log.append(run.topic_id, [stage()])

    answer = client_of(run.owner).get(f"/api/v1/topics/{run.topic_id}/events/?after=7").json()

    assert answer == {"head": 1, "complete": True, "events": [], "thinned": []}


def test_a_page_costs_three_queries(django_assert_num_queries: Any) -> None:
    run = make_run()
    log.append(run.topic_id, [progress(done) for done in range(50)])
    client = client_of(run.owner)

    with django_assert_num_queries(3):  # the topic, the right to see it, the lines
        client.get(f"/api/v1/topics/{run.topic_id}/events/")


@pytest.mark.parametrize(
    "query", ["after=-1", "after=x", "limit=0", "limit=1.5", "afer=1", "page=2", "page_size=5"]
)
def test_a_query_that_makes_no_sense_is_refused(query: str) -> None:
    run = make_run()

    answer = client_of(run.owner).get(f"/api/v1/topics/{run.topic_id}/events/?{query}")

    assert answer.status_code == 400
    assert answer["Content-Type"] == "application/problem+json"


def test_a_cursor_below_the_beginning_is_told_where_that_is() -> None:
    run = make_run()

    answer = client_of(run.owner).get(f"/api/v1/topics/{run.topic_id}/events/?after=-1")

    assert answer.json()["detail"] == "after must be a whole number, 0 or more, not '-1'."


@pytest.mark.parametrize("tail", ["events/", "verify/"])
def test_anonymous_and_strangers_get_nothing(tail: str) -> None:
    run = make_run()

    assert APIClient().get(f"/api/v1/topics/{run.topic_id}/{tail}").status_code == 401
    assert client_of(make_user()).get(f"/api/v1/topics/{run.topic_id}/{tail}").status_code == 404


def test_the_chain_can_be_verified_over_rest() -> None:
    run = make_run()
    log.append(run.topic_id, [stage() for _ in range(3)])
    client = client_of(run.owner)
    whole = client.get(f"/api/v1/topics/{run.topic_id}/verify/").json()
    run.topic.events.filter(seq=2).delete()

    broken = client.get(f"/api/v1/topics/{run.topic_id}/verify/").json()

    assert (whole["ok"], whole["checked"], whole["broken"]) == (True, 3, None)
    assert whole["hash"] == json.loads(log.read(run.topic_id)[-1].body)["hash"]
    assert (broken["ok"], broken["broken"]) == (False, 2)
