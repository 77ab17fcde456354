"""Classifiers over windows of sound, and linear heads over the features of windows."""

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from torch import Tensor

from analysis.engine.classifiers import heads
from analysis.engine.classifiers.description import Description, Head
from analysis.engine.classifiers.heads import refuse_mismatch
from analysis.engine.classifiers.nets import SAMPLE_RATE_HZ, Net, OnnxNet, Reading, Sounds, TransformersNet
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
        self._scores: Callable[[Tensor], list[float]]
        self._odds: Callable[[Tensor], Tensor]
        device = description.device or device
        if description.head is not None:
            self._judge_features(folder, description.head, description.precision, device)
            return
        self._net: Net = (
            OnnxNet(folder)
            if "model.onnx" in description.files
            else TransformersNet(folder, description.precision, device, "AudioClassification")
        )
        reading = Reading(self._net.config, description.manipulated)
        self._scores, self._odds = reading.scores, reading.odds

    def _judge_features(self, folder: Path, head: Head, precise: str, device: str) -> None:
        backbone, over = (
            TransformersNet(folder, precise, device, ""),
            heads.load(head, folder / "head.safetensors"),
        )
        self._net, self._odds = backbone, over
        self._scores = lambda features: heads.scores(over, features)
        refuse_mismatch(backbone.features(self._prepare([np.zeros(self.window_samples, np.float32)])), head)

    def open(self, source: Source) -> WindowSession:
        return WindowSession(self)

    def score(self, window: Samples) -> float:
        """Of one window; 1 means manipulated."""
        return self.scores([window])[0]

    def scores(self, windows: Sequence[Samples]) -> list[float]:
        """Of windows of one length."""
        return self._scores(self._net.logits(self._prepare(windows)))

    def explain(self, piece: Piece) -> Attention:
        """Of one window. Raises TypeError for a model of ONNX Runtime, which gives no gradients."""
        return listened(self._look, samples_of(piece), self.window_samples)

    def _look(self, window: Samples) -> tuple[Floats, str]:
        if not isinstance(self._net, TransformersNet):
            raise TypeError("ONNX Runtime gives no gradients")
        return self._net.looked(self._prepare([window]), self._odds)
