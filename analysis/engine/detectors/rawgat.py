"""RawGAT-ST over the sound track, after Tak et al. (2021); the windows are those of windows.py.

The score is softmax[spoofed] of one window.
"""

from analysis.engine.catalogue import CATALOGUE
from analysis.engine.detectors.base import Card, Detector
from analysis.engine.detectors.windows import WINDOW_SAMPLES, WindowDetector, windows_card
from analysis.engine.weights import WeightStore

NAME = "rawgat-st"


def cards() -> list[Card]:
    """The card of RawGAT-ST."""
    return [
        windows_card(
            CATALOGUE[NAME],
            title="RawGAT-ST",
            looks_at="The waveform in windows of 4 s, as learnt from the attacks of ASVspoof 2019 LA, with the same "
            "filters and residual blocks as AASIST.",
            cannot_see="Music, silence and noise, voices edited by cutting, replayed recordings, "
            "synthesis newer than 2019 unless it leaves the same traces.",
            accuracy="Published: equal error rate 1.06 % on the evaluation set of ASVspoof 2019 LA. Own first look, "
            "14 manipulated and 13 genuine sound files (N = 27): AUC 0.65, 95 % interval 0.54 to 0.77; 12 of the 13 "
            "genuine ones scored 0.5 or more. No calibration yet.",
            link="https://arxiv.org/abs/2107.12710",
            by_default=False,
        )
    ]


def make(name: str, weights: WeightStore, device: str) -> Detector:
    """The detector, loaded; raises UnverifiedWeights when its file is missing or another."""
    from analysis.engine.nets import rawgat, state, waveform

    net = state.load_state(rawgat.RawGatNet(), weights.path(name))
    [card] = cards()
    scorer = waveform.spoofed(card, net, device, WINDOW_SAMPLES)
    return WindowDetector(card, scorer, forwards=scorer.forwards)
