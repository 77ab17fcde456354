"""Motion in footage: what differs from the background, without shadows, noise, light and pushes of the camera.

Background subtraction (background.py), morphological opening and a least area of what is left. Cannot see: what
shows the colour of the ground behind it, a grey thing darker than a grey ground (it looks like a shadow), what is
smaller than the least area or narrower than about three pixels of the working size. A thing that comes to stand is
background after a tenth of the memory, 6 s; one that fills most of the picture is told as another scene, and nothing
is told while that is learnt.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np

from analysis.engine.analytics.background import MOVES, Background
from analysis.engine.analytics.jolt import jolted
from analysis.engine.analytics.motion_state import MotionState, find_blobs, opened, seen, still
from analysis.engine.analytics.scaling import scaled_down
from analysis.engine.analytics.spells import Ended, Spells
from analysis.engine.analytics.tolerance import exceeds
from analysis.engine.analytics.watched import Polygon, Where, watched
from analysis.engine.types import Pixels

WORKING_SIDE = 320  # pixels of the longer side; smaller pictures keep their size


@dataclass(frozen=True)
class MotionLimits:
    """least_area_percentage: of the whole picture, for one blob; half of it keeps motion going. least_seconds: motion
    that is shorter is not told. cooldown_seconds: rest before it has ended. memory_seconds: of the background.
    settle_seconds: of learning, before anything is told. scene_share: of what is watched, in 0–1; where more changes
    it is another scene. most_gap_seconds: between two pictures, beyond which all begins anew.

    Raises ValueError for what is not a number above 0, and for shares above the whole.
    """

    least_area_percentage: float = 0.05
    least_seconds: float = 0.2
    cooldown_seconds: float = 1.0
    memory_seconds: float = 60.0
    settle_seconds: float = 1.0
    scene_share: float = 0.6
    most_gap_seconds: float = 10.0

    def __post_init__(self) -> None:
        most = {"least_area_percentage": 100.0, "scene_share": 1.0}
        for name, value in vars(self).items():
            if not (math.isfinite(value) and 0 < value <= most.get(name, math.inf)):
                raise ValueError(f"{name} is {value!r}, not a number above 0 and at most {most.get(name)}.")


class Motion:
    """One camera or one file. Pictures come in order of time, at any rate and with any of them left out.

    zones, masks: polygons in 0–1 of the upright picture. Only zones count where any are given; masks never do.
    """

    def __init__(
        self,
        *,
        zones: Sequence[Polygon] = (),
        masks: Sequence[Polygon] = (),
        limits: MotionLimits | None = None,
    ) -> None:
        self._zones, self._masks = tuple(zones), tuple(masks)
        self._limits = limits or MotionLimits()
        self._spells = Spells(
            least_seconds=self._limits.least_seconds, cooldown_seconds=self._limits.cooldown_seconds
        )
        self._before: float | None = None
        self._shape: tuple[int, ...] = ()
        self._watched: Where = np.ones((0, 0), np.bool_)
        self._background: Background | None = None

    def step(self, pts_seconds: float, rgb: Pixels) -> MotionState:
        """rgb: uint8 (height, width, 3), upright. Begins anew where the size changes, where time falls, and where it
        leaps; motion that was going on ends there. Raises ValueError for what is no picture or no time."""
        _check(pts_seconds, rgb)
        cut = self._begin_anew(rgb) if self._leaps(pts_seconds, rgb) else None
        elapsed = pts_seconds - self._before if self._before is not None else 0.0
        self._before = pts_seconds
        state = self._look(pts_seconds, elapsed, rgb)
        event = self._spells.take(pts_seconds, so=state.moving)
        events = tuple(one for one in (cut, event) if one)
        return replace(state, in_motion=self._spells.open, events=events)

    def finish(self) -> Ended | None:
        """Ends what is still going on when the pictures end."""
        return self._spells.close()

    def _leaps(self, pts_seconds: float, rgb: Pixels) -> bool:
        if self._before is None or rgb.shape != self._shape:
            return True
        return not 0 <= pts_seconds - self._before <= self._limits.most_gap_seconds

    def _begin_anew(self, rgb: Pixels) -> Ended | None:
        if rgb.shape != self._shape:
            self._shape = rgb.shape
            self._watched = watched(*_working_size(rgb), zones=self._zones, masks=self._masks)
        self._before = None
        self._background = None
        return self._spells.close()

    def _learn_anew(self) -> Background:
        self._background = Background(
            self._watched,
            memory_seconds=self._limits.memory_seconds,
            settle_seconds=self._limits.settle_seconds,
        )
        return self._background

    def _look(self, pts_seconds: float, elapsed: float, rgb: Pixels) -> MotionState:
        picture = _working(rgb, self._watched)
        background = self._background or self._learn_anew()
        lit, kinds = background.take(picture, elapsed)
        strange = (kinds == MOVES) & self._watched
        usual, differs = lit, np.zeros_like(strange)
        if opened(strange).any():
            usual = background.picture()
            differs = strange & exceeds(lit, picture, usual)
        if self._is_other_scene(background, strange) or self._is_jolt(usual, lit, differs):
            self._learn_anew().take(picture, 0.0)
            return still(pts_seconds, self._watched, settled=False, scene_changed=True)
        if not background.settled:
            return still(pts_seconds, self._watched, settled=False)
        if not differs.any():
            return still(pts_seconds, self._watched, settled=True)
        blobs = find_blobs(differs, least_pixels=self._least_pixels())
        return seen(pts_seconds, blobs, self._watched, apart=_apart(lit, usual))

    def _is_other_scene(self, background: Background, strange: Where) -> bool:
        # Noise is not known before the background is settled, and a coarse copy is free of it. Later it would take a
        # crowd, which is otherwise everywhere but not in most pixels, for another scene.
        if not background.settled:
            return background.other_share > self._limits.scene_share
        return bool(np.count_nonzero(strange) > self._limits.scene_share * np.count_nonzero(self._watched))

    def _is_jolt(self, usual: Pixels, lit: Pixels, differs: Where) -> bool:
        return bool(differs.any()) and jolted(usual, lit, differs, self._watched)

    def _least_pixels(self) -> float:
        least = self._limits.least_area_percentage / 100 * self._watched.size
        return least / 2 if self._spells.open else least


def _check(pts_seconds: float, rgb: Pixels) -> None:
    if not math.isfinite(pts_seconds):
        raise ValueError(f"{pts_seconds!r} is no time of a picture.")
    if rgb.dtype != np.uint8 or rgb.ndim != 3 or rgb.shape[2] != 3 or 0 in rgb.shape:
        raise ValueError(f"A picture is uint8 (height, width, 3), not {rgb.dtype} {rgb.shape}.")


def _working_size(rgb: Pixels) -> tuple[int, int]:
    height, width = rgb.shape[:2]
    scale = min(1.0, WORKING_SIDE / max(width, height))
    return max(1, round(width * scale)), max(1, round(height * scale))


def _working(rgb: Pixels, counts: Where) -> Pixels:
    """At the working size, black where nothing counts."""
    small = scaled_down(rgb, *_working_size(rgb))
    return small if counts.all() else small * counts[..., None].astype(np.uint8)


def _apart(lit: Pixels, usual: Pixels) -> Pixels:
    """How far the luma of two pictures is apart, in levels."""
    one, other = (cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY) for rgb in (lit, usual))
    return np.asarray(cv2.absdiff(one, other), np.uint8)
