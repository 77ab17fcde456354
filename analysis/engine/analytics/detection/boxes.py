"""Boxes as nets give them made into detections: each object once, within the frame, the surest first."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from analysis.engine.analytics.detection.finder import LEAST_CONFIDENCE
from analysis.engine.analytics.objects import Detection
from analysis.engine.types import Pixels

SAME_OBJECT = 0.45  # overlap; as in the published code of both nets
MOST_CANDIDATES = 1000  # of which pairs are compared, the surest; a crowd of 100 makes some 500
MOST_DETECTIONS = 300  # the most a tracker follows

Reals = NDArray[np.float32]
Numbers = NDArray[np.int64]


def check_picture(rgb: Pixels) -> None:
    """Raises ValueError for what is no picture."""
    if not isinstance(rgb, np.ndarray) or rgb.dtype != np.uint8 or rgb.ndim != 3 or rgb.shape[2] != 3:
        kind = f"{rgb.dtype} {rgb.shape}" if isinstance(rgb, np.ndarray) else type(rgb).__name__
        raise ValueError(f"A picture is uint8 (height, width, 3), not {kind}.")
    if 0 in rgb.shape:
        raise ValueError(f"A picture has at least one pixel; this one is {rgb.shape[1]}x{rgb.shape[0]}.")


def suppressed(boxes: Reals, confidences: Reals, classes: Numbers | None = None) -> Numbers:
    """Which boxes stay where of several on one object only the surest does; surest first.

    boxes: (n, 4) xyxy. With `classes`, only boxes of one class are taken for one object. Of more than MOST_CANDIDATES
    only the surest are looked at.
    """
    order = np.argsort(-confidences, kind="stable")[:MOST_CANDIDATES]
    rivals = _overlaps(boxes[order]) > SAME_OBJECT
    if classes is not None:
        rivals &= classes[order][:, None] == classes[order][None, :]
    left = np.ones(len(order), np.bool_)
    for at in range(len(order)):
        if left[at]:
            left[at + 1 :] &= ~rivals[at, at + 1 :]
    return np.asarray(order[left], np.int64)


def _overlaps(boxes: Reals) -> Reals:
    left, top, right, bottom = np.ascontiguousarray(boxes.T)
    wide = np.minimum(right[:, None], right) - np.maximum(left[:, None], left)
    high = np.minimum(bottom[:, None], bottom) - np.maximum(top[:, None], top)
    both = np.maximum(wide, 0) * np.maximum(high, 0)
    areas = np.maximum(right - left, 0) * np.maximum(bottom - top, 0)
    union = areas[:, None] + areas - both
    return np.asarray(np.divide(both, union, out=np.zeros_like(both), where=union > 0), np.float32)


def detections(
    boxes: Reals, confidences: Reals, classes: Numbers, names: Sequence[str]
) -> tuple[Detection, ...]:
    """boxes: (n, 4) xyxy in 0–1 of the frame, also beyond it; classes: numbers of `names`.

    What is no number, too doubtful, or has nothing in the frame is left out.
    """
    good = np.isfinite(boxes).all(axis=1) & (confidences >= LEAST_CONFIDENCE)
    clipped = np.clip(boxes[good], 0, 1)
    confidences, classes = np.minimum(confidences[good], 1), classes[good]
    there = (clipped[:, :2] < clipped[:, 2:]).all(axis=1)
    clipped, confidences, classes = clipped[there], confidences[there], classes[there]
    kept = suppressed(clipped, confidences, classes)[:MOST_DETECTIONS]
    return tuple(_detection(clipped[at], confidences[at], names[classes[at]]) for at in kept)


def _detection(box: Reals, confidence: np.float32, name: str) -> Detection:
    left, top, right, bottom = (float(side) for side in box)
    return Detection((left, top, right, bottom), float(confidence), name)
