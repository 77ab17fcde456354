"""When to look for plates: at a vehicle a few times a second of media, preferably when it is large and sharp; at a
whole frame when it shows something new."""

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from analysis.engine.types import Box
from analysis.engine.types.arrays import Pixels

# Three reads must agree, and a car passes a gate in about a second.
READS_PER_SECOND = 5.0
# A frame much worse than the best of this vehicle so far is waited out, but no longer than this.
LEAST_OF_BEST = 0.5
WAITS_SECONDS = 1.0
# A vehicle that showed nothing so often is looked at only once a second: most show a side without a plate.
PATIENT_LOOKS = 8
RARELY_SECONDS = 1.0
MOST_LOOKS = 60
MOST_TRACKS = 300
_MOST_WIDTH = 160
# A whole frame is compared by the means of so many cells, which are free of noise.
_CELLS = (64, 36)
_LEAST_CHANGE = 10  # levels, of one cell
# A car is some forty times as large as its plate, and one of 40 by 8 pixels can hardly be read: that is 1.4 % of a
# frame of 1280 by 720. Less than a third of it is leaves and light.
_LEAST_CELLS = 12
# What nothing was found in is looked at again after so long, changed or not.
LOOKS_AGAIN_SECONDS = 30.0


@dataclass
class _Kept:
    looks: int = 0
    in_vain: int = 0
    looked_at: float = float("-inf")
    best: float = 0.0
    done: bool = False


class Sparing:
    """Remembers how often each track was looked at; bounded."""

    def __init__(self) -> None:
        self._kept: OrderedDict[int, _Kept] = OrderedDict()

    def next(self, vehicles: Sequence[tuple[int, Box]], pts_seconds: float, rgb: Pixels) -> int | None:
        """Of tracks and their boxes the one to look at in this frame: of those due the one that was looked at least
        recently, the first of several. One a frame, since several would make a live camera wait for seconds."""
        ordered = sorted(vehicles, key=lambda one: self._looked_at(one[0], pts_seconds))
        return next((track for track, box in ordered if self.due(track, pts_seconds, rgb, box)), None)

    def due(self, track: int, pts_seconds: float, rgb: Pixels, box: Box) -> bool:
        """Whether to look at the vehicle in this frame, where its box is; if so, it counts as looked at."""
        kept = self._of(track)
        waited = pts_seconds - kept.looked_at
        every = RARELY_SECONDS if kept.in_vain >= PATIENT_LOOKS else 1 / READS_PER_SECOND
        # a whole frame later, frames do not come at exactly even times
        if kept.done or kept.looks >= MOST_LOOKS or 0 <= waited < every - 1e-3:
            return False
        quality = clearness(rgb, box)
        kept.best = max(kept.best, quality)
        if quality < LEAST_OF_BEST * kept.best and 0 <= waited < WAITS_SECONDS:
            return False
        kept.looks, kept.looked_at = kept.looks + 1, pts_seconds
        kept.in_vain += 1
        return True

    def read(self, track: int) -> None:
        """The look was worth it."""
        self._of(track).in_vain = 0

    def told(self, track: int) -> None:
        """Nothing more is to be read of it."""
        self._of(track).done = True

    def _looked_at(self, track: int, pts_seconds: float) -> float:
        kept = self._kept.get(track)
        # a clock that starts again has looked at nothing
        return kept.looked_at if kept and kept.looked_at <= pts_seconds else float("-inf")

    def _of(self, track: int) -> _Kept:
        kept = self._kept.setdefault(track, _Kept())
        self._kept.move_to_end(track)
        while len(self._kept) > MOST_TRACKS:
            self._kept.popitem(last=False)
        return kept


class Scene:
    """Remembers the whole frame that was looked at last. What changes slowly counts once it adds up."""

    def __init__(self) -> None:
        self._seen: Pixels | None = None
        self._at = float("-inf")

    def is_new(self, rgb: Pixels, pts_seconds: float) -> bool:
        """Whether to look at the frame; if so, it counts as looked at."""
        grey = cells(rgb)
        lately = 0 <= pts_seconds - self._at < LOOKS_AGAIN_SECONDS
        if lately and self._seen is not None and not changes(self._seen, grey):
            return False
        self._seen, self._at = grey, pts_seconds
        return True


def cells(rgb: Pixels) -> Pixels:
    """A frame as the means of its cells, in grey."""
    means = cv2.resize(rgb, _CELLS, interpolation=cv2.INTER_AREA)
    return np.asarray(cv2.cvtColor(means, cv2.COLOR_RGB2GRAY), np.uint8)


def changes(one: Pixels, other: Pixels) -> bool:
    """Whether as much differs between the cells of two frames as a car far away takes up."""
    return int((cv2.absdiff(one, other) >= _LEAST_CHANGE).sum()) >= _LEAST_CELLS


def clearness(rgb: Pixels, box: Box) -> float:
    """How large and how sharp a vehicle is seen: its width in pixels times the mean strength of its edges."""
    height, width = rgb.shape[:2]
    left, right = int(box[0] * width), max(int(box[0] * width) + 1, int(box[2] * width))
    top, bottom = int(box[1] * height), max(int(box[1] * height) + 1, int(box[3] * height))
    piece = rgb[top:bottom, left:right]
    if not piece.size:
        return 0.0
    # every so many pixels of the original: made smaller by averaging, blur would not be seen
    step = max(1, (right - left) // _MOST_WIDTH)
    grey = cv2.cvtColor(piece, cv2.COLOR_RGB2GRAY)
    edges = cv2.Laplacian(grey, cv2.CV_32F)[::step, ::step]
    return float((right - left) * np.abs(edges).mean())
