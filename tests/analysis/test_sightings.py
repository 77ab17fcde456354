"""Sightings are written with the lines they are found by, and go with them."""

from importlib import import_module
from typing import Any

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from analysis import sightings
from analysis.dialects import footage
from analysis.models import Run, Sighting
from analysis.uploads.removal import remove
from realtime import log
from realtime.models import Event, Topic
from tests.analysis.footage import motion, plate, track
from tests.factories import make_run
from tests.realtime.conftest import progress, stage

pytestmark = pytest.mark.django_db


@pytest.fixture
def run() -> Run:
    return make_run()


def test_what_was_seen_is_kept_beside_its_line(run: Run) -> None:
    lines = log.append(run.topic_id, [stage(), track(), motion(), plate("ab-12 cde")])

    seen = list(Sighting.objects.order_by("seq"))
    assert [(one.topic_id, one.seq) for one in seen] == [
        (run.topic_id, 2),
        (run.topic_id, 3),
        (run.topic_id, 4),
    ]
    assert {one.camera_id for one in seen} == {f"media:{run.media_id}"}
    assert [one.event_type for one in seen] == ["tracking", "motion", "anpr"]
    assert [one.object_class for one in seen] == ["person", "", ""]
    assert [one.plate for one in seen] == ["", "", "AB12CDE"]
    assert [one.confidence for one in seen] == [0.91, None, 0.8]
    assert [one.frame_number for one in seen] == [312, 75, 175]
    written = Event.objects.order_by("seq").values_list("time", flat=True)[1:]
    assert [one.time for one in seen] == list(written)
    assert len(lines) == 4


def test_what_is_not_committed_is_not_seen(run: Run) -> None:
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        log.append(run.topic_id, [track()])
        assert Sighting.objects.count() == 1
        raise ZeroDivisionError

    assert (Sighting.objects.count(), Event.objects.count()) == (0, 0)


def test_kept_again_it_is_kept_once(run: Run) -> None:
    lines = log.append(run.topic_id, [track(), plate()])
    before = list(Sighting.objects.order_by("seq").values())

    sightings.index(run.topic_id, lines)

    assert list(Sighting.objects.order_by("seq").values()) == before


def test_it_can_be_made_again_from_the_log(run: Run) -> None:
    log.append(run.topic_id, [track(), stage(), plate()])
    before = list(Sighting.objects.order_by("seq").values("seq", "plate", "object_class", "time"))
    Sighting.objects.all().delete()

    sightings.index(run.topic_id, log.read(run.topic_id))

    assert list(Sighting.objects.order_by("seq").values("seq", "plate", "object_class", "time")) == before


def test_a_plate_is_searched_by_what_it_is_taken_for(run: Run) -> None:
    log.append(
        run.topic_id, [plate("ав-12 СDЕ"), plate("GÖ\u2007１２"), plate("?*%")]
    )  # Cyrillic; full width

    assert list(Sighting.objects.order_by("seq").values_list("plate", flat=True)) == ["AB12CDE", "GO12", ""]


def test_plates_kept_before_are_made_again_from_their_lines(run: Run) -> None:
    texts = ["АВ12 CDE", "AB-12 CDE", 7, None, "x" * 500]  # the first with Cyrillic АВ
    log.append(run.topic_id, [plate(text) for text in texts])  # type: ignore[arg-type]  # as a program may write
    made = list(Sighting.objects.order_by("seq").values_list("plate", flat=True))
    Sighting.objects.update(plate="ÄLTER")
    migration = import_module("analysis.migrations.0008_footage_records")

    with connection.schema_editor() as editor:
        migration.remake_plates(None, editor)

    assert made[:4] == ["AB12CDE", "AB12CDE", "", ""]
    assert list(Sighting.objects.order_by("seq").values_list("plate", flat=True)) == made


def test_lines_in_which_nothing_was_seen_cost_no_query(run: Run, django_assert_num_queries: Any) -> None:
    lines = log.append(run.topic_id, [stage(), progress(1)])

    with django_assert_num_queries(0):
        sightings.index(run.topic_id, lines)


def test_a_batch_is_kept_in_two_queries(run: Run) -> None:
    log.append(run.topic_id, [stage()])
    with CaptureQueriesContext(connection) as plain:
        log.append(run.topic_id, [stage() for _ in range(300)])

    with CaptureQueriesContext(connection) as seen:
        log.append(run.topic_id, [track("updated") for _ in range(300)])

    assert Sighting.objects.count() == 300
    assert len(seen) - len(plain) == 2


def test_a_topic_without_a_source_has_no_sightings(run: Run) -> None:
    topic = log.create_topic("media_run", run.owner)

    log.append(topic.pk, [track()])

    assert Sighting.objects.count() == 0


def test_an_emptied_line_is_found_no_more_and_the_chain_holds(run: Run) -> None:
    log.append(run.topic_id, [plate(), track(), plate("XY34 ZZZ"), plate()])

    assert log.empty(run.topic_id, 2, 3) == 2

    assert list(Sighting.objects.order_by("seq").values_list("seq", flat=True)) == [1, 4]
    assert log.verify(run.topic_id).ok


def test_nothing_is_forgotten_when_the_line_was_not_emptied(run: Run) -> None:
    log.append(run.topic_id, [plate()])

    with pytest.raises(ZeroDivisionError), transaction.atomic():
        log.empty(run.topic_id, 1, 1)
        raise ZeroDivisionError

    assert (Sighting.objects.count(), log.read(run.topic_id)[0].body != "") == (1, True)


def test_a_deleted_file_takes_its_sightings_along(run: Run) -> None:
    log.append(run.topic_id, [track(), plate()])
    other = make_run()
    log.append(other.topic_id, [track()])
    Run.objects.filter(pk=run.pk).update(state=Run.State.SUCCEEDED)

    remove(run.media, by=run.owner)

    assert list(Sighting.objects.values_list("topic", flat=True)) == [other.topic_id]
    assert list(Topic.objects.values_list("pk", flat=True)) == [other.topic_id]


ANYTHING = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53) + 1, 2**53 - 1)
    | st.floats(allow_nan=False, allow_infinity=False).filter(lambda x: abs(x) < 2**53 or abs(x) >= 1e21)
    | st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=80),
    lambda inner: (
        st.lists(inner, max_size=5) | st.dictionaries(st.text("abc", max_size=3), inner, max_size=3)
    ),
    max_leaves=8,
)
FIELDS = [
    "track",
    "class",
    "confidence",
    "box",
    "pts_seconds",
    "frame",
    "dwell_seconds",
    "model",
    "intensity",
    "area",
    "plate",
    "region",
]


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    kind=st.sampled_from(sorted(footage.TYPES)),
    data=st.fixed_dictionaries({}, optional=dict.fromkeys(FIELDS, ANYTHING)),
    subject=st.text("track/0159é", max_size=20),
)
def test_whatever_a_program_writes_it_is_kept_and_can_be_told(
    run: Run, kind: str, data: dict[str, Any], subject: str
) -> None:
    (line,) = log.append(run.topic_id, [log.Draft(kind, "x", data, subject=subject)])

    (told,) = sightings.frames(run.topic_id, [line])
    (record,) = sightings.records(list(Sighting.objects.filter(topic=run.topic_id, seq=line.seq)))

    assert told.seq == record["seq"] == line.seq
    for share in (record["event_data"].get("confidence"), record["event_data"].get("motion_intensity")):
        assert share is None or 0 <= share <= 1
