"""What was seen in footage is counted in one line, beside the outcome and never in its place."""

from collections.abc import Mapping
from typing import Any

import pytest

from analysis.engine.fusion import conclude
from analysis.engine.types import Assessment, DetectorEnded, NotAssessed, OutcomeName, Reason

PEOPLE_AND_CAR = {"tracks": 3, "classes": {"car": 1, "person": 2}}
PLATES = {"plates": 3, "read": [{"plate": "AB12 CDE"}]}
MOTION = {"motion_seconds": 14.2, "motion_count": 2}


def ended(name: str, assessment: Assessment, *, forensic: bool = False) -> DetectorEnded:
    return DetectorEnded(name, "1", name, None, assessment, 0.1, title=name.title(), forensic=forensic)


def watched(**facts: Mapping[str, Any]) -> list[DetectorEnded]:
    said = "Said with AB12 CDE in it."
    return [ended(name, NotAssessed(Reason.REPORTS_FACTS, said, given)) for name, given in facts.items()]


def test_all_that_was_seen_is_counted_and_no_plate_is_spelt() -> None:
    outcome = conclude(watched(motion=MOTION, anpr=PLATES, tracking=PEOPLE_AND_CAR))

    assert outcome.seen == "2 people, 1 car · 3 plates · motion 14 s"
    assert outcome.name is OutcomeName.NOT_ASSESSABLE
    assert outcome.sentence == "Nothing was to be assessed: only footage detectors were asked."
    assert outcome.told == f"{outcome.sentence} Seen: 2 people, 1 car · 3 plates · motion 14 s."


@pytest.mark.parametrize(
    ("name", "facts", "said"),
    [
        ("tracking", {"classes": {}}, "no objects"),
        ("tracking", {"classes": {"bus": 2}}, "2 buses"),
        (
            "tracking",
            {"classes": {"car": 9, "person": 8, "dog": 7, "bus": 6, "cat": 2, "cow": 1}},
            "9 cars, 8 people, 7 dogs, 6 buses, 3 other objects",
        ),
        ("anpr", {"plates": 0}, "no plates"),
        ("anpr", {"plates": 1}, "1 plate"),
        ("motion", {"motion_seconds": 0.0, "motion_count": 0}, "no motion"),
        ("motion", {"motion_seconds": 0.42, "motion_count": 1}, "motion 0.4 s"),
        ("motion", {"motion_seconds": 125.0, "motion_count": 3}, "motion 2 min 5 s"),
    ],
)
def test_each_detector_counts_in_its_own_words(name: str, facts: Mapping[str, Any], said: str) -> None:
    assert conclude(watched(**{name: facts})).seen == said


def test_who_could_not_look_is_not_said_to_have_seen_nothing() -> None:
    endings = [
        ended("motion", NotAssessed(Reason.TOO_SHORT, "too short")),
        ended("anpr", NotAssessed(Reason.DETECTOR_FAILED, "AB12 CDE")),
        *watched(tracking=PEOPLE_AND_CAR),
    ]

    assert conclude(endings).seen == "2 people, 1 car · Anpr: failed · Motion: too short"


def test_beside_a_judge_the_verdict_comes_first() -> None:
    judge = ended("faces", NotAssessed(Reason.NO_FACE, "no face"), forensic=True)

    outcome = conclude([*watched(anpr=PLATES), judge])

    assert outcome.told == "Not assessable: no face was found. Seen: 3 plates."


def test_without_footage_detectors_nothing_is_said_to_be_seen() -> None:
    judge = ended("faces", NotAssessed(Reason.NO_FACE, "no face"), forensic=True)

    outcome = conclude([judge, *watched(plugin={"plates": "AB12 CDE"}, anpr={"plates": "AB12 CDE"})])

    assert (outcome.seen, outcome.told) == ("", outcome.sentence)
