"""What is kept of a file is bounded, spread over all of it, and computed no more often than it must."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from analysis.engine.calibrating.labelled import Labelled
from analysis.engine.classifiers.pictures import WHOLE, Piece
from analysis.engine.classifiers.training.features import Recorder

FILE = Labelled(Path("a"), "a", "phone", manipulated=False)


class Counting:
    """A backbone whose one feature is the value of the first pixel."""

    def __init__(self) -> None:
        self.passes = 0

    def __call__(self, content: Sequence[NDArray[Any]]) -> NDArray[np.float32]:
        self.passes += len(content)
        return np.array([[one.flat[0]] for one in content], np.float32)


def frame(number: int, track: int = WHOLE) -> Piece:
    return Piece(number / 5, track, np.full((32, 32, 3), number % 251, np.uint8))


def test_a_short_file_is_kept_whole_and_computed_once() -> None:
    backbone = Counting()
    recorder = Recorder(backbone, most=16)

    given = recorder.take([frame(at) for at in range(10)])
    kept = recorder.taken(FILE, "0" * 64, 10)

    assert [score for _, score in given] == [0.0] * 10
    assert kept is not None
    assert kept.rows[:, 0].tolist() == list(range(10))
    assert (kept.sampled, backbone.passes) == (10, 10)


def test_of_a_long_file_frames_are_dropped_evenly_and_no_longer_computed() -> None:
    backbone = Counting()
    recorder = Recorder(backbone, most=16)

    for at in range(0, 4000, 4):
        recorder.take([frame(at + more) for more in range(4)])
    kept = recorder.taken(FILE, "0" * 64, 4000)

    assert kept is not None
    assert kept.rows[:, 0].tolist() == [at % 251 for at in range(0, 4000, 256)]
    assert kept.sampled == 16
    assert backbone.passes < 120


def test_both_faces_of_a_frame_are_kept_or_none() -> None:
    recorder = Recorder(Counting(), most=16)

    for at in range(100):
        recorder.take([frame(at, track=1), frame(at, track=2)])
    kept = recorder.taken(FILE, "0" * 64, 100)

    assert kept is not None
    assert kept.tracks.tolist() == [1, 2] * (len(kept.tracks) // 2)
    assert len(kept.tracks) <= 16


def test_nothing_seen_is_nothing_kept() -> None:
    assert Recorder(Counting(), most=16).taken(FILE, "0" * 64, 3) is None
