"""A user's sound classifier becomes a detector of windows."""

from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from analysis.engine.classifiers import folder as folders
from analysis.engine.classifiers.description import BadDescription, Head
from analysis.engine.classifiers.sounds import SoundClassifier
from analysis.engine.detectors.base import Window
from analysis.engine.errors import UnverifiedWeights
from analysis.engine.registry import Registry
from analysis.engine.types import MediaKind, Probe, SoundBatch, Source, Verdict
from tests.analysis.engine.classifiers import models

RATE = 16_000
SOURCE = Source(Probe(MediaKind.AUDIO, "wav"), sample_fps=5.0, expected_samples=None)


@pytest.fixture
def weights(tmp_path: Path) -> Path:
    source = models.save_wav2vec2(tmp_path / "source")
    folders.add(
        tmp_path, source, name="mine", consumes="sound", manipulated=["generated"], window_seconds=1.5
    )
    return tmp_path


def tone(seconds: float) -> np.ndarray:
    at = np.arange(round(seconds * RATE)) / RATE
    return np.float32(0.3 * np.sin(2 * np.pi * 220 * at) * (1 + np.sin(2 * np.pi * 3 * at)))


def test_windows_are_as_long_as_was_declared(weights: Path) -> None:
    session = Registry.load(weights).detector("mine").open(SOURCE)

    points = [point for said in session.feed(SoundBatch(0.0, tone(5.0))) for point in said.points]
    points += [point for said in session.drain() for point in said.points]
    verdict = session.finish()

    assert [point.pts_seconds for point in points] == [0.75, 2.25, 3.75, 4.25]
    assert isinstance(verdict, Verdict)
    assert (verdict.coverage.scored, verdict.coverage.unit) == (4, "windows")


def test_scores_are_those_of_the_library_itself(weights: Path) -> None:
    from transformers import pipeline

    detector = Registry.load(weights).detector("mine")
    window = tone(1.5)

    reference = pipeline("audio-classification", model=str(weights / "source"), device="cpu")(window)

    wanted = next(one["score"] for one in reference if one["label"] == "generated")
    assert detector.score(window) == pytest.approx(wanted, abs=1e-4)


def with_head(tmp_path: Path, head: Head) -> SoundClassifier:
    source = models.save_head(models.save_wav2vec2(tmp_path / "headed"), head)
    folders.add(tmp_path, source, name="voice", consumes="sound", window_seconds=1.5, head=head.model_dump())
    detector = Registry.load(tmp_path).detector("voice")
    assert isinstance(detector, SoundClassifier)
    return detector


def test_a_linear_head_judges_the_features_of_a_window(tmp_path: Path) -> None:
    from transformers import Wav2Vec2FeatureExtractor, Wav2Vec2Model

    detector = with_head(tmp_path, Head(kind="linear", features=16))
    window = tone(1.5)

    prepare = Wav2Vec2FeatureExtractor.from_pretrained(tmp_path / "headed")
    net = Wav2Vec2Model.from_pretrained(tmp_path / "headed").eval()
    head = load_file(tmp_path / "headed/head.safetensors")
    with torch.inference_mode():
        given = prepare(window, sampling_rate=RATE, return_tensors="pt")["input_values"]
        features = net(given).last_hidden_state.mean(dim=1)
    wanted = torch.sigmoid(features @ head["out.weight"].T + head["out.bias"])
    assert detector.score(window) == pytest.approx(float(wanted), abs=1e-4)
    assert detector.explain(Window(0.0, window)).values.shape[0] == 1


def test_a_head_over_sound_is_linear_and_fits_its_features(tmp_path: Path) -> None:
    with pytest.raises(BadDescription, match="a head over sound is linear"):
        with_head(tmp_path, Head(kind="lstm", features=16, hidden=8))
    with pytest.raises(UnverifiedWeights, match="16 features; the head takes 17"):
        with_head(tmp_path, Head(kind="linear", features=17))
