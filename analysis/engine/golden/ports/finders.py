"""Nets that find what others judge."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from analysis.engine.analytics.detection import fastestdet, yolox
from analysis.engine.analytics.detection.boxes import suppressed
from analysis.engine.golden.ports.port import Array, Port, Values

FASTESTDET_LEAST = 0.5  # in its own example, which the golden file follows


def _load_yunet(path: Path, *, device: str) -> Callable[[Array, Mapping[str, Any]], Values]:
    import cv2

    raw = cv2.dnn.readNetFromONNX(str(path))
    finder = cv2.FaceDetectorYN.create(str(path), "", (320, 320), 0.6, 0.3, 5000)

    def outputs(picture: Array) -> Values:
        names = raw.getUnconnectedOutLayersNames()
        raw.setInput(picture.transpose(2, 0, 1)[None])
        return dict(zip(names, raw.forward(names), strict=True))

    def run(picture: Array, described: Mapping[str, Any]) -> Values:
        if picture.dtype != np.uint8:
            return outputs(picture * 255)
        finder.setInputSize((picture.shape[1], picture.shape[0]))
        found = finder.detect(picture)[1]
        faces = found if found is not None else np.zeros((0, 15), np.float32)
        on_canvas = {f"canvas_640.raw.{name}": value for name, value in outputs(_canvas(picture)).items()}
        return {"opencv_FaceDetectorYN_full_size.faces": faces} | on_canvas

    return run


def _canvas(picture: Array, side: int = 640) -> Array:
    """The picture, fitted into the top left of a black square, float32 in 0..255."""
    import cv2

    height, width = picture.shape[:2]
    scale = min(side / height, side / width, 1)
    if scale < 1:
        picture = cv2.resize(
            picture, (int(width * scale), int(height * scale)), interpolation=cv2.INTER_LINEAR
        )
    canvas = np.zeros((side, side, 3), np.float32)
    canvas[: picture.shape[0], : picture.shape[1]] = picture
    return canvas


def _load_yolox(path: Path, *, device: str) -> Callable[[Array, Mapping[str, Any]], Values]:
    net = yolox.network(path.read_bytes(), threads=1)

    def run(picture: Array, _described: Mapping[str, Any]) -> Values:
        if picture.dtype != np.uint8:
            return {"output": net(_planes(picture * np.float32(255)))}
        rows = net(yolox.letterboxed(picture[:, :, ::-1]))
        boxes, confidences, kinds = yolox.decoded(rows[0])
        boxes = boxes / yolox.ratio(picture.shape[1], picture.shape[0])
        # the original counts the pixels at both ends of a side
        kept = suppressed(boxes + np.array([0, 0, 1, 1]), confidences)
        boxes = np.clip(boxes, 0, [picture.shape[1], picture.shape[0]] * 2)
        found = np.column_stack([boxes, confidences, kinds])[kept]
        return {"raw_1x3549x85": rows, "detections_xyxy_px_score_class": found}

    return run


def _load_fastestdet(path: Path, *, device: str) -> Callable[[Array, Mapping[str, Any]], Values]:
    net = fastestdet.network(path.read_bytes(), threads=1)

    def run(picture: Array, _described: Mapping[str, Any]) -> Values:
        if picture.dtype != np.uint8:
            return {"758": net(_planes(picture))}
        planes = net(fastestdet.squeezed(picture[:, :, ::-1]))
        boxes, confidences, kinds = fastestdet.decoded(planes[0])
        sure = confidences > FASTESTDET_LEAST
        boxes, confidences, kinds = boxes[sure], confidences[sure], kinds[sure]
        boxes = np.trunc(boxes * ([picture.shape[1], picture.shape[0]] * 2))
        found = np.column_stack([boxes, confidences, kinds])[suppressed(boxes, confidences)]
        return {"raw_1x85x22x22": planes, "detections_x1_y1_x2_y2_score_class_thr_0.5": found}

    return run


def _planes(picture: Array) -> Array:
    return np.ascontiguousarray(picture.transpose(2, 0, 1))[None]


FINDERS: dict[str, Port] = {
    "YuNet": Port("yunet", _load_yunet),
    "YOLOX-nano": Port("yolox-nano", _load_yolox),
    "FastestDet": Port("fastestdet", _load_fastestdet),
}
