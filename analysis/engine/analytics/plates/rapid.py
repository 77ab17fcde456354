"""Reads writing with the two models that rapidocr brings inside its wheel: PP-OCRv6 small, in ONNX.

Only its model files are used, not its code: that turns rows by a third model, which puts some plates upside down,
tells no confidence for single signs, and would fetch from the network what it misses.

Rows are found by differentiable binarisation (Liao et al. 2020, section 3.4): the map of likely writing is cut at
0.3, and the outline of each piece grown by its area times 1.6 over its length. Ours differs: the least rectangle
around a piece is grown and not the piece itself. Rows are read by the best path of connectionist temporal
classification (Graves et al. 2006, section 3.2); a sign's confidence is what its surest step gives to all characters
that are that sign, in capitals or not.
"""

import hashlib
import math
from collections.abc import Mapping, Sequence
from functools import cache
from importlib import metadata
from itertools import groupby
from pathlib import Path
from types import MappingProxyType
from typing import Any

import cv2
import numpy as np

from analysis.engine.analytics.plates.signs import signs
from analysis.engine.analytics.plates.writing import Quad, Writing
from analysis.engine.errors import UnverifiedWeights
from analysis.engine.types.arrays import Pixels

FINDER = ("PP-OCRv6_det_small.onnx", "090f04abcd9d9a7498bc4ebf677e4cb9bdce1fe4197ddb7e529f1ef44e1ff94f")
READER = ("PP-OCRv6_rec_small.onnx", "6f327246b50388f3c176ae304bd95767ea6dc0c9ae92153ef8cbe210b3c14884")
# What its authors set (PaddleOCR, PP-OCRv6): both models see -1..1, rows 48 pixels high.
_LEAST_SHARE, _LEAST_MEAN, _GROWTH = 0.3, 0.5, 1.6
_STEP = 32
# What is higher than wide by more is a row that runs down, by less a single letter.
_UPRIGHT = 1.5
ROW_HEIGHT, _LEAST_ROW_WIDTH, _ROW_STEP = 48, 320, 80
# Longer rows are sentences: squeezed, since nothing of them is wanted.
_MOST_ROW_WIDTH = 960
MOST_ROWS = 64
# A picture of more pixels than this is looked at smaller: that bounds time and memory.
MOST_PIXELS = 1_600_000
_LEAST_ALTERNATIVE, _MOST_ALTERNATIVES = 0.01, 4


class NoPlateReader(UnverifiedWeights):
    """The models that read plates are not there."""

    code = "no_plate_reader"


def digest() -> str:
    """One SHA-256 for both models; they are only ever used if their bytes are the ones these stand for."""
    return hashlib.sha256("".join(sha256 for _, sha256 in (FINDER, READER)).encode()).hexdigest()


class RapidReader:
    """A PlateReader on the CPU. Raises NoPlateReader where the models are missing or not the expected ones."""

    def __init__(self, *, threads: int = 1) -> None:
        self._finder = _session(*FINDER, threads)
        self._reader = _session(*READER, threads)
        characters = self._reader.get_modelmeta().custom_metadata_map["character"].splitlines()
        # as the model counts: the blank first, the space last
        self._characters = ("", *characters, " ")
        self._signs = tuple(map(_only_sign, self._characters))
        self._same = _same(self._signs)

    @property
    def name(self) -> str:
        """The model family, as its authors call it."""
        return "PP-OCRv6 small"

    def find(self, rgb: Pixels) -> tuple[Quad, ...]:
        """Rows from about 8 pixels high on; at most MOST_ROWS, the largest first."""
        height, width = rgb.shape[:2]
        if min(height, width) < 1:
            return ()
        size = _looked_size(width, height)
        smaller = size[0] * size[1] < width * height
        seen = cv2.resize(rgb, size, interpolation=cv2.INTER_AREA if smaller else cv2.INTER_LINEAR)
        likely = self._finder.run(None, {self._finder.get_inputs()[0].name: _input(seen)})[0][0, 0]
        return _rows(likely, width / size[0], height / size[1])

    def read(self, rows: Sequence[Pixels]) -> tuple[Writing, ...]:
        """One row at a time: in a batch each would be padded to the longest, and read a little differently."""
        return tuple(self._written(row) for row in rows)

    def _written(self, row: Pixels) -> Writing:
        height, width = row.shape[:2]
        if min(height, width) < 1:
            return Writing("", (), (), ())
        across = min(_MOST_ROW_WIDTH, max(1, round(width * ROW_HEIGHT / height)))
        whole = max(_LEAST_ROW_WIDTH, math.ceil(across / _ROW_STEP) * _ROW_STEP)
        scaled = cv2.resize(row, (across, ROW_HEIGHT), interpolation=cv2.INTER_LINEAR)
        values = np.zeros((1, 3, ROW_HEIGHT, whole), np.float32)
        values[..., :across] = _input(scaled)
        steps = self._reader.run(None, {self._reader.get_inputs()[0].name: values})[0][0]
        return self._decoded(steps, whole / across)

    def _decoded(self, steps: np.ndarray, stretch: float) -> Writing:
        """steps: (n, characters), probabilities. stretch: the width that was read to that of the row."""
        best = steps.argmax(axis=1)
        text, sure, others, places = "", [], [], []
        for character, run in groupby(range(len(best)), key=lambda step: int(best[step])):
            if not character:
                continue
            inside = list(run)
            surest = max(inside, key=lambda step: steps[step, character])
            confidence, alternatives = self._shares(steps[surest], character)
            text += self._characters[character]
            sure.append(confidence)
            others.append(alternatives)
            places.append(min(1.0, (inside[0] + inside[-1] + 1) / 2 / len(best) * stretch))
        return Writing(text, tuple(sure), tuple(others), tuple(places))

    def _shares(self, step: np.ndarray, character: int) -> tuple[float, Mapping[str, float]]:
        """The confidence in the sign of a character, and that in other signs."""
        sign = self._signs[character]
        if not sign:
            return float(step[character]), MappingProxyType({})
        shares = {other: float(step[list(same)].sum()) for other, same in self._same.items()}
        rest = sorted(((share, other) for other, share in shares.items() if other != sign), reverse=True)
        told = {other: share for share, other in rest[:_MOST_ALTERNATIVES] if share >= _LEAST_ALTERNATIVE}
        return min(1.0, shares[sign]), MappingProxyType(told)


def _looked_size(width: int, height: int) -> tuple[int, int]:
    """In whole steps, as the model wants, and no more than MOST_PIXELS however long one side is."""
    scale = min(1.0, math.sqrt(MOST_PIXELS / (height * width)))
    across, down = (max(_STEP, round(side * scale / _STEP) * _STEP) for side in (width, height))
    # rounding may have made it more, and much more of a strip
    most = max(_STEP, MOST_PIXELS // min(across, down) // _STEP * _STEP)
    return (min(across, most), down) if across >= down else (across, min(down, most))


def _session(name: str, sha256: str, threads: int) -> Any:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = max(1, threads)
    options.inter_op_num_threads = 1
    options.log_severity_level = 4
    # pictures have many sizes: an arena would keep the memory of each
    options.enable_cpu_mem_arena = False
    # from memory, so that what was checked is what is run
    return onnxruntime.InferenceSession(_model(name, sha256), options, providers=["CPUExecutionProvider"])


def _model(name: str, sha256: str) -> bytes:
    try:
        path = Path(str(metadata.distribution("rapidocr").locate_file(f"rapidocr/models/{name}")))
        model = path.read_bytes()
    except (metadata.PackageNotFoundError, OSError) as error:
        raise NoPlateReader(
            f"rapidocr 3.10 and its {name} are not installed: {type(error).__name__}."
        ) from error
    if hashlib.sha256(model).hexdigest() != sha256:
        raise NoPlateReader(f"The {name} of the installed rapidocr is not that of rapidocr 3.10.")
    return model


def _input(rgb: np.ndarray) -> np.ndarray:
    """As the models were trained: BGR, -1..1, (1, 3, height, width)."""
    scaled = rgb[..., ::-1].astype(np.float32) / 127.5 - 1.0
    return np.ascontiguousarray(scaled.transpose(2, 0, 1)[np.newaxis])


def _rows(likely: np.ndarray, across: float, down: float) -> tuple[Quad, ...]:
    """Where rows stand on a map of likely writing; `across` and `down` pixels of the picture are one of the map."""
    pieces = (likely > _LEAST_SHARE).astype(np.uint8)
    outlines, _ = cv2.findContours(
        cv2.dilate(pieces, np.ones((2, 2), np.uint8)), cv2.RETR_LIST, cv2.CHAIN_APPROX_SIMPLE
    )
    largest = sorted(outlines, key=cv2.contourArea, reverse=True)[:MOST_ROWS]
    quads = (_grown(outline, likely) for outline in largest)
    return tuple(_scaled(quad, across, down) for quad in quads if quad is not None)


def _grown(outline: np.ndarray, likely: np.ndarray) -> np.ndarray | None:
    """The corners of a row, (4, 2); None where too little is there."""
    (x, y), (width, height), turned = cv2.minAreaRect(outline)
    if (
        min(width, height) < 3
        or _mean(likely, cv2.boxPoints(((x, y), (width, height), turned))) < _LEAST_MEAN
    ):
        return None
    grown = width * height * _GROWTH / (width + height)
    return cv2.boxPoints(((x, y), (width + grown, height + grown), turned))


def _mean(likely: np.ndarray, corners: np.ndarray) -> float:
    left, top = np.maximum(np.floor(corners.min(axis=0)).astype(int), 0)
    right, bottom = np.ceil(corners.max(axis=0)).astype(int) + 1
    part = likely[top:bottom, left:right]
    inside = np.zeros(part.shape, np.uint8)
    cv2.fillPoly(inside, [(corners - (left, top)).round().astype(np.int32)], 1)
    return float(cv2.mean(part, inside)[0])


def _scaled(corners: np.ndarray, across: float, down: float) -> Quad:
    """From the left upper corner of the writing on, clockwise: rows run from left to right, or down."""
    points = [(float(x) * across, float(y) * down) for x, y in corners]
    top_left = min(range(4), key=lambda corner: points[corner][0] + points[corner][1])
    a, b, c, d = points[top_left:] + points[:top_left]
    if math.dist(a, b) * _UPRIGHT < math.dist(b, c):
        a, b, c, d = (b, c, d, a) if b[1] < a[1] else (d, a, b, c)
    return a, b, c, d


def _only_sign(character: str) -> str:
    sign = signs(character) if len(character) == 1 else ""
    return sign if len(sign) == 1 else ""


def _same(of_characters: tuple[str, ...]) -> dict[str, tuple[int, ...]]:
    """Which characters are one sign: a, A, and the Cyrillic letter of that shape."""
    same: dict[str, list[int]] = {}
    for index, sign in enumerate(of_characters):
        if sign:
            same.setdefault(sign, []).append(index)
    return {sign: tuple(indices) for sign, indices in same.items()}


@cache
def built_in() -> RapidReader:
    """The reader with one thread, loaded once a process."""
    return RapidReader()
