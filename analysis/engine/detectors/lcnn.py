"""LFCC-LCNN-LSTM over the sound track, after Wang and Yamagishi (2021); the windows are those of windows.py.

The published weights were trained on a toy subset that shows how to run the authors' scripts. They are here so
that the architecture can be compared with the original. The score is 1 - sigmoid of one window's logit.
"""

from analysis.engine.catalogue import CATALOGUE
from analysis.engine.detectors.base import Card, Detector
from analysis.engine.detectors.windows import WINDOW_SAMPLES, WindowDetector, windows_card
from analysis.engine.weights import WeightStore

NAME = "lfcc-lcnn"


def cards() -> list[Card]:
    """The card of LFCC-LCNN-LSTM."""
    return [
        windows_card(
            CATALOGUE[NAME],
            title="LFCC-LCNN-LSTM (toy training set)",
            looks_at="Linear cepstra in windows of 4 s, as learnt from a toy training set.",
            cannot_see="Practically everything: the weights were trained on a toy set to show how scripts are run. "
            "Scores on real files mean nothing.",
            accuracy="Published: nothing for these weights. Own first look, 14 manipulated and 13 genuine sound files "
            "(N = 27): AUC 0.54, 95 % interval 0.50 to 0.62; every one of both scored 0.5 or more. "
            "Do not use it to judge a file.",
            link="https://arxiv.org/abs/2103.11326",
            by_default=False,
        )
    ]


def make(name: str, weights: WeightStore, device: str) -> Detector:
    """The detector, loaded; raises UnverifiedWeights when its file is missing or another."""
    from analysis.engine.nets import lcnn, state, waveform

    net = state.load_state(lcnn.LcnnNet(), weights.path(name))
    [card] = cards()
    scorer = waveform.not_bona_fide(card, net, device, WINDOW_SAMPLES)
    return WindowDetector(card, scorer, forwards=scorer.forwards)
