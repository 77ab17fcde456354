"""What holds for every history, in both dialects of a run."""

import copy
import json
import pickle
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.dialects.analysis import RunAnalysis
from analysis.dialects.jobs import RunJobs
from realtime.dialects import Voice
from tests.analysis.dialects.histories import HISTORIES, RUN, events, heard, progressed

BOTH = pytest.mark.parametrize("speaks", [RunJobs, RunAnalysis])
BEGINNINGS = {"run.queued", "run.started", "run.retried"}


@BOTH
@given(HISTORIES)
def test_progress_never_falls_before_an_ending(speaks: type[Voice], history: list[dict[str, Any]]) -> None:
    voice, reached = speaks(RUN), 0.0

    for event in history:
        for frame in voice.hear(event):
            if "progress" not in frame:
                continue
            assert reached <= frame["progress"] <= 1
            reached = frame["progress"]
            if event["type"] in ("run.succeeded", "run.failed", "run.cancelled"):
                reached = 0.0


@BOTH
@given(HISTORIES, st.data())
def test_the_state_at_k_and_the_frames_after_k_equal_the_full_history(
    speaks: type[Voice], history: list[dict[str, Any]], data: st.DataObject
) -> None:
    k = data.draw(st.integers(0, len(history)))
    full, joined = speaks(RUN), speaks(RUN)
    all_frames = heard(full, history)

    before = heard(joined, history[:k])
    fork = copy.deepcopy(joined)
    after = heard(joined, history[k:])

    assert before + after == all_frames
    assert heard(fork, history[k:]) == after
    assert list(joined.last()) == list(full.last())
    assert list(speaks(RUN).last()) == []


@BOTH
@given(HISTORIES)
def test_who_joins_is_told_what_was_said_last(speaks: type[Voice], history: list[dict[str, Any]]) -> None:
    voice, last = speaks(RUN), []

    for event in history:
        last = list(voice.hear(event)) or last
        assert list(voice.last()) == last


@BOTH
@given(HISTORIES)
def test_stage_and_message_are_never_empty_and_frames_are_json(
    speaks: type[Voice], history: list[dict[str, Any]]
) -> None:
    for frame in heard(speaks(RUN), history):
        assert json.loads(json.dumps(frame, allow_nan=False)) == json.loads(json.dumps(frame))
        if "progress" in frame:
            assert frame["message"]
            assert frame.get("stage") or frame.get("current_stage")


@BOTH
@given(HISTORIES)
def test_only_the_last_frame_of_a_line_carries_its_seq(
    speaks: type[Voice], history: list[dict[str, Any]]
) -> None:
    voice = speaks(RUN)

    for event in history:
        seqs = [frame.get("seq") for frame in voice.hear(event)]
        assert seqs in ([], [event["seq"]], [None, event["seq"]])


@BOTH
def test_a_voice_costs_the_same_however_long_its_run(speaks: type[Voice]) -> None:
    voice = speaks(RUN)
    points = [[n / 25, 0.9, 1, None, [0.1, 0.1, 0.2, 0.2]] for n in range(500)]
    long = events(*[("score.measured", {"detector": "meso4", "points": points}), progressed("meso4", 1)] * 25)

    heard(voice, long)

    assert len(pickle.dumps(voice)) < 10_000
