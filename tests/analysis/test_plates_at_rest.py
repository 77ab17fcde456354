"""Where there is a key for plates, no plate stands anywhere in the clear, and whoever may see an event reads its."""

from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import connection
from rest_framework.test import APIClient

from accounts.models import User
from analysis import plates, sightings
from analysis.alerts import keeping
from analysis.engine.types import DetectorEnded, EvidenceMade, NotAssessed, Outcome, OutcomeName, Reason
from analysis.models import Evidence, Result, Sighting, WatchedPlate
from analysis.queue import Claim
from analysis.recorder import hiding
from realtime import log
from realtime.log import Draft
from tests.analysis.footage import plate
from tests.analysis.told import claimed, lines, plate_told, record
from tests.factories import make_media, make_run

pytestmark = pytest.mark.django_db(transaction=True)
KEY = "k3Jx9-_pQw7ZtYb2LmNcVr5sHdFg8aEo1u"
OTHER_KEY = "uaEo18gFdHs5rVcNmL2bYtZ7wQp_-9xJ3k"
EVENTS = "/api/v1/events/"


@pytest.fixture
def keyed(settings: Any) -> None:
    settings.PLATE_KEY = KEY


@pytest.fixture
def claim(home: Path, analyst: User) -> Claim:
    return claimed(make_media(owner=analyst))


def stored() -> str:
    """Every row of every table, as text."""
    with connection.cursor() as cursor:
        tables = connection.introspection.table_names(cursor)
        rows = []
        for table in tables:
            cursor.execute(f'SELECT row_to_json(t)::text FROM "{table}" t')  # noqa: S608  # names of ours
            rows += [row for (row,) in cursor.fetchall()]
    return "\n".join(rows)


def read(client: APIClient, **query: Any) -> list[str]:
    answer = client.get(EVENTS, query)
    assert answer.status_code == 200, answer.json()
    return [one["event_data"]["anpr_result"]["license_plate"] for one in answer.json()["results"]]


def ended(detail: str, **facts: Any) -> DetectorEnded:
    said = NotAssessed(Reason.REPORTS_FACTS, detail, facts=facts)
    return DetectorEnded("anpr", "1.0", "footage", None, said, 1.5, title="Plates")


def test_a_plate_that_was_read_stands_nowhere_in_the_clear(claim: Claim, keyed: None) -> None:
    outcome = Outcome(OutcomeName.NO_SIGNS, "No signs.", "Plates saw AB12 CDE.", "Limit.", "Rule.")
    told = record(
        claim,
        plate_told(candidates=(("AB12CDF", 0.2),), doubt="the grammars allow AB12CDE and AB12CDF"),
        EvidenceMade("anpr", "plates", "Plate AB12 CDE", "ab12-cde, once.", "image/png", b"bytes"),
        ended("Read: AB12 CDE.", plates=["AB12CDE", {"AB12 CDE": "AB12CDF?"}], count=1),
        outcome=outcome,
    )

    everything = stored().upper()
    assert "A PLATE WAS READ." in everything  # so that it is the tables that are looked at
    assert [text for text in ("AB12", "12CDE", "12 CDE", "12CDF") if text in everything] == []
    (line, _) = lines(claim)
    assert line.subject == line.data["plate_hash"] == Sighting.objects.get().plate_hash
    assert line.data["region"] == "gb"
    assert Result.objects.get().facts == {"plates": ["[plate]", {"[plate]": "[plate]?"}], "count": 1}
    assert Result.objects.get().detail == "Read: [plate]."
    assert (Evidence.objects.get().title, Evidence.objects.get().caption) == (
        "Plate [plate]",
        "[plate], once.",
    )
    assert told.outcome and told.outcome.why == "Plates saw [plate]."


def test_a_list_of_what_was_read_loses_the_plates_and_keeps_the_rest(claim: Claim, keyed: None) -> None:
    row = {"confidence": 0.9, "frame": 7}

    record(claim, ended("1 read.", plates=1, read=[row | {"plate": "AB12CDE", "doubt": "or AB12CD8"}]))

    assert Result.objects.get().facts == {"plates": 1, "read": [row]}
    assert "AB12" not in stored()


def test_the_first_of_very_many_plates_is_still_hidden(
    claim: Claim, keyed: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hiding, "MOST_TEXTS", 3)
    many = [plate_told(plate=f"XY{number}ZZ", written="") for number in range(9)]

    record(claim, plate_told(), *many, ended("AB12 CDE, and at last XY8ZZ.", first="AB12CDE"))

    assert Result.objects.get().facts == {"first": "[plate]"}
    assert Result.objects.get().detail == "[plate]"


def test_what_only_a_doubt_names_is_hidden_too(claim: Claim, keyed: None) -> None:
    told = plate_told(doubt="the grammars allow AB12CDE and A812CDE")

    record(claim, told, ended("the grammars allow A812CDE"))

    assert Result.objects.get().detail == "the grammars allow [plate]"


def test_without_a_key_nothing_is_hidden(claim: Claim) -> None:
    record(claim, plate_told(), ended("Read: AB12 CDE."))

    assert Result.objects.get().detail == "Read: AB12 CDE."
    assert Sighting.objects.get().plate == "AB12CDE"


def test_who_may_see_the_event_reads_the_plate(claim: Claim, keyed: None, client: APIClient) -> None:
    record(claim, plate_told())

    assert read(client) == ["AB12CDE"]
    (frame,) = sightings.frames(claim.topic, log.read(claim.topic))
    assert '"license_plate":"AB12CDE"' in frame.text


def test_a_plate_in_the_clear_in_a_line_of_a_program_is_kept_under_the_key(
    keyed: None, analyst: User, client: APIClient
) -> None:
    log.append(make_run(owner=analyst).topic_id, [plate("AB-12 CDE")])

    (kept,) = Sighting.objects.all()
    assert (kept.plate, len(kept.plate_hash)) == ("", 64)
    assert "AB12" not in kept.plate_sealed
    assert read(client, license_plate="ab12cde") == ["AB-12 CDE"]


@pytest.mark.parametrize(
    ("pattern", "found"),
    [
        ("ab-12 cde", ["AB12CDE"]),
        ("АВ12CDE", ["AB12CDE"]),  # Cyrillic А and В
        ("AB12", []),
        ("AB*", ["AB99XYZ", "AB12CDE"]),
        ("AB??C*", ["AB12CDE"]),
        ("*9*", ["AB99XYZ"]),
    ],
)
def test_it_is_found_by_the_whole_plate_and_by_patterns(
    claim: Claim, keyed: None, client: APIClient, pattern: str, found: list[str]
) -> None:
    record(claim, plate_told(), plate_told(plate="AB99XYZ", written=""), plate_told(plate="XX1", written=""))

    assert read(client, license_plate=pattern) == found


def test_what_was_kept_before_there_was_a_key_is_found_beside_the_rest(
    claim: Claim, settings: Any, client: APIClient
) -> None:
    log.append(claim.topic, [plate("AB12 CDE")])
    settings.PLATE_KEY = KEY
    log.append(claim.topic, [plate("AB-12-CDE")])

    assert read(client, license_plate="AB12CDE") == ["AB-12-CDE", "AB12 CDE"]
    assert read(client, license_plate="AB1*") == ["AB-12-CDE", "AB12 CDE"]


def test_a_pattern_that_would_open_too_many_plates_is_refused(
    keyed: None, analyst: User, client: APIClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(plates, "PLATES_OPENED", 2)
    run, other = make_run(owner=analyst), make_run(owner=analyst)
    log.append(run.topic_id, [plate("AB1"), plate("AB1"), plate("AB2")])
    log.append(other.topic_id, [plate("AB3")])

    answers = [client.get(f"{EVENTS}{rest}", {"license_plate": "AB*"}) for rest in ("", "stats/")]

    assert [(one.status_code, one.json()["code"]) for one in answers] == [(422, "too_many_plates")] * 2
    assert "Narrow the search" in answers[0].json()["detail"]
    assert read(client, license_plate="AB*", camera_id=f"media:{run.media_id}") == ["AB2", "AB1", "AB1"]
    assert read(client, license_plate="AB3") == ["AB3"]


def test_under_another_key_an_event_is_told_without_its_plate(
    claim: Claim, keyed: None, settings: Any, client: APIClient
) -> None:
    record(claim, plate_told())
    settings.PLATE_KEY = OTHER_KEY

    assert read(client) == [None]
    assert read(client, license_plate="AB12CDE") == read(client, license_plate="AB*") == []


@pytest.mark.parametrize(
    "sealed", [7, "", "x", "é", "x" * 60_000, ["x"], None], ids=lambda value: str(value)[:9]
)
def test_a_ciphertext_that_is_none_is_no_plate(
    keyed: None, analyst: User, client: APIClient, sealed: Any
) -> None:
    data = {"sealed": sealed, "plate_hash": "ab" * 32}
    log.append(make_run(owner=analyst).topic_id, [Draft("plate.read", "x", data)])

    assert read(client) == [None]
    assert Sighting.objects.get().plate_hash == ""


def encrypt() -> str:
    said = StringIO()
    call_command("encryptplates", stdout=said)
    return said.getvalue()


def test_what_was_kept_before_is_encrypted_by_a_command(
    analyst: User, settings: Any, client: APIClient
) -> None:
    run = make_run(owner=analyst)
    log.append(run.topic_id, [plate("AB12 CDE"), plate("XY34 ZZZ")])
    settings.PLATE_KEY = KEY

    first, second = encrypt(), encrypt()

    assert first == "2 plates and searches encrypted, 0 were so before.\n"
    assert second == "0 plates and searches encrypted, 2 were so before.\n"
    assert set(Sighting.objects.values_list("plate", flat=True)) == {""}
    assert read(client, license_plate="AB*") == ["AB12 CDE"]
    assert "AB12 CDE" in log.read(run.topic_id)[0].body  # lines stay what they were
    assert log.verify(run.topic_id).ok


def test_watched_plates_of_before_are_encrypted_too(analyst: User, settings: Any) -> None:
    keeping.watch_for(analyst, name="Van", plate="AB12 CDE", note="")
    keeping.watch_for(analyst, name="Fleet", plate="XY*", note="")
    settings.PLATE_KEY = KEY

    assert encrypt() == "2 plates and searches encrypted, 0 were so before.\n"

    kept = WatchedPlate.objects.order_by("name")
    assert [(one.plate, one.plate_sealed == "") for one in kept] == [("", False), ("", False)]
    assert [plates.text_of(one.plate, one.plate_sealed) for one in kept] == ["XY*", "AB12CDE"]


def test_after_a_change_of_keys_what_the_log_can_say_is_encrypted_again(
    analyst: User, settings: Any, client: APIClient
) -> None:
    settings.PLATE_KEY = OTHER_KEY
    topic = make_run(owner=analyst).topic_id
    log.append(topic, [plate("AB12 CDE")])
    log.append(topic, [Draft("plate.read", "A plate was read.", plates.closed({"plate": "XY34ZZZ"}))])
    settings.PLATE_KEY = KEY

    said = encrypt()

    assert "1 plates and searches encrypted, 0 were so before." in said
    assert "1 were encrypted with another key" in said
    assert read(client, license_plate="AB12CDE") == ["AB12 CDE"]


def test_without_a_key_the_command_says_so(home: Path) -> None:
    with pytest.raises(CommandError, match="ASSAY_ENCRYPT_PLATES"):
        encrypt()


def test_two_events_of_one_plate_are_known_to_be_of_one_and_nothing_else_is(
    claim: Claim, keyed: None
) -> None:
    record(claim, plate_told(), plate_told(), plate_told(plate="AB12CDF"))

    one, same, other = (line.data for line in lines(claim))
    assert one["plate_hash"] == same["plate_hash"] != other["plate_hash"]
    assert one["sealed"] != same["sealed"]
