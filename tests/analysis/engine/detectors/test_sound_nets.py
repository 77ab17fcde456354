"""The published nets that judge sound give the original's score, the right way round."""

import numpy as np
import pytest

from analysis.engine.detectors import aasist, lcnn, rawgat
from analysis.engine.weights import WeightStore

# softmax[spoofed], or 1 - sigmoid, of the original implementations: weights/GOLDEN.json, case tone220_seed7
ORIGINAL = {
    "aasist-l": (aasist, 0.997088492),
    "aasist": (aasist, 0.334558517),
    "rawgat-st": (rawgat, 0.612967074),
    "lfcc-lcnn": (lcnn, 0.997885251),
}


def tone_and_noise():
    t = np.arange(64_600) / 16_000
    noise = np.random.default_rng(7).standard_normal(64_600)
    return (0.1 * np.sin(2 * np.pi * 220 * t) + 0.01 * noise).astype(np.float32)


@pytest.mark.parametrize("name", ORIGINAL)
def test_the_score_is_the_original_implementations(weights_dir, name):
    module, expected = ORIGINAL[name]
    detector = module.make(name, WeightStore(weights_dir), "cpu")

    score = detector.score(tone_and_noise())

    assert detector.card.name == name
    assert score == pytest.approx(expected, abs=1e-4)  # what the golden file allows
    assert detector.score(tone_and_noise()) == score


def test_nets_of_one_training_set_are_one_voice():
    cards = [card for module in (aasist, rawgat, lcnn) for card in module.cards()]

    assert {card.family for card in cards} == {"asvspoof-2019-la"}
    assert not any(card.by_default for card in cards)


def test_the_toy_training_set_is_told_plainly():
    (card,) = lcnn.cards()

    assert "toy" in card.title
    assert "Scores on real files mean nothing" in card.cannot_see
