"""What an attempt leaves in the log, in the tables and on the disk; and what it cannot."""

import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.db import connection

from analysis import queue, recorder
from analysis.engine.plots import Curves, Panel
from analysis.engine.registry import Registry
from analysis.engine.types import (
    Concluded,
    Coverage,
    DetectorEnded,
    DetectorProgressed,
    DetectorStarted,
    EvidenceMade,
    NotAssessed,
    Observation,
    Outcome,
    OutcomeName,
    Reason,
    ScorePoint,
    ScoresMeasured,
    Stage,
    StageFinished,
    StageStarted,
    Verdict,
)
from analysis.engine.weights import WeightStore
from analysis.models import Evidence, Result, Worker
from analysis.queue import Claim
from analysis.recorder.keeping import clear_leftovers
from realtime.models import Event
from tests import trouble_detectors
from tests.factories import make_media

pytestmark = pytest.mark.django_db(transaction=True)

CONCLUDED = Concluded(Outcome(OutcomeName.NO_SIGNS, "No signs found.", "Why.", "Limit.", "Rule."))
CARDS = {card.name: card for card in Registry.of([trouble_detectors], WeightStore(Path("/nowhere"))).cards()}


@pytest.fixture
def claim(home: Path) -> Claim:
    media = make_media()
    run = queue.enqueue(media, owner=media.owner, detectors=["calm"])
    worker = Worker.objects.create(host="here", pid=1, device="cpu")
    claim = queue.claim(run.pk, worker=worker.pk, slot=0)
    assert claim
    return claim


def record(claim: Claim, *observations: Observation) -> recorder.Record:
    return recorder.record(claim, iter(observations), cards=CARDS)


def ended(assessment: Verdict | NotAssessed, **fields: Any) -> DetectorEnded:
    return DetectorEnded("calm", "1.0", "trouble", None, assessment, 1.5, title="Calm", **fields)


def verdict(score: float, facts: dict[str, Any] | None = None) -> DetectorEnded:
    return ended(Verdict(score, Coverage(3, 4), facts=facts or {}))


def lines(claim: Claim) -> list[Event]:
    return list(Event.objects.filter(topic=claim.topic, seq__gt=2).order_by("seq"))


def test_an_examination_is_told_in_the_words_of_the_log(claim: Claim) -> None:
    made = record(
        claim,
        StageStarted(Stage.INITIALIZING, "Opening."),
        StageFinished(Stage.INITIALIZING, "Ready.", 0.5),
        DetectorStarted("calm", "Calm started."),
        DetectorProgressed("calm", 4, 4, "frames", 8.0, 0.0, 1.0, 2),
        ScoresMeasured("calm", (ScorePoint(0.0, 0.25, 1), ScorePoint(0.2, None, None, Reason.NO_FACE))),
        verdict(0.25),
        CONCLUDED,
    )

    assert made.outcome == CONCLUDED.outcome
    told = [(line.type, line.subject, line.attempt, line.run) for line in lines(claim)]
    assert told == [
        ("stage.started", "", 1, claim.run),
        ("stage.finished", "", 1, claim.run),
        ("detector.started", "calm", 1, claim.run),
        ("run.progressed", "calm", 1, claim.run),
        ("score.measured", "calm", 1, claim.run),
        ("detector.finished", "calm", 1, claim.run),
    ]
    data = {line.type: line.data for line in lines(claim)}
    assert data["stage.finished"] == {"stage": "initializing", "seconds": 0.5}
    assert data["run.progressed"] == {
        "detector": "calm",
        "done": 4,
        "total": 4,
        "unit": "frames",
        "fps": 8,
        "seconds_left": 0,
        "pts_seconds": 1,
        "faces": 2,
    }
    assert data["score.measured"]["points"] == [[0, 0.25, 1, None], [0.2, None, None, "no_face"]]
    assert data["detector.finished"]["assessment"] == {
        "kind": "verdict",
        "score": 0.25,
        "band": "uncalibrated",
        "calibrated": False,
        "coverage": {"scored": 3, "sampled": 4, "unit": "frames"},
    }


def test_evidence_lies_on_disk_and_on_record_with_the_detectors_ending(claim: Claim, home: Path) -> None:
    record(
        claim, EvidenceMade("calm", "note", "A note", "Seen.", "image/png", b"bytes"), verdict(0.5), CONCLUDED
    )

    made = Evidence.objects.get(run=claim.run)
    assert (home / "evidence" / made.path).read_bytes() == b"bytes"
    assert made.sha256 == "277089d91c0bdf4f2e6862ba7e4a07605119431f5d13f726dd352b06f1b206a9"  # sha256sum
    reference = lines(claim)[-1].data["evidence"][0]
    assert (reference["id"], reference["title"]) == (str(made.pk), "A note")
    assert not list((home / "evidence").rglob("*.partial"))


def test_what_a_picture_was_drawn_from_is_on_record_with_the_part_of_the_file_it_is_of(claim: Claim) -> None:
    panel = Panel("pulse", [1.0, 2.0], {"forehead": [0.5, math.nan]}, across_unit="s")
    made = EvidenceMade("calm", "pulse", "Pulse", "Seen.", "image/png", b"bytes", Curves((panel,)))
    record(claim, made, verdict(0.5), CONCLUDED)

    kept = Evidence.objects.get(run=claim.run)
    assert (kept.plot, kept.begins_seconds, kept.ends_seconds, kept.box) == ("curves", 1.0, 2.0, None)
    assert kept.data["panels"][0]["curves"] == [{"name": "forehead", "values": [0.5, None]}]


def test_evidence_of_the_run_itself_is_on_record_once_although_no_detector_made_it(claim: Claim) -> None:
    strip = EvidenceMade("", "faces", "Faces over time", "Seen.", "image/png", b"bytes")
    record(claim, strip, DetectorStarted("calm", "Calm started."), verdict(0.5), CONCLUDED)

    kept = Evidence.objects.get(run=claim.run)
    assert (kept.detector, kept.title, kept.plot, kept.data) == ("", "Faces over time", "", None)


def test_the_part_of_the_frame_that_was_scored_is_on_record(claim: Claim) -> None:
    box = (0.1234567, 0.2, 0.5, 1.0)
    record(claim, ScoresMeasured("calm", (ScorePoint(0.0, 0.25, track=1, box=box),)), verdict(0.5), CONCLUDED)

    data = {line.type: line.data for line in lines(claim)}
    assert data["score.measured"]["points"] == [[0, 0.25, 1, None, [0.12346, 0.2, 0.5, 1]]]


def test_no_number_that_is_none_gets_in(claim: Claim) -> None:
    record(
        claim,
        DetectorProgressed("calm", 1, 4, "frames", math.inf, math.nan, 0.0),
        ScoresMeasured("calm", (ScorePoint(0.0, math.nan),)),
        verdict(math.nan, {"mean": math.nan, "big": 2**60, "text": "a\0b"}),
        CONCLUDED,
    )

    result = Result.objects.get(run=claim.run)
    assert (result.score, result.reason) == (None, "detector_failed")
    data = {line.type: line.data for line in lines(claim)}
    assert (data["run.progressed"]["fps"], data["run.progressed"]["seconds_left"]) == (None, None)
    assert data["score.measured"]["points"] == [[0, None, None, "detector_failed"]]
    assert data["detector.failed"]["assessment"]["kind"] == "not_assessed"


def test_facts_no_column_could_hold_are_made_plain(claim: Claim) -> None:
    record(claim, verdict(0.5, {"mean": math.inf, "big": 2**60, "text": "a\0b"}), CONCLUDED)

    assert Result.objects.get(run=claim.run).facts == {"mean": None, "big": str(2**60), "text": "a�b"}


def test_facts_too_large_for_an_event_are_kept_on_record(claim: Claim) -> None:
    facts = {"small": 1, "large": "x" * 100_000}

    record(claim, verdict(0.5, facts), CONCLUDED)

    assert Result.objects.get(run=claim.run).facts == facts
    assert lines(claim)[-1].data["facts"] == {"small": 1, "shortened": True}


def test_an_attempt_that_lost_its_lease_writes_nothing_more(claim: Claim) -> None:
    queue.lose_slot(claim.worker, claim.slot, queue.Loss("Its worker process died."))

    with pytest.raises(queue.LeaseLost):
        record(claim, DetectorStarted("calm", "Calm started."), verdict(0.5), CONCLUDED)

    assert [line.type for line in lines(claim)] == ["run.retried"]
    assert not Result.objects.exists()


def test_what_came_before_an_error_is_written_and_the_error_goes_on(claim: Claim) -> None:
    def breaking() -> Iterator[Observation]:
        yield StageStarted(Stage.INITIALIZING, "Opening.")
        raise ValueError("broken")

    with pytest.raises(ValueError, match="broken"):
        recorder.record(claim, breaking(), cards=CARDS)

    assert [line.type for line in lines(claim)] == ["stage.started"]


def test_a_cut_connection_loses_and_doubles_nothing(claim: Claim) -> None:
    def cutting() -> Iterator[Observation]:
        for number in range(6):
            yield StageStarted(Stage.MODEL_INFERENCE, f"Step {number}.")
            _cut(backend)
        yield CONCLUDED

    backend = _backend()
    recorder.record(claim, cutting(), cards=CARDS)

    assert [line.message for line in lines(claim)] == [f"Step {number}." for number in range(6)]


def _backend() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        return int(cursor.fetchone()[0])


def _cut(backend: int) -> None:
    """From the thread that draws, which has a connection of its own."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_terminate_backend(%s)", [backend])
    connection.close()


def test_files_an_attempt_never_put_on_record_are_cleared_by_the_next(claim: Claim, home: Path) -> None:
    leftover = home / "evidence" / str(claim.run) / "1" / "half.png"
    leftover.parent.mkdir(parents=True)
    leftover.write_bytes(b"half")
    queue.lose_slot(claim.worker, claim.slot, queue.Loss("Its worker process died."))
    following = queue.claim(claim.run, worker=claim.worker, slot=0)
    assert following

    clear_leftovers(following)

    assert not leftover.exists()
