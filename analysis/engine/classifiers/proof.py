"""The self-test of a classifier: that it loads and answers as promised. It says nothing about accuracy."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from analysis.engine.classifiers.description import Description
from analysis.engine.classifiers.module import Classifier
from analysis.engine.errors import EngineError
from analysis.engine.weights import WeightStore

if TYPE_CHECKING:
    from analysis.engine.classifiers.pictures import PictureClassifier

TOLERANCE = 1e-3
SIZES = ((64, 64), (480, 360), (1, 1))
NOT_PROVEN = (
    "Not proven: accuracy. No file with a known answer was looked at; use manage.py calibrate and evaluate."
)


class NotProven(EngineError):
    """A classifier does not answer as every detector must."""

    code = "not_proven"


def prove(folder: Path, description: Description, device: str) -> list[str]:
    """What was proven, in sentences. Raises an EngineError for what fails, NotProven where it fails to answer."""
    try:
        return _prove(folder, description, device)
    except EngineError:
        raise
    except Exception as error:  # somebody's model may raise anything at all
        raise NotProven(f"It cannot be run: {type(error).__name__}: {str(error)[:300]}") from error


def _prove(folder: Path, description: Description, device: str) -> list[str]:
    detector = Classifier(folder, description).make(
        description.name, WeightStore(folder.parent.parent), device
    )
    proven = ["It loads: every file is the one that was added, and no part of the net is missing or NaN."]
    if description.consumes == "sound":
        score: Callable[[list[np.ndarray]], list[float]] = detector.scores  # type: ignore[attr-defined]  # of sounds
        inputs = _sounds(description.window_seconds)
    else:
        score, inputs = _one_by_one(detector), _pictures()  # type: ignore[arg-type]  # of pictures
    together, again = score(inputs), score(inputs)
    alone = [score([one])[0] for one in inputs]
    if not all(np.isfinite(together)) or not all(0 <= value <= 1 for value in together):
        raise NotProven(f"Its scores are no numbers from 0 to 1: {together}.")
    proven.append(f"It answers: {len(inputs)} drawn inputs were scored, all from 0 to 1.")
    if together != again:
        raise NotProven("The same input gave two different scores.")
    if max(abs(a - b) for a, b in zip(together, alone, strict=True)) > TOLERANCE:
        raise NotProven(f"A batch gives other scores than its inputs alone: {together} and {alone}.")
    return [*proven, "It repeats itself, and a batch gives the scores its inputs get alone."]


def _one_by_one(detector: "PictureClassifier") -> Callable[[list[np.ndarray]], list[float]]:
    """A head over time is asked about windows that show one picture throughout."""
    head = detector.head
    if head is None or head.kind == "linear":
        return detector.score
    window = head.window

    def score(pictures: list[np.ndarray]) -> list[float]:
        features = detector.features(pictures)
        return detector.judged(features[:, None].repeat(1, window, 1))

    return score


def _pictures() -> list[np.ndarray]:
    dice = np.random.default_rng(0)
    return [dice.integers(0, 256, (height, width, 3), dtype=np.uint8) for width, height in SIZES]


def _sounds(seconds: float) -> list[np.ndarray]:
    dice = np.random.default_rng(0)
    count = round(seconds * 16_000)
    tone = np.sin(np.arange(count) / 16_000 * 440 * 2 * np.pi)
    return [dice.normal(0, 0.1, count).astype(np.float32), (0.5 * tone).astype(np.float32)]
