"""Detectors that need every frame are fed passages at the full rate; the others notice nothing of it."""

from pathlib import Path

import pytest

from analysis.engine.media.limits import Passages
from analysis.engine.pipeline import Options, examine
from analysis.engine.registry import Registry, UnsoundCard
from analysis.engine.types import Consumes, DetectorProgressed
from analysis.engine.weights import WeightStore
from tests import clips
from tests.analysis.engine.plugins import Plain, card, of, registry, run

OPTIONS = Options(sample_fps=5.0, batch_frames=4)


@pytest.fixture(scope="module")
def clip(tmp_path_factory):
    return clips.write_video(tmp_path_factory.mktemp("clips") / "clip.mp4", seconds=4.0, fps=25)


def sampled_in_batches(plain):
    return [[(frame.index, frame.pts_seconds) for frame in batch.frames] for batch in plain.batches]


def test_samples_come_in_the_same_batches_beside_a_dense_detector(clip):
    alone, beside = Plain(card("alone")), Plain(card("beside"))

    run(clip, alone, options=OPTIONS)
    run(clip, beside, Plain(card("dense", dense=True)), options=OPTIONS)

    assert sampled_in_batches(beside) == sampled_in_batches(alone)
    assert [len(batch) for batch in sampled_in_batches(alone)] == [1, 1, 2, 4, 4, 4, 4]


def test_a_dense_detector_gets_every_frame_once(clip):
    dense = Plain(card("dense", dense=True))

    seen = run(clip, dense, Plain(card("sparse")), options=OPTIONS)

    times = [frame.pts_seconds for batch in dense.batches for frame in batch.frames]
    assert times == pytest.approx([n / 25 for n in range(100)])
    ends = [progress for progress in of(DetectorProgressed, seen) if progress.detector == "dense"]
    assert (ends[0].total, ends[-1].done) == (100, 100)
    assert "passages" not in seen[-1].outcome.limit


def test_of_a_longer_video_a_dense_detector_gets_the_passages(clip):
    dense = Plain(card("dense", dense=True))

    seen = run(clip, dense, options=Options(passages=Passages(seconds=0.5, most=2)))

    assert "Dense looked at 2 passages of 0.5 s in 4 s of video" in seen[-1].outcome.limit
    times = [round(frame.pts_seconds, 2) for batch in dense.batches for frame in batch.frames]
    assert times == [n / 25 for n in (*range(13), *range(50, 63))]


def test_a_dense_detector_of_faces_hears_of_every_frame_too(clip):
    dense = Plain(card("dense", consumes=Consumes.FACES, dense=True))

    run(clip, dense, options=OPTIONS)

    seen = [(index, round(at, 2)) for batch in dense.batches for index, at in batch.sampled]
    # a face is cut out between two sightings, so the four frames after the last sample have none
    assert seen == [(n, n / 25) for n in range(96)]


def test_a_detector_of_sound_cannot_ask_for_every_frame():
    with pytest.raises(UnsoundCard, match="consumes frames or faces"):
        registry(Plain(card(consumes=Consumes.SOUND, dense=True)))


def faces_of(path: Path, weights: Path, *detectors: Plain) -> None:
    with examine(path, registry=Registry.of(detectors, WeightStore(weights)), options=OPTIONS) as going:
        list(going)


def described(plain):
    return [
        (
            batch.sampled,
            [(f.index, f.track, f.box, f.landmarks, f.rgb.tobytes()) for f in batch.faces],
            dict(batch.refused),
        )
        for batch in plain.batches
    ]


def test_faces_of_a_real_video_are_the_same_beside_a_dense_detector(media_dir, weights_dir):
    path = media_dir / "video" / "roop_target_real.mp4"
    alone, beside = (Plain(card(name, consumes=Consumes.FACES)) for name in ("alone", "beside"))
    dense = Plain(card("dense", consumes=Consumes.FACES, dense=True))

    faces_of(path, weights_dir, alone)
    faces_of(path, weights_dir, beside, dense)

    assert described(beside) == described(alone)
    faces = [face for batch in dense.batches for face in batch.faces]
    assert len(faces) == pytest.approx(20, abs=1)
    assert {face.track for face in faces} == {0}
    assert [face.pts_seconds for face in faces] == sorted(face.pts_seconds for face in faces)
    assert all(face.landmarks for face in faces)
