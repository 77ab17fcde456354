"""Frames are searched for faces side by side, and answered in their order."""

from threading import Barrier

import numpy as np
import pytest

from analysis.engine.media import face_search
from analysis.engine.media.face_search import FaceSearch
from analysis.engine.media.faces import Candidate
from analysis.engine.types import Frame


class Telling:
    """Finds one face, whose place tells the frame's brightness."""

    name, sha256, longest_side = "telling", "0" * 64, 64

    def find(self, rgb):
        return [Candidate((0.0, 0.0, float(rgb[0, 0, 0]) / 255, 1.0), 0.9)]


class Together(Telling):
    """Answers only while another one is asked at the same time."""

    def __init__(self, others):
        self.others = others

    def find(self, rgb):
        self.others.wait(timeout=20)
        return super().find(rgb)


def frame(number, *, sampled=True, damaged=False, side=32):
    return Frame(
        number, number / 5, np.full((side, side, 3), number, np.uint8), sampled=sampled, damaged=damaged
    )


def answers(search, frames):
    found = [answer for one in frames for answer in search.take(one)]
    found += search.rest()
    search.close()
    return found


@pytest.mark.parametrize("cores", [1, 2, 16])
def test_every_frame_is_answered_once_in_order(cores):
    frames = [frame(number, sampled=number % 3 == 0, damaged=number == 6) for number in range(20)]

    found = answers(FaceSearch(Telling, cores), frames)

    assert [one.index for one, _ in found] == list(range(20))
    assert [one.index for one, faces in found if faces is not None] == [0, 3, 9, 12, 15, 18]
    assert all(faces[0].box[2] == one.index / 255 for one, faces in found if faces)


def test_two_cores_look_at_two_frames_at_a_time():
    both = Barrier(2)

    found = answers(FaceSearch(lambda: Together(both), 2), [frame(1), frame(2)])

    assert [len(faces) for _, faces in found] == [1, 1]


def test_frames_of_more_bytes_than_are_held_are_answered_at_once(monkeypatch):
    monkeypatch.setattr(face_search, "AHEAD_BYTES", 64 * 64 * 3 * 2)
    search = FaceSearch(Telling, 4)

    waiting = [len(list(search.take(frame(number, side=64)))) for number in range(6)]
    search.close()

    assert waiting == [0, 0, 1, 1, 1, 1]
