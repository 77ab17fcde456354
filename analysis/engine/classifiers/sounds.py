"""Classifiers over windows of sound."""

from collections.abc import Sequence
from pathlib import Path

from analysis.engine.classifiers.description import Description
from analysis.engine.classifiers.nets import SAMPLE_RATE_HZ, OnnxNet, Reading, Sounds, TransformersNet
from analysis.engine.detectors.base import Attention, Card, Piece
from analysis.engine.detectors.explaining import samples_of
from analysis.engine.detectors.windows import WindowSession, listened
from analysis.engine.types import Floats, Samples, Source


class SoundClassifier:
    """The loaded model; shared by the runs of a worker."""

    def __init__(self, card: Card, folder: Path, description: Description, device: str) -> None:
        self.card = card
        self.window_samples = round(description.window_seconds * SAMPLE_RATE_HZ)
        self._prepare = Sounds(folder)
        self._net = (
            OnnxNet(folder)
            if "model.onnx" in description.files
            else TransformersNet(folder, description, description.device or device, "AudioClassification")
        )
        self._reading = Reading(self._net.config, description.manipulated)

    def open(self, source: Source) -> WindowSession:
        return WindowSession(self)

    def score(self, window: Samples) -> float:
        """Of one window; 1 means manipulated."""
        return self.scores([window])[0]

    def scores(self, windows: Sequence[Samples]) -> list[float]:
        """Of windows of one length."""
        return self._reading.scores(self._net.logits(self._prepare(windows)))

    def explain(self, piece: Piece) -> Attention:
        """Of one window. Raises TypeError for a model of ONNX Runtime, which gives no gradients."""
        return listened(self._look, samples_of(piece), self.window_samples)

    def _look(self, window: Samples) -> tuple[Floats, str]:
        if not isinstance(self._net, TransformersNet):
            raise TypeError("ONNX Runtime gives no gradients")
        return self._net.looked(self._prepare([window]), self._reading.odds)
