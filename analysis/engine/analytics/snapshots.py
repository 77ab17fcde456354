"""Pictures that are kept of footage: a frame as JPEG, and the same with boxes drawn in.

Only so many a second of media are kept; routine updates have a number of their own, so that they take no picture from
what enters, leaves or crosses a line.
"""

from collections import OrderedDict, deque
from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from analysis.engine.types import Box, Pixels, Snapshot, SnapshotPolicy

PER_SECOND, ROUTINE_PER_SECOND = 3, 1
MOST_SIDE = 3840  # pixels of the longer side; larger frames are made smaller
MOST_BYTES = 4 << 20  # of one picture; noise that does not fit is made smaller
QUALITY = 85
KEPT = 4  # frames whose snapshots are still at hand, for what is told of the same one later
COLOUR, INK = (255, 200, 0), (0, 0, 0)


@dataclass(frozen=True)
class Labelled:
    """A box to draw, and what to write on it; what is no ASCII is written as "?"."""

    box: Box
    label: str = ""


@dataclass(frozen=True)
class Still:
    """One frame with what is to be drawn in it."""

    number: int
    pts_seconds: float
    rgb: Pixels
    boxes: tuple[Labelled, ...] = ()


class Snapshots:
    """Takes the snapshots of one session, as its policy says. All that is told of one frame shares one."""

    def __init__(self, policy: SnapshotPolicy) -> None:
        self.policy = policy
        self._taken: dict[bool, deque[float]] = {True: deque(), False: deque()}
        self._kept: OrderedDict[int, Snapshot] = OrderedDict()

    def take(self, still: Still, *, first: bool = False, routine: bool = False) -> Snapshot | None:
        """The snapshot of that frame; None where the policy wants none or too many were taken within a second.

        first: of something that begins. routine: of something that merely goes on.
        """
        if self.policy is SnapshotPolicy.NONE or not (first or self.policy is SnapshotPolicy.ALL):
            return None
        if still.number not in self._kept:
            if not self._may(still.pts_seconds, routine=routine):
                return None
            self._kept[still.number] = snapshot(still.rgb, still.boxes)
            if len(self._kept) > KEPT:
                self._kept.popitem(last=False)
        return self._kept[still.number]

    def _may(self, pts_seconds: float, *, routine: bool) -> bool:
        taken = self._taken[routine]
        while taken and taken[0] <= pts_seconds - 1:
            taken.popleft()
        if len(taken) >= (ROUTINE_PER_SECOND if routine else PER_SECOND):
            return False
        taken.append(pts_seconds)
        return True


def snapshot(rgb: Pixels, boxes: Sequence[Labelled]) -> Snapshot:
    """rgb: uint8 (height, width, 3). Both pictures have the same size."""
    clean = _jpeg(rgb)
    return Snapshot(clean, _jpeg(drawn(rgb, boxes)) if boxes else clean)


def drawn(rgb: Pixels, boxes: Sequence[Labelled]) -> Pixels:
    """A copy with the boxes and their labels drawn in."""
    picture = np.ascontiguousarray(rgb).copy()
    for one in boxes:
        _draw(picture, one)
    return picture


def _draw(picture: Pixels, one: Labelled) -> None:
    height, width = picture.shape[:2]
    thick = max(1, round(min(width, height) / 240))
    left, right = (min(round(side * width), width - 1) for side in (one.box[0], one.box[2]))
    top, bottom = (min(round(side * height), height - 1) for side in (one.box[1], one.box[3]))
    cv2.rectangle(picture, (left, top), (right, bottom), COLOUR, thick)
    if not one.label:
        return
    words, scale = one.label.encode("ascii", "replace").decode(), max(0.35, min(width, height) / 900)
    (wide, high), below = cv2.getTextSize(words, cv2.FONT_HERSHEY_SIMPLEX, scale, thick)
    # above the box where there is room, otherwise inside, and never outside the frame
    left = max(0, min(left, width - wide))
    floor = top if top >= high + below else min(top + high + below, height - 1)
    cv2.rectangle(picture, (left, floor - high - below), (left + wide, floor), COLOUR, cv2.FILLED)
    at = (left, floor - below)
    cv2.putText(picture, words, at, cv2.FONT_HERSHEY_SIMPLEX, scale, INK, max(1, thick // 2), cv2.LINE_AA)


def _jpeg(rgb: Pixels) -> bytes:
    picture = _at_most(rgb, MOST_SIDE)
    while True:
        ok, encoded = cv2.imencode(
            ".jpg", cv2.cvtColor(picture, cv2.COLOR_RGB2BGR), (cv2.IMWRITE_JPEG_QUALITY, QUALITY)
        )
        if not ok:
            raise ValueError(f"A picture of {rgb.shape} could not be written as JPEG.")
        if len(encoded) <= MOST_BYTES:
            return encoded.tobytes()
        picture = _at_most(picture, max(picture.shape[:2]) // 2)


def _at_most(rgb: Pixels, side: int) -> Pixels:
    scale = side / max(rgb.shape[:2])
    if scale >= 1:
        return np.ascontiguousarray(rgb)
    size = tuple(max(1, round(length * scale)) for length in (rgb.shape[1], rgb.shape[0]))
    return np.asarray(cv2.resize(rgb, size, interpolation=cv2.INTER_AREA), np.uint8)
