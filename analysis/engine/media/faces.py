"""Finds faces in sampled frames, refuses those no net should judge, and crops the others.

YuNet through OpenCV when its published weights are installed, OpenCV's bundled frontal cascade otherwise. Both
look at a smaller copy of the frame; crops come from the full-size frame.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Protocol

import cv2
import numpy as np

from analysis.engine.errors import UnverifiedWeights
from analysis.engine.media.surroundings import surroundings
from analysis.engine.media.tracks import FaceTracks
from analysis.engine.types import Box, FaceBatch, FaceCrop, Frame, FrameBatch, Landmarks, Pixels, Reason
from analysis.engine.weights import WeightStore, sha256_of

MIN_FACE_PX = (
    64  # of the original; MesoNet's input is 256, and below a quarter of it mostly interpolation is judged
)
MIN_REDUCED_PX = 16  # in narrower pictures YuNet sees NaN, or faces in noise
MIN_CONFIDENCE = 0.7
SHARPNESS_SIDE = 128
MIN_SHARPNESS = 12.0
CROP_MARGIN = 1.3
MAX_FACES = 16
CASCADE_WEIGHT_AT_HALF = 4.0


@dataclass(frozen=True)
class Candidate:
    """One face as a finder saw it; `box` in 0–1 of the frame, `confidence` in 0–1, `landmarks` as in FaceCrop."""

    box: Box
    confidence: float
    landmarks: Landmarks | None = None


class Finder(Protocol):
    """Finds faces in one RGB picture, given with its longer side at most `longest_side` px."""

    name: str
    sha256: str
    longest_side: int

    def find(self, rgb: Pixels) -> list[Candidate]: ...


class YuNet:
    """OpenCV's FaceDetectorYN with the published weights."""

    name = "YuNet"
    longest_side = 640

    def __init__(self, path: Path) -> None:
        self.sha256 = sha256_of(path)
        self._net = cv2.FaceDetectorYN.create(str(path), "", (320, 320), MIN_CONFIDENCE, 0.3, 200)

    def find(self, rgb: Pixels) -> list[Candidate]:
        height, width = rgb.shape[:2]
        self._net.setInputSize((width, height))
        _, rows = self._net.detect(cv2.cvtColor(rgb, cv2.COLOR_RGB2BGR))
        found = rows if rows is not None else ()
        return [
            replace(
                _candidate(row[:4], float(row[14]), width, height), landmarks=_landmarks(row, width, height)
            )
            for row in found
        ]


class Cascade:
    """OpenCV's bundled frontal face cascade: no weights to install, misses turned and small faces."""

    name = "OpenCV's frontal cascade"
    longest_side = 480  # five times slower than YuNet at the same size

    def __init__(self) -> None:
        folder = Path(cv2.data.haarcascades)  # type: ignore[attr-defined]  # the stubs lack cv2.data
        path = folder / "haarcascade_frontalface_default.xml"
        self.sha256 = sha256_of(path)
        self._cascade = cv2.CascadeClassifier(str(path))

    def find(self, rgb: Pixels) -> list[Candidate]:
        height, width = rgb.shape[:2]
        grey = cv2.equalizeHist(cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY))
        boxes, _, weights = self._cascade.detectMultiScale3(
            grey, scaleFactor=1.15, minNeighbors=6, minSize=(24, 24), outputRejectLevels=True
        )
        return [
            _candidate(box, _squashed(float(weight)), width, height)
            for box, weight in zip(boxes, np.ravel(weights), strict=True)
        ]


def _landmarks(row: Sequence[float], width: int, height: int) -> Landmarks | None:
    """The five points of one of YuNet's rows; they may lie outside the frame."""
    points = [(float(row[at]) / width, float(row[at + 1]) / height) for at in range(4, 14, 2)]
    if not all(math.isfinite(value) for point in points for value in point):
        return None
    right_eye, left_eye, nose, right_mouth, left_mouth = points
    return right_eye, left_eye, nose, right_mouth, left_mouth


def _squashed(weight: float) -> float:
    """The cascade's open-ended weight as a confidence: MIN_CONFIDENCE at 4, rising to 1."""
    return 1 - (1 - MIN_CONFIDENCE) * math.exp((CASCADE_WEIGHT_AT_HALF - weight) / 4)


def _candidate(box: Sequence[float], confidence: float, width: int, height: int) -> Candidate:
    left, top, wide, high = (float(value) for value in box)
    sides = (left / width, top / height, (left + wide) / width, (top + high) / height)
    x1, y1, x2, y2 = (min(max(side, 0.0), 1.0) for side in sides)
    return Candidate((x1, y1, x2, y2), min(max(confidence, 0.0), 1.0))


def best_finder(weights: WeightStore) -> Finder:
    """YuNet when its file is installed and verified, the bundled cascade otherwise."""
    try:
        return YuNet(weights.path("yunet"))
    except UnverifiedWeights:
        return Cascade()


def candidates(finder: Finder, rgb: Pixels) -> list[Candidate]:
    """The faces it is sure enough of in a picture of any size, the largest first."""
    reduced = _reduced(rgb, finder.longest_side)
    if min(reduced.shape[:2]) < MIN_REDUCED_PX:
        return []
    found = [face for face in finder.find(reduced) if face.confidence >= MIN_CONFIDENCE]
    return sorted(found, key=lambda face: -_area(face.box))


@dataclass
class FaceFinder:
    """Turns frames into face batches; remembers the tracks of one run. Used by one thread.

    `most_faces` were found in one frame; in `frames_crowded` there were more than are judged.
    """

    finder: Finder
    tracks: FaceTracks = field(default_factory=FaceTracks)
    frames_seen: int = 0
    frames_with_face: int = 0
    frames_crowded: int = 0
    most_faces: int = 0

    def feed(self, batch: FrameBatch) -> FaceBatch:
        """The usable faces of every frame, and for frames without one the reason."""
        return joined(
            [
                self.judge(frame, None if frame.damaged else candidates(self.finder, frame.rgb))
                for frame in batch.frames
            ]
        )

    def judge(self, frame: Frame, found: Sequence[Candidate] | None) -> FaceBatch:
        """The usable ones of the faces found in the next frame; None found where it is damaged."""
        usable, reasons = ([], [Reason.DECODE_ERROR]) if found is None else self._judged(frame, found)
        refused = {} if usable else {frame.index: _weightiest(reasons)}
        self.frames_seen += 1
        self.frames_with_face += bool(usable)
        left_out = tuple((frame.index, reason) for reason in reasons)
        finder = (self.finder.name, self.finder.sha256)
        return FaceBatch(((frame.index, frame.pts_seconds),), tuple(usable), refused, left_out, finder)

    def _judged(self, frame: Frame, found: Sequence[Candidate]) -> tuple[list[FaceCrop], list[Reason]]:
        """The usable faces, and why each of the others is none."""
        self.most_faces = max(self.most_faces, len(found))
        self.frames_crowded += len(found) > MAX_FACES
        found = found[:MAX_FACES]
        ids = self.tracks.assign([face.box for face in found], frame.pts_seconds)
        reasons = [refusal(frame.rgb, face.box) for face in found]
        usable = [
            _cropped(frame, face, track)
            for face, track, reason in zip(found, ids, reasons, strict=True)
            if reason is None
        ]
        return usable, [reason for reason in reasons if reason]


def _reduced(rgb: Pixels, longest_side: int) -> Pixels:
    height, width = rgb.shape[:2]
    scale = longest_side / max(height, width)
    if scale >= 1:
        return rgb
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    return np.asarray(cv2.resize(rgb, size, interpolation=cv2.INTER_AREA), np.uint8)


def _cropped(frame: Frame, face: Candidate, track: int) -> FaceCrop:
    height, width = frame.rgb.shape[:2]
    x, y, side = square(width, height, face.box)
    region = (x / width, y / height, (x + side) / width, (y + side) / height)
    return FaceCrop(
        frame.index,
        frame.pts_seconds,
        track,
        face.box,
        face.confidence,
        crop(frame.rgb, face.box),
        face.landmarks,
        region,
        surroundings(frame.rgb, face.box),
    )


def joined(batches: Sequence[FaceBatch]) -> FaceBatch:
    """The batches of consecutive frames as one; there is at least one."""
    return FaceBatch(
        tuple(seen for batch in batches for seen in batch.sampled),
        tuple(face for batch in batches for face in batch.faces),
        {index: reason for batch in batches for index, reason in batch.refused.items()},
        tuple(left for batch in batches for left in batch.left_out),
        batches[0].finder,
    )


def _weightiest(reasons: Iterable[Reason]) -> Reason:
    """A face large enough but blurred says more than one too small, and that more than none."""
    given = set(reasons)
    return next((reason for reason in _TELLING if reason in given), Reason.NO_FACE)


_TELLING = (Reason.DECODE_ERROR, Reason.FACE_TOO_BLURRED, Reason.FACE_TOO_SMALL)


def _area(box: Box) -> float:
    return (box[2] - box[0]) * (box[3] - box[1])


def _pixel_box(width: int, height: int, box: Box) -> tuple[int, int, int, int]:
    return round(box[0] * width), round(box[1] * height), round(box[2] * width), round(box[3] * height)


def refusal(rgb: Pixels, box: Box) -> Reason | None:
    """Why this face must not be judged: too small or too blurred; None when it may be."""
    left, top, right, bottom = _pixel_box(rgb.shape[1], rgb.shape[0], box)
    if min(right - left, bottom - top) < MIN_FACE_PX:
        return Reason.FACE_TOO_SMALL
    if sharpness(rgb[top:bottom, left:right]) < MIN_SHARPNESS:
        return Reason.FACE_TOO_BLURRED
    return None


def sharpness(face: Pixels) -> float:
    """Variance of the Laplacian of the face's luma, scaled so that its shorter side has at most 128 px.

    Scaled, because the same face has a smaller Laplacian per pixel the larger its crop is.
    """
    grey = cv2.cvtColor(face, cv2.COLOR_RGB2GRAY)
    scale = min(1.0, SHARPNESS_SIDE / min(grey.shape))
    if scale < 1:
        grey = cv2.resize(grey, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    return float(cv2.Laplacian(grey, cv2.CV_32F).var())


def crop(rgb: Pixels, box: Box, *, margin: float = CROP_MARGIN) -> Pixels:
    """The square around the face, `margin` times its longer side, moved into the frame where it would leave it."""
    x, y, side = square(rgb.shape[1], rgb.shape[0], box, margin=margin)
    # a copy, so that a kept crop does not keep the whole frame
    return rgb[y : y + side, x : x + side].copy()


def square(width: int, height: int, box: Box, *, margin: float = CROP_MARGIN) -> tuple[int, int, int]:
    """Left, top and side in pixels of what `crop` cuts from a frame of that size."""
    left, top, right, bottom = _pixel_box(width, height, box)
    side = min(round(max(right - left, bottom - top) * margin), height, width)
    x = min(max((left + right - side) // 2, 0), width - side)
    y = min(max((top + bottom - side) // 2, 0), height - side)
    return x, y, side
