"""Nets that find what others judge."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from analysis.engine.golden.ports.port import Array, Port, Values


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


FINDERS: dict[str, Port] = {"YuNet": Port("yunet", _load_yunet)}
