"""YOLOX-nano, by ONNX Runtime.

Ge et al., YOLOX: exceeding YOLO series in 2021, arXiv 2107.08430, section 2, in the export of its authors: boxes come
out undecoded, scores already between 0 and 1. Ours differs: boxes on one object suppress each other only where they
are of one class, so that a rider does not lose the bicycle. The golden check runs it as the original does.
"""

import cv2
import numpy as np

from analysis.engine.analytics.detection.boxes import Numbers, Reals, check_picture, detections
from analysis.engine.analytics.detection.classes import COCO
from analysis.engine.analytics.detection.finder import LEAST_CONFIDENCE
from analysis.engine.analytics.detection.network import Network, Shape, content_of
from analysis.engine.analytics.objects import Detection
from analysis.engine.catalogue import CATALOGUE
from analysis.engine.types import Floats, Pixels
from analysis.engine.weights import WeightStore

SIDE = 416
STRIDES = (8, 16, 32)
PADDING = 114
ANCHORS = sum((SIDE // stride) ** 2 for stride in STRIDES)
MOST_LOG_SIZE = 10.0  # of a side in strides: far beyond any picture, and no overflow
KEY = "yolox-nano"


def _grid() -> tuple[Reals, Reals]:
    """The cell of each row of the output, (n, 2) as x and y, and its stride, (n, 1)."""
    cells, strides = [], []
    for stride in STRIDES:
        across = SIDE // stride
        y, x = np.mgrid[0:across, 0:across].reshape(2, -1)
        cells.append(np.stack([x, y], axis=1))
        strides.append(np.full((across * across, 1), stride))
    return np.concatenate(cells).astype(np.float32), np.concatenate(strides).astype(np.float32)


CELLS, STRIDE = _grid()


class YoloxNano:
    """An ObjectFinder of COCO's classes in one inference."""

    name = "yolox-nano"
    version = CATALOGUE[KEY].commit
    classes = frozenset(COCO)
    blind = (
        "Sees 80 everyday classes in a copy of the frame scaled to 416 pixels: it misses most of what is then smaller "
        "than about 25 pixels, people seen from straight above, crowds, and what is dark or half hidden."
    )

    def __init__(self, weights: WeightStore, *, threads: int = 1) -> None:
        self._net = network(content_of(weights, KEY), threads=threads)
        self.sha256: str | None = CATALOGUE[KEY].sha256

    def find(self, rgb: Pixels) -> tuple[Detection, ...]:
        check_picture(rgb)
        height, width = rgb.shape[:2]
        rows = self._net(letterboxed(rgb))[0]
        boxes, confidences, classes = decoded(rows)
        frame = np.array([width, height, width, height], np.float32) * ratio(width, height)
        return detections(boxes / frame, confidences, classes, COCO)


def network(content: bytes, *, threads: int) -> Network:
    shape = Shape((1, 3, SIDE, SIDE), (1, ANCHORS, 5 + len(COCO)))
    return Network(content, CATALOGUE[KEY].file, shape, threads=threads)


def ratio(width: int, height: int) -> float:
    return min(SIDE / height, SIDE / width)


def letterboxed(rgb: Pixels) -> Floats:
    """(1, 3, SIDE, SIDE), BGR in 0–255: the picture at the top left, its shape kept, and grey beside it."""
    height, width = rgb.shape[:2]
    scale = ratio(width, height)
    wide, high = max(1, int(width * scale)), max(1, int(height * scale))
    small = cv2.resize(np.ascontiguousarray(rgb), (wide, high), interpolation=cv2.INTER_LINEAR)
    canvas = np.full((1, 3, SIDE, SIDE), PADDING, np.float32)
    canvas[0, :, :high, :wide] = small[:, :, ::-1].transpose(2, 0, 1)
    return canvas


def decoded(rows: Floats) -> tuple[Reals, Reals, Numbers]:
    """The rows that are sure enough: boxes (n, 4) xyxy in pixels of the canvas, confidences, numbers of classes."""
    presence = rows[:, 4]
    # a product cannot reach what one factor does not: three thousand rows of 80 classes need not be looked at
    may = np.flatnonzero(presence >= LEAST_CONFIDENCE)
    kinds = rows[may, 5:].argmax(axis=1)
    confidences = presence[may] * rows[may, 5 + kinds]
    sure = confidences >= LEAST_CONFIDENCE
    may, kinds, confidences = may[sure], kinds[sure], confidences[sure]
    offsets = np.clip(rows[may, :2], -SIDE, SIDE)  # in strides: no sound net gives more, and none overflows
    middles = (offsets + CELLS[may]) * STRIDE[may]
    halves = np.exp(np.minimum(rows[may, 2:4], MOST_LOG_SIZE)) * STRIDE[may] / 2
    return np.concatenate([middles - halves, middles + halves], axis=1), confidences, kinds
