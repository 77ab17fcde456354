"""FastestDet, by ONNX Runtime. No paper; after the repository FastestDet (dog-qiuqiu, 2022), its example for ONNX.

Ours differs: boxes on one object suppress each other only where they are of one class, are not cut to whole pixels and
end at the frame. The golden check runs it as the original does.
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

SIDE, CELLS_ACROSS = 352, 22
PRESENCE_WEIGHT, CLASS_WEIGHT = 0.6, 0.4
KEY = "fastestdet"


class FastestDet:
    """An ObjectFinder of COCO's classes in one inference, twice as fast as YOLOX-nano and less exact."""

    name = "fastestdet"
    version = CATALOGUE[KEY].commit
    classes = frozenset(COCO)
    blind = (
        "Sees 80 everyday classes in a copy of the frame squeezed to 352 by 352 pixels, one object for each of 22 by "
        "22 places: it misses small things, what stands close together, and much that is dark or half hidden."
    )

    def __init__(self, weights: WeightStore, *, threads: int = 1) -> None:
        self._net = network(content_of(weights, KEY), threads=threads)
        self.sha256: str | None = CATALOGUE[KEY].sha256

    def find(self, rgb: Pixels) -> tuple[Detection, ...]:
        check_picture(rgb)
        return detections(*decoded(self._net(squeezed(rgb))[0]), COCO)


def network(content: bytes, *, threads: int) -> Network:
    shape = Shape((1, 3, SIDE, SIDE), (1, 5 + len(COCO), CELLS_ACROSS, CELLS_ACROSS))
    return Network(content, CATALOGUE[KEY].file, shape, threads=threads)


def squeezed(rgb: Pixels) -> Floats:
    """(1, 3, SIDE, SIDE), BGR in 0–1; the shape of the picture is not kept."""
    small = cv2.resize(np.ascontiguousarray(rgb), (SIDE, SIDE), interpolation=cv2.INTER_AREA)
    planes = np.empty((1, 3, SIDE, SIDE), np.float32)
    planes[0] = small[:, :, ::-1].transpose(2, 0, 1)
    planes /= np.float32(255)
    return planes


def decoded(planes: Floats) -> tuple[Reals, Reals, Numbers]:
    """planes: (85, 22, 22). The cells that are sure enough: boxes (n, 4) xyxy in 0–1, confidences, classes."""
    rows = planes.reshape(len(planes), -1).T
    kinds = rows[:, 5:].argmax(axis=1)
    likely = np.take_along_axis(rows[:, 5:], kinds[:, None], axis=1)[:, 0]
    confidences = np.maximum(rows[:, 0], 0) ** PRESENCE_WEIGHT * np.maximum(likely, 0) ** CLASS_WEIGHT
    sure = np.flatnonzero(confidences >= LEAST_CONFIDENCE)
    cells = np.stack([sure % CELLS_ACROSS, sure // CELLS_ACROSS], axis=1)
    middles = (cells + np.tanh(rows[sure, 1:3])) / CELLS_ACROSS
    halves = 1 / (1 + np.exp(-rows[sure, 3:5])) / 2
    boxes = np.concatenate([middles - halves, middles + halves], axis=1).astype(np.float32)
    return boxes, confidences[sure].astype(np.float32), kinds[sure]
