"""Features drawn with a known truth, as if a backbone had made them of files."""

import hashlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from analysis.engine.calibrating.labelled import Labelled
from analysis.engine.classifiers.training.features import FileFeatures

FEATURES = 12
Row = NDArray[np.float32]
Draw = Callable[[np.random.Generator], Row]


def noise(dice: np.random.Generator, rows: int = 4) -> Row:
    return dice.normal(0, 1, (rows, FEATURES)).astype(np.float32)


def shifted(by: float, at: int = 0) -> Draw:
    """Noise, one feature of which is higher."""

    def draw(dice: np.random.Generator) -> Row:
        rows = noise(dice)
        rows[:, at] += by
        return rows

    return draw


def file(
    source: str, at: int, rows: Row, *, manipulated: bool, tracks: list[int] | None = None
) -> FileFeatures:
    name = f"{'fake' if manipulated else 'real'}/{source}/{at}"
    followed = np.array(tracks or [-1] * len(rows), np.int64)
    digest = hashlib.sha256(name.encode()).hexdigest()
    return FileFeatures(Labelled(Path(name), name, source, manipulated), digest, rows, followed, len(rows))


def files(count: int, drawn: dict[tuple[str, bool], Draw], seed: int = 1) -> list[FileFeatures]:
    """So many of each source and label."""
    dice = np.random.default_rng(seed)
    return [
        file(source, at, draw(dice), manipulated=manipulated)
        for (source, manipulated), draw in drawn.items()
        for at in range(count)
    ]
