"""A detector that raises, gives nonsense or hangs costs its own result and nobody else's."""

import time
from asyncio import CancelledError

import numpy as np
import pytest

from analysis.engine.pipeline import examine
from analysis.engine.types import (
    Concluded,
    Coverage,
    DetectorEnded,
    EvidenceMade,
    NotAssessed,
    Reason,
    ScorePoint,
    ScoresMeasured,
    Verdict,
)
from tests import clips
from tests.analysis.engine.plugins import NAN, Failing, Hanging, Plain, card, ending, of, registry, run


@pytest.fixture(scope="module")
def clip(tmp_path_factory):
    return clips.write_video(tmp_path_factory.mktemp("clips") / "clip.mp4", seconds=6.0)


@pytest.mark.parametrize("where", ["make", "open", "feed", "drain", "finish", "evidence"])
def test_a_detector_that_raises_fails_alone(clip, where):
    seen = run(clip, Failing(where, ValueError("bad shape")), Plain(), options=None)

    end = ending(seen, "failing")
    assert isinstance(end.assessment, NotAssessed)
    assert (end.assessment.reason, end.error_type) == (Reason.DETECTOR_FAILED, "ValueError")
    assert "bad shape" in end.assessment.detail
    assert isinstance(ending(seen, "plain").assessment, Verdict)
    assert isinstance(seen[-1], Concluded)


def test_a_detector_that_exits_ends_nothing_but_itself(clip):
    seen = run(clip, Failing("feed", SystemExit(1)), Plain())

    assert ending(seen, "failing").error_type == "SystemExit"
    assert isinstance(seen[-1], Concluded)


def test_a_detector_that_raises_what_nobody_catches_fails_alone(clip):
    seen = run(clip, Failing("feed", CancelledError()), Plain())

    assert ending(seen, "failing").error_type == "CancelledError"
    assert isinstance(ending(seen, "plain").assessment, Verdict)
    assert isinstance(seen[-1], Concluded)


@pytest.mark.parametrize(
    "point", [ScorePoint(NAN, 0.5), ScorePoint("now", 0.5), ScorePoint(0.0, None, reason="tired")]
)
def test_a_point_that_makes_no_sense_is_a_failure(clip, point):
    class Odd(Plain):
        def feed(self, batch):
            yield ScoresMeasured("plain", (point,))

    seen = run(clip, Odd(), Plain(card("other")))

    assert ending(seen, "plain").error_type == "BrokenProtocol"
    assert {o.detector for o in of(ScoresMeasured, seen)} == {"other"}


@pytest.mark.parametrize(
    "made",
    [
        "a picture",
        EvidenceMade("other", "heat", "Heat", "", "image/png", b"png"),
        EvidenceMade("plain", "heat", "Heat", "", "text/html", b"<script>"),
        EvidenceMade("plain", "heat", "Heat", "", "image/png", b""),
        EvidenceMade("plain", "heat", None, "", "image/png", b"png"),
    ],
)
def test_evidence_that_makes_no_sense_is_a_failure(clip, made):
    class Odd(Plain):
        def evidence(self):
            return [made]

    seen = run(clip, Odd())

    assert ending(seen, "plain").error_type == "BrokenProtocol"
    assert of(EvidenceMade, seen) == []


@pytest.mark.parametrize("score", [NAN, float("inf"), -0.01, 1.01, np.float32(0.5), "0.5"])
def test_a_score_that_is_none_is_never_yielded(clip, score):
    seen = run(clip, Plain(score=score), Plain(card("other")))

    assert ending(seen, "plain").assessment.reason == Reason.DETECTOR_FAILED
    assert {o.detector for o in of(ScoresMeasured, seen)} == {"other"}


@pytest.mark.parametrize(
    "conclusion",
    [
        Verdict(NAN, Coverage(1, 1)),
        Verdict(0.5, Coverage(0, 1)),
        Verdict(0.5, Coverage(2, 1)),
        Verdict(0.5, Coverage(1, 1), facts={"mean": NAN}),
        Verdict(0.5, Coverage(1, 1), facts={"array": np.zeros(2)}),
        Verdict(0.5, Coverage(1, 1), band="strong_signs"),
        Verdict(0.5, Coverage(2, 2, decisive=3)),
        NotAssessed("tired", "it was late"),
        NotAssessed(Reason.NO_FACE, None),
        0.5,
        None,
    ],
)
def test_a_conclusion_that_makes_no_sense_is_a_failure(clip, conclusion):
    class Odd(Plain):
        def finish(self):
            return conclusion

    seen = run(clip, Odd())

    end = ending(seen, "plain")
    assert (end.assessment.reason, end.error_type) == (Reason.DETECTOR_FAILED, "BrokenProtocol")


def test_a_detector_cannot_score_in_the_name_of_another(clip):
    class Forging(Plain):
        def feed(self, batch):
            yield ScoresMeasured("other", ())

    seen = run(clip, Forging(), Plain(card("other")))

    assert ending(seen, "plain").error_type == "BrokenProtocol"
    assert isinstance(ending(seen, "other").assessment, Verdict)


def test_a_detector_that_hangs_can_be_blamed(clip):
    hanging = Hanging()
    with examine(clip, registry=registry(hanging, Plain())) as going:
        while not hanging.reached.is_set():
            next(going)

        blamed = going.current

    hanging.let_go.set()
    assert blamed.detector == "hanging"
    assert blamed.since <= time.monotonic()


def test_a_blamed_detector_is_left_out_of_the_next_attempt(clip):
    hanging = Hanging()

    seen = run(clip, hanging, Plain(), excluded={"hanging": "it gave no sign for 120 s"})

    end = ending(seen, "hanging")
    assert (end.assessment.reason, end.assessment.detail) == (
        Reason.DETECTOR_FAILED,
        "it gave no sign for 120 s",
    )
    assert not hanging.reached.is_set()
    assert isinstance(ending(seen, "plain").assessment, Verdict)


def test_all_failing_is_not_assessable(clip):
    seen = run(clip, Failing("feed", RuntimeError("x")))

    assert len(of(DetectorEnded, seen)) == 1
    assert seen[-1].outcome.sentence == "Not assessable: the detectors failed."
