"""Footage events in REST: finding, counting and taking away what was seen."""

from datetime import UTC, datetime
from typing import Any

import pytest
from rest_framework.test import APIClient

from accounts.models import Role, Team, User
from analysis.models import Run, Sighting
from realtime import log
from realtime.log import Draft
from tests.analysis.conftest import signed_in
from tests.analysis.footage import motion, plate, track
from tests.factories import make_media, make_run, make_user

pytestmark = pytest.mark.django_db
EVENTS = "/api/v1/events/"


@pytest.fixture
def run(analyst: User) -> Run:
    return make_run(owner=analyst)


def seen(run: Run, *drafts: Draft) -> list[int]:
    """Appends lines and says by which ids the events are called."""
    seqs = [line.seq for line in log.append(run.topic_id, drafts)]
    found = Sighting.objects.filter(topic=run.topic_id, seq__in=seqs).order_by("seq")
    return list(found.values_list("pk", flat=True))


def at(hour: int, minute: int = 0) -> datetime:
    return datetime(2026, 5, 3, hour, minute, tzinfo=UTC)


def timed(draft: Draft, time: datetime) -> Draft:
    return Draft(draft.type, draft.message, draft.data, draft.subject, time)


def found(client: APIClient, **query: Any) -> list[int]:
    answer = client.get(EVENTS, query)
    assert answer.status_code == 200, answer.json()
    return [record["id"] for record in answer.json()["results"]]


def test_events_are_listed_newest_first_in_pages(client: APIClient, run: Run) -> None:
    ids = seen(run, *[track("updated", track=number) for number in range(5)])

    first = client.get(EVENTS, {"page_size": 2}).json()
    last = client.get(EVENTS, {"page_size": 2, "page": 3}).json()

    assert (first["count"], first["page"], first["page_size"]) == (5, 1, 2)
    assert [record["id"] for record in first["results"]] == [ids[4], ids[3]]
    assert [record["event_data"]["track_id"] for record in last["results"]] == [0]


def test_a_page_has_fifty_and_at_most_five_hundred(client: APIClient, run: Run) -> None:
    seen(run, *[motion() for _ in range(501)])

    sizes = [client.get(EVENTS, query).json() for query in ({}, {"page_size": 500}, {"page_size": 9999})]

    assert [(page["page_size"], len(page["results"])) for page in sizes] == [(50, 50), (500, 500), (500, 500)]


def test_a_list_asks_the_database_as_often_for_many_as_for_one(
    client: APIClient, analyst: User, django_assert_num_queries: Any
) -> None:
    seen(make_run(owner=analyst), track())
    client.get(EVENTS)
    # who asks, how many, which, and what their lines say
    with django_assert_num_queries(4):
        one = client.get(EVENTS).json()

    for _ in range(4):
        seen(make_run(owner=analyst), track(), motion(), plate())
    with django_assert_num_queries(4):
        many = client.get(EVENTS).json()

    assert (one["count"], many["count"], len(many["results"])) == (1, 13, 13)


def test_every_filter_narrows_the_list(client: APIClient, analyst: User) -> None:
    run, other = make_run(owner=analyst), make_run(owner=analyst)
    person, car = seen(run, timed(track(), at(10)), timed(track("left", **{"class": "car"}), at(11)))
    moved, read = seen(other, timed(motion(), at(12)), timed(plate(confidence=0.5), at(13)))
    camera, second = f"media:{run.media_id}", f"media:{other.media_id}"

    assert found(client, camera_id=camera) == [car, person]
    assert found(client, camera_id=f"{camera},{second}") == [read, moved, car, person]
    assert found(client, camera_id=[camera, second]) == [read, moved, car, person]
    assert found(client, event_type="motion") == [moved]
    assert found(client, event_type="motion,anpr") == [read, moved]
    assert found(client, object_class="Car") == [car]
    assert found(client, min_confidence="0.6") == [car, person]
    assert found(client, start_time="2026-05-03T11:00:00Z") == [read, moved, car]
    assert found(client, end_time="2026-05-03T11:00:00Z") == [car, person]
    assert found(client, start_time="2026-05-03", end_time="2026-05-03") == [read, moved, car, person]
    assert found(client, end_time="2026-05-02") == []
    assert found(client, camera_id=camera, event_type="tracking", object_class="person") == [person]
    assert found(client, camera_id="", event_type="") == [read, moved, car, person]


def test_a_day_ends_with_its_last_moment(client: APIClient, run: Run) -> None:
    last, _ = seen(
        run,
        timed(motion(), datetime(2026, 5, 3, 23, 59, 59, 999_999, tzinfo=UTC)),
        timed(motion(), datetime(2026, 5, 4, tzinfo=UTC)),
    )

    assert found(client, end_time="2026-05-03") == [last]


@pytest.mark.parametrize(
    ("pattern", "plates"),
    [
        ("AB12CDE", ["AB12 CDE"]),
        ("ab-12 cde", ["AB12 CDE"]),
        ("AB12", []),
        ("AB*", ["AB99 XYZ", "AB12 CDE", "ÄB 1"]),
        ("АВ12*", ["AB12 CDE"]),  # Cyrillic А and В
        ("*", ["AB99 XYZ", "AB12 CDE", "ÄB 1"]),
        ("AB??C*", ["AB12 CDE"]),
        ("?B*", ["AB99 XYZ", "AB12 CDE", "ÄB 1"]),
        ("***9***", ["AB99 XYZ"]),
        ("äb1", ["ÄB 1"]),
        ("AB1", ["ÄB 1"]),
        ("?????????" + "*" * 40, []),
    ],
)
def test_a_plate_is_found_by_letters_digits_and_two_wildcards_alone(
    client: APIClient, run: Run, pattern: str, plates: list[str]
) -> None:
    seen(run, plate("ÄB 1"), plate("AB12 CDE"), plate("AB99 XYZ"), track(), Draft("plate.read"))

    results = client.get(EVENTS, {"license_plate": pattern}).json()["results"]

    assert [record["event_data"]["anpr_result"]["license_plate"] for record in results] == plates


@pytest.mark.parametrize(
    "query",
    [
        {"license_plate": "A" * 33},
        {"license_plate": "--"},
        {"license_plate": "AB%"},
        {"license_plate": "AB_2"},
        {"license_plate": "A.*"},
        {"license_plate": "[A]B"},
        {"license_plate": "A\\"},
        {"event_type": "plate"},
        {"event_type": "motion,plate"},
        {"camera_id": "media:1"},
        {"camera_id": "a b"},
        {"camera_id": "x" * 101},
        {"camera_id": ",".join(f"cam{number}" for number in range(101))},
        {"object_class": "x" * 65},
        {"object_class": "a\0b"},
        {"min_confidence": "1.1"},
        {"min_confidence": "nan"},
        {"min_confidence": ["0.1", "0.2"]},
        {"start_time": "yesterday"},
        {"end_time": "2026-02-30"},
        {"camera": "1"},
        {"id": "1"},
    ],
    ids=str,
)
@pytest.mark.parametrize("address", [EVENTS, f"{EVENTS}stats/"])
def test_filters_that_make_no_sense_are_refused(
    client: APIClient, run: Run, address: str, query: dict[str, Any]
) -> None:
    answer = client.get(address, query)

    assert (answer.status_code, answer.json()["code"]) == (400, "invalid")
    assert [error["field"] for error in answer.json()["errors"]] == list(query)


def test_one_event_is_read_by_its_number(client: APIClient, run: Run) -> None:
    (number,) = seen(run, plate())

    answer = client.get(f"{EVENTS}{number}/")

    assert answer.status_code == 200
    assert answer.json() == client.get(EVENTS).json()["results"][0]
    assert answer.json()["event_data"]["anpr_result"]["license_plate"] == "AB-12 CDE"


@pytest.mark.parametrize("number", [0, 99_999_999, 10**18, 10**30], ids=str)
@pytest.mark.parametrize("rest", ["", "snapshot/"])
def test_an_event_that_is_not_there_is_404(client: APIClient, run: Run, number: int, rest: str) -> None:
    seen(run, plate())

    answer = client.get(f"{EVENTS}{number}/{rest}")

    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


def test_an_event_without_a_picture_says_so(client: APIClient, run: Run) -> None:
    (number,) = seen(run, plate())

    answer = client.get(f"{EVENTS}{number}/snapshot/")

    assert (answer.status_code, answer.json()["code"]) == (404, "no_snapshot")
    assert answer["Content-Type"] == "application/problem+json"


def test_events_are_counted_by_type_and_camera(
    client: APIClient, analyst: User, django_assert_num_queries: Any
) -> None:
    run, other = make_run(owner=analyst), make_run(owner=analyst)
    seen(run, timed(track(), at(10)), timed(track("left"), at(11)), timed(motion(), at(12)))
    seen(other, timed(track(), at(13)))
    seen(make_run(), track())
    client.get(f"{EVENTS}stats/")

    with django_assert_num_queries(4):
        counted = client.get(f"{EVENTS}stats/").json()
    narrowed = client.get(f"{EVENTS}stats/", {"camera_id": f"media:{other.media_id}"}).json()

    assert counted == {
        "total": 4,
        "by_type": {"motion": 1, "tracking": 3, "anpr": 0},
        "by_camera": {f"media:{run.media_id}": 3, f"media:{other.media_id}": 1},
        "by_class": {"person": 3},
        "plates": 0,
        "date_range": {"start": "2026-05-03T10:00:00Z", "end": "2026-05-03T13:00:00Z"},
    }
    assert (narrowed["total"], narrowed["by_type"]["motion"]) == (1, 0)


@pytest.mark.parametrize("key", ["", "k3Jx9-_pQw7ZtYb2LmNcVr5sHdFg8aEo1u"], ids=["clear", "keyed"])
def test_classes_and_different_plates_are_counted(
    client: APIClient, run: Run, settings: Any, key: str
) -> None:
    settings.PLATE_KEY = key
    seen(run, track(), *[track("left", **{"class": "car"}) for _ in range(2)])
    seen(run, plate("AB12 CDE"), plate("AB-12 CDE"), plate("XY34 ZZZ"), plate("?"))

    counted = client.get(f"{EVENTS}stats/").json()

    assert (counted["by_class"], list(counted["by_class"])) == ({"car": 2, "person": 1}, ["car", "person"])
    assert (counted["plates"], counted["by_type"]["anpr"]) == (2, 4)
    assert client.get(f"{EVENTS}stats/", {"object_class": "car"}).json()["plates"] == 0


def test_where_nothing_was_seen_there_is_nothing_to_count(client: APIClient) -> None:
    assert client.get(f"{EVENTS}stats/").json() == {
        "total": 0,
        "by_type": {"motion": 0, "tracking": 0, "anpr": 0},
        "by_camera": {},
        "by_class": {},
        "plates": 0,
        "date_range": {"start": None, "end": None},
    }


def test_somebody_elses_events_are_missing_everywhere(client: APIClient, run: Run) -> None:
    seen(run, track())
    foreign_run = make_run()
    (foreign,) = seen(foreign_run, plate())

    answers = [
        client.get(f"{EVENTS}{foreign}/"),
        client.get(f"{EVENTS}{foreign}/snapshot/"),
        client.delete(f"{EVENTS}{foreign}/"),
    ]

    assert [(answer.status_code, answer.json()["code"]) for answer in answers] == [(404, "not_found")] * 3
    assert foreign not in found(client)
    assert found(client, camera_id=f"media:{foreign_run.media_id}") == []
    assert client.get(f"{EVENTS}stats/").json()["total"] == 1
    assert Sighting.objects.filter(pk=foreign).exists()


def test_events_of_files_shared_with_a_team_are_seen_and_not_deleted(
    client: APIClient, analyst: User
) -> None:
    team = Team.objects.create(name="desk")
    team.members.add(analyst)
    shared = make_run(media=make_media(team=team))
    (number,) = seen(shared, plate())

    answer = client.delete(f"{EVENTS}{number}/")

    assert found(client) == [number]
    assert (answer.status_code, answer.json()["code"]) == (403, "not_the_owner")
    assert found(client) == [number]


def test_a_deleted_event_is_gone_and_the_log_still_verifies(client: APIClient, run: Run) -> None:
    first, second = seen(run, plate("AB12 CDE"), plate("XY34 ZZZ"))

    answer = client.delete(f"{EVENTS}{first}/")

    assert (answer.status_code, answer.content) == (204, b"")
    assert found(client) == [second]
    assert client.get(f"{EVENTS}{first}/").status_code == 404
    assert client.delete(f"{EVENTS}{first}/").status_code == 404
    lines = client.get(f"/api/v1/topics/{run.topic_id}/events/").json()
    assert [event["seq"] for event in lines["events"]] == [2]
    assert lines["thinned"] == [{"first": 1, "last": 1}]
    assert log.verify(run.topic_id).ok


def test_who_may_only_look_deletes_nothing(analyst: User, run: Run) -> None:
    (number,) = seen(run, plate())
    User.objects.filter(pk=analyst.pk).update(role=Role.VIEWER)
    viewer = signed_in(User.objects.get(pk=analyst.pk))

    answer = viewer.delete(f"{EVENTS}{number}/")

    assert (answer.status_code, answer.json()["code"]) == (403, "viewer_may_not")
    assert viewer.get(f"{EVENTS}{number}/").status_code == 200


def test_an_admin_sees_and_deletes_everybodys(run: Run) -> None:
    (number,) = seen(run, plate())
    admin = signed_in(make_user(role=Role.ADMIN))

    assert found(admin) == [number]
    assert admin.delete(f"{EVENTS}{number}/").status_code == 204
    assert found(admin) == []
