"""Where parts of a face lie, by its landmarks: in eye distances from the middle between the eyes.

x runs from the person's right eye to the left one, y at a right angle towards the mouth. Proportions of an adult
face seen from the front; on a turned head the parts shift with the landmarks.
"""

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from analysis.engine.types import Box, FaceCrop, Point

if TYPE_CHECKING:
    from analysis.engine.types import Pixels

Reals = NDArray[np.float64]
Corners = tuple[Point, Point, Point, Point]
MIDDLE_Y, HALF_WIDTH, HALF_HEIGHT = 0.5, 1.05, 1.3  # of the oval from hairline to chin
LEAST_EYES_PX = 8.0


def eyes_px(face: FaceCrop) -> tuple[Reals, Reals] | None:
    """The middle between the eyes and the vector from the right to the left one, in pixels of the crop.

    None without landmarks, and where they are too near to each other to tell a direction.
    """
    if face.landmarks is None or face.region is None:
        return None
    right, left = (in_crop(point, face.region, face.rgb.shape[0]) for point in face.landmarks[:2])
    across = left - right
    return ((right + left) / 2, across) if np.hypot(*across) >= LEAST_EYES_PX else None


def in_crop(point: Point, region: Box, side: int) -> Reals:
    """A point of the frame in pixels of a crop that shows this region of it."""
    x, y = point
    wide, high = max(region[2] - region[0], 1e-9), max(region[3] - region[1], 1e-9)
    return np.array([(x - region[0]) / wide * side, (y - region[1]) / high * side])


def mean_colour(face: FaceCrop, middle: Reals, across: Reals, part: Box) -> Reals | None:
    """Mean RGB in a rectangle of the face (in eye distances); None where less than half of it is in the crop."""
    import cv2

    down = np.array([-across[1], across[0]])
    corners = [(part[0], part[1]), (part[2], part[1]), (part[2], part[3]), (part[0], part[3])]
    polygon = np.array([middle + x * across + y * down for x, y in corners])
    height, width = face.rgb.shape[:2]
    left, top = np.maximum(np.floor(polygon.min(axis=0)).astype(int), 0)
    right, bottom = np.minimum(np.ceil(polygon.max(axis=0)).astype(int) + 1, (width, height))
    if right <= left or bottom <= top:
        return None
    mask = np.zeros((bottom - top, right - left), np.uint8)
    cv2.fillConvexPoly(mask, np.round(polygon - (left, top)).astype(np.int32), 1)
    area = (part[2] - part[0]) * (part[3] - part[1]) * float(across @ across)
    if mask.sum() < max(area / 2, 1):
        return None
    return np.array(cv2.mean(face.rgb[top:bottom, left:right], mask)[:3])


def aligned(face: FaceCrop, middle: Reals, across: Reals, *, side: int, span: float) -> "Pixels":
    """Luma of the face, upright, `span` eye distances across `side` pixels, the middle of its oval in the middle."""
    import cv2

    down = np.array([-across[1], across[0]])
    scale = span / side
    corner = middle - span / 2 * across + (MIDDLE_Y - span / 2) * down
    back = np.column_stack([across * scale, down * scale, corner])
    grey = np.asarray(cv2.cvtColor(face.rgb, cv2.COLOR_RGB2GRAY), np.uint8)
    return np.asarray(
        cv2.warpAffine(
            _softened(grey, float(np.hypot(*across)) * scale),
            back,
            (side, side),
            flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
            borderMode=cv2.BORDER_REPLICATE,
        ),
        np.uint8,
    )


def _softened(grey: "Pixels", step: float) -> "Pixels":
    """Blurred as far as the coming reduction needs it; `step` is how many of its pixels become one."""
    import cv2

    return np.asarray(cv2.GaussianBlur(grey, (0, 0), step / 2), np.uint8) if step > 1.2 else grey


def radius(side: int, span: float) -> Reals:
    """For each pixel of an aligned face its distance from the middle of the oval, 1 on the oval."""
    at = (np.arange(side) + 0.5) / side * span - span / 2
    return np.hypot(at[None, :] / HALF_WIDTH, at[:, None] / HALF_HEIGHT)
