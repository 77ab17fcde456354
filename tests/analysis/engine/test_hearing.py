"""A detector of pictures may hear the sound beside them, in the same pass; the others notice nothing of it."""

import numpy as np
import pytest

from analysis.engine.pipeline import Options
from analysis.engine.registry import UnsoundCard
from analysis.engine.types import (
    Consumes,
    DetectorProgressed,
    FaceBatch,
    FrameBatch,
    MediaKind,
    NotAssessed,
    Reason,
    SoundBatch,
)
from tests import clips
from tests.analysis.engine.plugins import Plain, card, ending, of, registry, run

FILMS = frozenset({MediaKind.VIDEO})
OPTIONS = Options(sample_fps=5.0, batch_frames=4)


def hearing(consumes, **fields):
    return Plain(card("hearing", consumes=consumes, kinds=FILMS, hears=True, **fields))


@pytest.fixture(scope="module")
def clip(tmp_path_factory):
    return clips.write_video(tmp_path_factory.mktemp("clips") / "clip.mp4", seconds=4.0, fps=25, tone_hz=440)


def of_kind(kind, plain):
    return [batch for batch in plain.batches if isinstance(batch, kind)]


@pytest.mark.parametrize(
    ("consumes", "dense", "kind"),
    [
        (Consumes.FRAMES, False, FrameBatch),
        (Consumes.FACES, False, FaceBatch),
        (Consumes.FACES, True, FaceBatch),
    ],
)
def test_it_gets_pictures_and_the_whole_sound(clip, consumes, dense, kind):
    both = hearing(consumes, dense=dense)

    run(clip, both, options=OPTIONS)

    heard = of_kind(SoundBatch, both)
    assert of_kind(kind, both)
    assert [batch.start_seconds for batch in heard][:4] == [0.0, 1.0, 2.0, 3.0]
    assert sum(len(batch.samples) for batch in heard) == pytest.approx(4 * 16_000, abs=1024)  # AAC's padding


def test_a_detector_of_sound_alone_hears_the_same(clip):
    both, alone = hearing(Consumes.FRAMES), Plain(card("alone", consumes=Consumes.SOUND, kinds=FILMS))

    run(clip, both, alone, options=OPTIONS)

    for one, other in zip(of_kind(SoundBatch, both), alone.batches, strict=True):
        assert np.array_equal(one.samples, other.samples)


def test_its_progress_counts_pictures_only(clip):
    both = hearing(Consumes.FRAMES)

    seen = run(clip, both, options=OPTIONS)

    last = of(DetectorProgressed, seen)[-1]
    assert (last.done, last.total, last.unit) == (20, 20, "frames")


def test_without_sound_it_is_not_asked(tmp_path):
    silent = clips.write_video(tmp_path / "silent.mp4", seconds=1.0, fps=25)
    both = hearing(Consumes.FRAMES)

    seen = run(silent, both, options=OPTIONS)

    assessment = ending(seen, "hearing").assessment
    assert isinstance(assessment, NotAssessed)
    assert assessment.reason is Reason.NO_SOUND
    assert not both.batches


@pytest.mark.parametrize(
    ("consumes", "kinds"),
    [(Consumes.FRAMES, frozenset(MediaKind)), (Consumes.SOUND, FILMS), (Consumes.FILE, FILMS)],
)
def test_only_detectors_of_videos_may_hear_beside(consumes, kinds):
    with pytest.raises(UnsoundCard, match="frames or faces of videos"):
        registry(Plain(card(consumes=consumes, kinds=kinds, hears=True)))
