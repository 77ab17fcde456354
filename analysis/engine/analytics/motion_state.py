"""What is told of one picture of footage: what moves in it, how much, how strongly and where."""

import math
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from analysis.engine.analytics.spells import Began, Ended
from analysis.engine.analytics.watched import Where
from analysis.engine.types import Box, Pixels

MAP_SIDE = 64
MOST_BOXES = 16
OPENING = np.ones((3, 3), np.uint8)


@dataclass(frozen=True)
class MotionState:
    """What one picture says.

    moving: something moves in this picture. in_motion: a spell is open, after hysteresis, least duration and cooldown.
    settled: the background is known; before, nothing moves. scene_changed: most of the picture became another, or the
    camera was pushed.
    affected_area_percentage: 100 × pixels that move / pixels that are watched, in 0–100, at the working size. Those
    move that differ from the background, are no shadow, and lie in a blob of at least the least area after opening.
    motion_intensity: √(a · c), in 0–1; a is the affected area as a share, c the mean distance in luma between the
    pixels that move and the background there, as a share of 255.
    box: the smallest around all that moves, None where nothing does. boxes: of each blob, largest first, at most 16.
    where: uint8 (rows, columns), at most 64 × 64 with cells about square: 255 × the share of a cell that moves.
    """

    pts_seconds: float
    moving: bool
    in_motion: bool
    settled: bool
    scene_changed: bool
    motion_intensity: float
    affected_area_percentage: float
    box: Box | None
    boxes: tuple[Box, ...]
    where: Pixels
    events: tuple[Began | Ended, ...] = ()


@dataclass(frozen=True)
class Blobs:
    """What is left of what differs, and the box of each blob, largest first."""

    moves: Where
    boxes: tuple[Box, ...]


def opened(differs: Where) -> Pixels:
    """1 where a square of three pixels a side fits into what differs, 0 elsewhere."""
    return np.asarray(cv2.morphologyEx(differs.astype(np.uint8), cv2.MORPH_OPEN, OPENING), np.uint8)


def find_blobs(differs: Where, *, least_pixels: float) -> Blobs:
    cleaned = opened(differs)
    left, top, width, height = cv2.boundingRect(cleaned)
    part = np.s_[
        top : top + height, left : left + width
    ]  # to number all pixels takes longer than to find these
    if not (width and height):
        return Blobs(np.zeros_like(differs), ())
    # what is left of an opening takes nine pixels at least: 65,535 numbers are enough for a million pixels
    _, labels, table, _ = cv2.connectedComponentsWithStats(cleaned[part], connectivity=8, ltype=cv2.CV_16U)
    areas = table[:, cv2.CC_STAT_AREA]
    kept = areas >= least_pixels
    kept[0] = False  # the ground
    order = [number for number in np.argsort(-areas, kind="stable") if kept[number]]
    moves = np.zeros_like(differs)
    moves[part] = kept.take(np.asarray(labels, np.uint16))
    boxes = (_box(table[number], left, top, differs.shape) for number in order[:MOST_BOXES])
    return Blobs(moves, tuple(boxes))


def still(pts_seconds: float, watched: Where, *, settled: bool, scene_changed: bool = False) -> MotionState:
    nothing = np.zeros(_map_size(watched)[::-1], np.uint8)
    return MotionState(pts_seconds, False, False, settled, scene_changed, 0.0, 0.0, None, (), nothing)


def seen(pts_seconds: float, blobs: Blobs, watched: Where, *, apart: Pixels) -> MotionState:
    """apart: levels of luma between each pixel and the background."""
    if not blobs.boxes:
        return still(pts_seconds, watched, settled=True)
    share = np.count_nonzero(blobs.moves) / np.count_nonzero(watched)
    contrast = float(apart[blobs.moves].mean()) / 255
    return MotionState(
        pts_seconds=pts_seconds,
        moving=True,
        in_motion=False,
        settled=True,
        scene_changed=False,
        motion_intensity=math.sqrt(share * contrast),
        affected_area_percentage=100 * share,
        box=_around(blobs.moves),
        boxes=blobs.boxes,
        where=_map(blobs.moves),
    )


def _box(row: NDArray[Any], left: int, top: int, shape: tuple[int, ...]) -> Box:
    """Of a row of OpenCV's table of a part whose corner lies at left, top."""
    column, line, wide, high = (int(one) for one in row[: cv2.CC_STAT_AREA])
    height, width = shape
    x, y = left + column, top + line
    return x / width, y / height, (x + wide) / width, (y + high) / height


def _around(moves: Where) -> Box:
    """The smallest box around all that is set."""
    height, width = moves.shape
    left, top, wide, high = cv2.boundingRect(moves.astype(np.uint8))
    return left / width, top / height, (left + wide) / width, (top + high) / height


def _map(moves: Where) -> Pixels:
    white = moves.astype(np.uint8) * 255
    return np.asarray(cv2.resize(white, _map_size(moves), interpolation=cv2.INTER_AREA), np.uint8)


def _map_size(moves: Where) -> tuple[int, int]:
    """Columns and rows."""
    height, width = moves.shape
    scale = min(1.0, MAP_SIDE / max(width, height))
    return max(1, round(width * scale)), max(1, round(height * scale))
