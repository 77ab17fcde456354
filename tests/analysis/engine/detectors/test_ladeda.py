"""Tiny-LaDeDa runs only when asked for, shows its licence, and says 1 for generated pictures."""

import numpy as np
import pytest
from PIL import Image

from analysis.engine.detectors import ladeda
from analysis.engine.registry import Registry
from analysis.engine.types import Frame, FrameBatch, MediaKind, NotAssessed, Probe, Reason, Source
from analysis.engine.weights import WeightStore

SOURCE = Source(Probe(MediaKind.IMAGE, "png"), sample_fps=5.0, expected_samples=1)


@pytest.fixture(scope="module", params=["tiny-ladeda", "tiny-ladeda-forensynth"])
def detector(request, weights_dir):
    return ladeda.make(request.param, WeightStore(weights_dir), "cpu")


def photo(media_dir, name):
    return np.asarray(Image.open(media_dir / "image" / name).convert("RGB"))


def test_it_never_runs_unasked_and_says_under_which_licence(tmp_path):
    registry = Registry.load(tmp_path)

    names = [card.name for card in ladeda.cards()]

    assert not set(names) & {*registry.defaults(MediaKind.IMAGE), *registry.defaults(MediaKind.VIDEO)}
    assert all("research use only" in registry.card(name).licence for name in names)


def test_the_trained_kind_of_picture_scores_above_a_photo(weights_dir, media_dir):
    detector = ladeda.make("tiny-ladeda-forensynth", WeightStore(weights_dir), "cpu")
    generated = [photo(media_dir, name) for name in ("grip_fake_progan.png", "grip_fake_biggan.png")]
    taken = [photo(media_dir, name) for name in ("grip_real_progan.png", "grip_real_biggan.png")]

    assert min(map(detector.score, generated)) > 0.9
    assert max(map(detector.score, taken)) < 0.1


def test_a_picture_scores_the_same_again(detector):
    noise = np.random.default_rng(3).integers(0, 255, (300, 200, 3), np.uint8)

    assert detector.score(noise) == detector.score(noise.copy())


def test_a_tiny_picture_is_not_assessed(detector):
    session = detector.open(SOURCE)

    (measured,) = session.feed(FrameBatch((Frame(0, 0.0, np.zeros((300, 127, 3), np.uint8)),)))

    assert [(point.score, point.reason) for point in measured.points] == [(None, Reason.OUTSIDE_DOMAIN)]
    assessment = session.finish()
    assert isinstance(assessment, NotAssessed)
    assert list(session.evidence()) == []


def test_the_highest_third_of_a_video_decides(detector):
    session = detector.open(SOURCE)
    draw = np.random.default_rng(5)
    frames = tuple(Frame(n, n / 5, draw.integers(0, 40 * (n + 1), (128, 128, 3), np.uint8)) for n in range(6))

    scores = [point.score for measured in session.feed(FrameBatch(frames)) for point in measured.points]

    assert session.finish().score == pytest.approx(sum(sorted(scores)[-2:]) / 2)
