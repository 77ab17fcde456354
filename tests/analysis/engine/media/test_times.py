"""Times of frames and sound are those of the file, and everything comes in their order."""

import numpy as np
import pytest

from analysis.engine.media.limits import Limits, Sampling
from analysis.engine.media.reader import open_media
from analysis.engine.media.sampling import sampled
from analysis.engine.types import FrameBatch
from tests import clips
from tests.analysis.engine.media.conftest import EVERYTHING

VARIABLE = [0.0, 0.04, 0.1, 0.5, 1.0, 1.02, 1.9, 2.5]


def test_a_variable_frame_rate_keeps_its_own_times(read, tmp_path):
    path = clips.write_video(tmp_path / "variable.mp4", times=VARIABLE)

    assert read(path).times == VARIABLE


def test_sampling_takes_the_frame_nearest_to_each_point_of_the_grid(read, tmp_path):
    path = clips.write_video(tmp_path / "variable.mp4", times=VARIABLE)

    found = read(path, fps=2)  # 0, 0.5, 1, 1.5 (nearest: 1.9), 2 (1.9 again), 2.5

    assert found.times == [0.0, 0.5, 1.0, 1.9, 2.5]


@pytest.mark.parametrize(("fps", "count"), [(1, 4), (5, 20), (10, 40), (25, 100), (60, 100), (None, 100)])
def test_a_steady_clip_gives_as_many_frames_as_asked_and_never_one_twice(read, tmp_path, fps, count):
    path = clips.write_video(tmp_path / "steady.mp4", seconds=4, fps=25)

    found = read(path, fps=fps)

    assert len(found.frames) == len(set(found.times)) == count
    assert [frame.index for frame in found.frames] == list(range(count))


class At:
    def __init__(self, seconds: float) -> None:
        self.seconds = seconds


@pytest.mark.parametrize("source", [23.976, 24, 25, 29.97, 30, 50, 59.94])
def test_a_grid_as_fine_as_the_frames_delivers_every_one(source):
    times = [round(n / source, 3) for n in range(500)]  # as Matroska rounds them

    assert len(list(sampled(map(At, times), source * 1.02))) == 500


def test_of_two_equally_near_frames_the_earlier_is_taken():
    assert [one.seconds for one in sampled(map(At, [0.0, 0.75, 1.25, 2.0]), 1.0)] == [0.0, 0.75, 2.0]


def test_no_more_frames_than_asked_and_the_sound_goes_on(read, tmp_path):
    path = clips.write_video(tmp_path / "clip.mp4", seconds=3, tone_hz=440)

    found = read(path, max_frames=7)

    assert len(found.frames) == 7
    assert len(found.samples) >= 3 * 16_000 - 800


def test_a_clip_that_starts_late_in_its_own_clock_starts_at_zero(read, tmp_path):
    path = clips.write_video(tmp_path / "late.ts", container="mpegts", times=[5 + n / 25 for n in range(25)])

    assert read(path).times[:3] == [0.0, 0.04, 0.08]


def test_a_hole_in_the_sound_is_silence_and_what_follows_stays_where_it_was(read, tmp_path):
    path = clips.write_video(
        tmp_path / "hole.mkv",
        seconds=5,
        tone_hz=440,
        sound_codec="flac",
        sound_starts=0.5,
        sound_hole=(2.0, 3.0),
    )

    found = read(path)

    loud = np.abs(found.samples).reshape(-1)[: 5 * 16_000].reshape(-1, 800).max(axis=1) > 0.1  # 50 ms each
    expected = [0.5 <= n * 0.05 < 2.0 or n * 0.05 >= 3.0 for n in range(100)]
    assert (
        sum(a != b for a, b in zip(loud, expected, strict=True)) <= 3
    )  # blocks of 23 ms, edges of the filter
    assert found.summary.silence_inserted_seconds == pytest.approx(1.5, abs=0.05)


def test_frames_and_sound_are_interleaved_though_the_file_holds_all_frames_first(tmp_path):
    path = clips.write_video(tmp_path / "clip.mp4", seconds=8, fps=10, tone_hz=440)

    with open_media(path, limits=Limits(), sampling=Sampling(10, batch_frames=1), wants=EVERYTHING) as reader:
        starts = [
            batch.frames[0].pts_seconds if isinstance(batch, FrameBatch) else batch.start_seconds
            for batch in reader.batches()
        ]

    assert starts == sorted(starts)
    assert len(starts) == 80 + 9  # the encoder's last 21 ms of sound are a block of their own


def test_sound_comes_in_blocks_of_a_second_without_a_gap(tmp_path):
    path = clips.write_sound(tmp_path / "tone.wav", seconds=3.5)

    with open_media(path, limits=Limits(), sampling=Sampling(), wants=EVERYTHING) as reader:
        blocks = [(batch.start_seconds, len(batch.samples)) for batch in reader.batches()]

    assert blocks == [(0.0, 16_000), (1.0, 16_000), (2.0, 16_000), (3.0, 8_000)]


def test_batches_grow_until_they_are_full_and_the_last_holds_the_rest(tmp_path):
    path = clips.write_video(tmp_path / "clip.mp4", seconds=2, fps=25)

    with open_media(path, limits=Limits(), sampling=Sampling(batch_frames=16), wants=EVERYTHING) as reader:
        sizes = [len(batch.frames) for batch in reader.batches()]

    assert sizes == [1, 1, 2, 4, 8, 16, 16, 2]
