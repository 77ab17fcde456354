"""One score computed once more is the one on record: the same value, from the same piece, whoever ran beside it."""

import numpy as np
import pytest

from analysis.engine.detectors.windows import WindowDetector
from analysis.engine.pipeline import Options, examine
from analysis.engine.plan import looked_otherwise
from analysis.engine.registry import Registry
from analysis.engine.tracing.comparing import Comparison, compare
from analysis.engine.tracing.question import Question
from analysis.engine.tracing.retrace import Retrace
from analysis.engine.types import Consumes, Prepared, ScoresMeasured
from tests import clips
from tests.analysis.engine.plugins import NO_WEIGHTS, Plain, card, of, registry

WINDOW = 32_000  # 2 s
OPTIONS = Options(sample_fps=5.0, batch_frames=4)


class Loudness:
    """Scores windows by how loud they are; as its own module."""

    def __init__(self):
        self.card = card("loudness", consumes=Consumes.SOUND, unit="windows")

    def cards(self):
        return [self.card]

    def make(self, name, weights, device):
        return WindowDetector(self.card, loudness, window_samples=WINDOW)


class Rising(Plain):
    """Scores everything fed a little higher, so that another order or number of batches shows."""

    def feed(self, batch):
        self.score = 0.5 + 0.001 * self.units
        return super().feed(batch)

    def open(self, source):
        return Rising(self.card)


def loudness(window):
    return float(np.abs(window).mean())


def on_record(path, known, names=None):
    with examine(path, registry=known, detectors=names, options=OPTIONS) as going:
        seen = list(going)
    (prepared,) = of(Prepared, seen)
    points = [
        (one.detector, point) for one in of(ScoresMeasured, seen) for point in one.points if point.score
    ]
    return prepared.plan, points


@pytest.fixture(scope="module")
def louder_and_louder(tmp_path_factory):
    at = np.arange(12 * 16_000) / 16_000
    samples = (at / 13 * np.sin(2 * np.pi * 300 * at)).astype(np.float32)
    return clips.write_samples(tmp_path_factory.mktemp("sound") / "rising.wav", samples)


@pytest.mark.parametrize("index", [0, 2, 5])
def test_any_window_of_sound_gives_its_score_and_its_samples(louder_and_louder, index):
    known = Registry.of([Loudness()], NO_WEIGHTS)
    plan, points = on_record(louder_and_louder, known)
    _, point = points[index]

    found = Retrace(
        louder_and_louder,
        Question("loudness", point.pts_seconds),
        registry=known,
        options=OPTIONS,
        plan=plan,
    ).follow()

    assert len(points) == 6
    assert found.score == point.score
    assert (found.piece.start_seconds, len(found.piece.samples)) == (2.0 * index, WINDOW)
    assert loudness(found.piece.samples) == point.score


@pytest.fixture(scope="module")
def clip(tmp_path_factory):
    return clips.write_video(tmp_path_factory.mktemp("clips") / "clip.mp4", seconds=4.0, fps=25)


COMPANY = {
    "frames": card("frames"),
    "faces": card("faces", consumes=Consumes.FACES),
    "dense": card("dense", dense=True),
    "dense-faces": card("dense-faces", consumes=Consumes.FACES, dense=True),
}


@pytest.mark.parametrize("name", COMPANY)
def test_a_score_of_a_run_of_several_detectors_is_equal_and_nothing_has_changed(clip, name):
    known = registry(*(Rising(one) for one in COMPANY.values()))
    plan, points = on_record(clip, known, list(COMPANY))
    point = [point for detector, point in points if detector == name][9]

    found = Retrace(
        clip, Question(name, point.pts_seconds), registry=known, options=OPTIONS, plan=plan
    ).follow()

    changed = looked_otherwise(plan, found.plan, found.card)
    compared = compare(point.score, found.score, changed=changed)
    assert (compared.name, compared.difference) == (Comparison.EQUAL, 0)
