"""Face crops drawn with known landmarks, for detectors that follow a face through a video."""

from dataclasses import replace

import cv2
import numpy as np

from analysis.engine.signals.oval import HALF_HEIGHT, HALF_WIDTH, MIDDLE_Y
from analysis.engine.types import Box, FaceBatch, FaceCrop, MediaKind, Probe, Source

CROP_PX, FRAME_PX = 160, 1000
EYES_PX, MIDDLE = 44.0, (80.0, 58.0)
SOURCE = Source(Probe(MediaKind.VIDEO, "mp4"), sample_fps=5.0, expected_samples=None)


def face(number, rgb, *, fps=25.0, track=0, landmarks=True):
    """The crop as face of frame `number`: its box is the crop without its margin."""
    side = CROP_PX / FRAME_PX
    margin = side * 0.3 / 1.3 / 2
    region: Box = (0.4, 0.4, 0.4 + side, 0.4 + side)
    box = (0.4 + margin, 0.4 + margin, 0.4 + side - margin, 0.4 + side - margin)
    x, y = MIDDLE
    marks = [(x - EYES_PX / 2, y), (x + EYES_PX / 2, y), (x, y + 26), (x - 18, y + 50), (x + 18, y + 50)]
    marks = tuple((0.4 + px / FRAME_PX, 0.4 + py / FRAME_PX) for px, py in marks)
    return FaceCrop(number, number / fps, track, box, 0.9, rgb, marks if landmarks else None, region)


def smaller(face, scale=0.7):
    """The face as a camera with fewer pixels would have it; at 0.7 its eyes are 31 px apart."""
    side = round(scale * face.rgb.shape[0])
    return replace(face, rgb=cv2.resize(face.rgb, (side, side), interpolation=cv2.INTER_AREA))


def batches(faces):
    """One batch a face."""
    return [FaceBatch(((one.index, one.pts_seconds),), (one,)) for one in faces]


def in_part(part):
    """Where in the crop that rectangle of the face lies, as slices; grown, since its edge is not the point."""
    left, top, right, bottom = (value * EYES_PX for value in part)
    x, y = MIDDLE
    return slice(int(y + top) - 3, int(y + bottom) + 4), slice(int(x + left) - 3, int(x + right) + 4)


def oval_radius():
    """Distance from the middle of the face's oval for each pixel of the crop, 1 on the oval."""
    at = np.arange(CROP_PX) + 0.5
    across = (at - MIDDLE[0]) / EYES_PX / HALF_WIDTH
    down = ((at - MIDDLE[1]) / EYES_PX - MIDDLE_Y) / HALF_HEIGHT
    return np.hypot(across[None, :], down[:, None])


def fed(session, faces):
    """Everything the session yields from these faces, drained."""
    given = [measured for batch in batches(faces) for measured in session.feed(batch)]
    return [point for measured in [*given, *session.drain()] for point in measured.points]
