"""A detector that raises, gives nonsense or hangs costs its own result and nobody else's."""

import time

import numpy as np
import pytest

from analysis.engine.pipeline import examine
from analysis.engine.types import (
    Concluded,
    Coverage,
    DetectorEnded,
    NotAssessed,
    Reason,
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
