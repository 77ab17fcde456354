"""AASIST and AASIST-L over the sound track, after Jung et al. (2022); the windows are those of windows.py.

The score is softmax[spoofed] of one window.
"""

from analysis.engine.catalogue import CATALOGUE
from analysis.engine.detectors.base import Card, Detector
from analysis.engine.detectors.windows import WINDOW_SAMPLES, WindowDetector, windows_card
from analysis.engine.weights import WeightStore

TITLES = {"aasist-l": "AASIST-L", "aasist": "AASIST"}
ACCURACY = {
    "aasist-l": "Published: equal error rate 0.99 % on the evaluation set of ASVspoof 2019 LA. Own first look, "
    "15 manipulated and 16 genuine files (N = 31): AUC 0.60, 95 % interval 0.39 to 0.80; 15 of the 16 genuine "
    "ones scored 0.5 or more, so read it beside other witnesses only. No calibration yet.",
    "aasist": "Published: equal error rate 0.83 % on the evaluation set of ASVspoof 2019 LA. Own first look, "
    "14 manipulated and 13 genuine sound files (N = 27): AUC 0.56, 95 % interval 0.33 to 0.78; 12 of the 13 genuine "
    "ones scored 0.5 or more. No calibration yet.",
}


def cards() -> list[Card]:
    """The two cards: the same architecture in two sizes."""
    return [
        windows_card(
            CATALOGUE[name],
            title=title,
            looks_at="The waveform in windows of 4 s, as learnt from the attacks of ASVspoof 2019 LA.",
            cannot_see="Music, silence and noise, voices edited by cutting, replayed recordings, "
            "synthesis newer than 2019 unless it leaves the same traces.",
            accuracy=ACCURACY[name],
            link="https://arxiv.org/abs/2110.01200",
            # an alarm on 15 of 17 genuine recordings (docs/accuracy.md) would lift nearly every outcome
            by_default=False,
        )
        for name, title in TITLES.items()
    ]


def make(name: str, weights: WeightStore, device: str) -> Detector:
    """The detector, loaded; raises UnverifiedWeights when its file is missing or another."""
    from analysis.engine.nets import aasist, state, waveform

    shape = aasist.AASIST_L if name == "aasist-l" else aasist.AASIST
    net = state.load_state(aasist.AasistNet(shape), weights.path(name))
    card = next(card for card in cards() if card.name == name)
    scorer = waveform.spoofed(card, net, device, WINDOW_SAMPLES)
    return WindowDetector(card, scorer, forwards=scorer.forwards)
