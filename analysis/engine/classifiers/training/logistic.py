"""Logistic regression with an L2 penalty, on standardised features; convex, so that it needs no seed.

Each label weighs as much as the other, each file of a label as much as any other, and each row of a file as much as its
others: neither a long video nor a large class is learnt more of. The penalty is `l2 / 2` times the squared weights of
standardised features (mean 0, variance 1, so weighted), beside the weighted mean of the log loss; the bias is free.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn.functional import binary_cross_entropy_with_logits

from analysis.engine.classifiers.training.features import FileFeatures, Values
from analysis.engine.types import Floats

STEPS = 100
TOLERANCE = 1e-6
# a feature that hardly moves is rounding noise, and would get a huge weight
LEAST_DEVIATION = 1e-5
# so many rows tell a line as well as more would, and hundreds of lines are fitted to them
FIT_VALUES, FIT_ROWS_PER_FILE = 16_000_000, 32


@dataclass(frozen=True)
class Line:
    """What a head is: weights (features,), float64, of features as they come, and a bias."""

    weights: Values
    bias: float

    def __call__(self, rows: Floats) -> Values:
        """Scores of (n, features); 1 means manipulated."""
        return np.asarray(torch.sigmoid(torch.from_numpy(self.logits(rows))).numpy(), np.float64)

    def logits(self, rows: Floats) -> Values:
        return np.asarray(rows.astype(np.float64) @ self.weights + self.bias, np.float64)

    def moved(self, by: float) -> "Line":
        return Line(self.weights, self.bias + by)

    def state(self) -> dict[str, Tensor]:
        """As heads.Linear has it."""
        return {
            "out.weight": torch.from_numpy(self.weights.astype(np.float32))[None],
            "out.bias": torch.tensor([self.bias], dtype=torch.float32),
        }


@dataclass(frozen=True)
class Rows:
    """values: float64 (n, features); manipulated and weights: (n,), the weights of either label half of one."""

    values: Tensor
    manipulated: Tensor
    weights: Tensor


def balanced(files: Sequence[FileFeatures]) -> Rows:
    """Needs files of both labels."""
    per_file = max(1, min(FIT_ROWS_PER_FILE, FIT_VALUES // (len(files) * files[0].rows.shape[1])))
    spread = [file.spread(per_file) for file in files]
    labels = [file.file.manipulated for file in files]
    count = {label: labels.count(label) for label in (False, True)}
    each = [1 / (2 * count[label] * len(rows)) for label, rows in zip(labels, spread, strict=True)]
    lengths = [len(rows) for rows in spread]
    return Rows(
        torch.from_numpy(np.concatenate(spread).astype(np.float64)),
        torch.from_numpy(np.repeat(np.array(labels, np.float64), lengths)),
        torch.from_numpy(np.repeat(np.array(each), lengths)),
    )


def fit(files: Sequence[FileFeatures], penalties: Sequence[float]) -> list[Line]:
    """A line for each penalty; from the strongest to the weakest, each begins where the last ended."""
    rows = balanced(files)
    mean = (rows.weights[:, None] * rows.values).sum(0)
    deviation = (rows.weights[:, None] * (rows.values - mean).square()).sum(0).sqrt()
    moves = deviation > LEAST_DEVIATION * torch.maximum(mean.abs(), torch.ones_like(mean))
    scale = torch.where(moves, deviation, torch.ones_like(deviation))
    standard = Rows((rows.values - mean) / scale * moves, rows.manipulated, rows.weights)
    at = torch.zeros(standard.values.shape[1] + 1, dtype=torch.float64)
    lines = []
    for l2 in penalties:
        at = _descended(standard, l2, at)
        weights = at[:-1] / scale * moves
        lines.append(Line(weights.numpy(), float(at[-1] - weights @ mean)))
    return lines


def _descended(rows: Rows, l2: float, start: Tensor) -> Tensor:
    at = start.clone().requires_grad_()
    descent = torch.optim.LBFGS(
        [at], max_iter=STEPS, tolerance_grad=TOLERANCE, tolerance_change=1e-12, line_search_fn="strong_wolfe"
    )

    def cost() -> Tensor:
        descent.zero_grad()
        logits = rows.values @ at[:-1] + at[-1]
        lost = binary_cross_entropy_with_logits(
            logits, rows.manipulated, weight=rows.weights, reduction="sum"
        )
        whole = lost + l2 / 2 * at[:-1].square().sum()
        whole.backward()
        return whole

    descent.step(cost)
    return at.detach()


def log_loss(file: FileFeatures, scores: NDArray[np.float64]) -> float:
    """Of a file's rows, the mean."""
    right = scores if file.file.manipulated else 1 - scores
    return float(-np.log(np.clip(right, 1e-12, 1.0)).mean())
