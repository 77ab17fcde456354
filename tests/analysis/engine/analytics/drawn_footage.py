"""Footage drawn with a known truth: a textured ground on which rectangles pass at a speed in pixels a second."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache

import cv2
import numpy as np
from numpy.typing import NDArray

from analysis.engine.analytics.motion import Motion, MotionState
from tests.clips import Pixels

WIDTH, HEIGHT = 320, 180
CLEAR_PX = 6  # what a thing shows of itself at the edge of the picture before it is counted as there


def ground(*, seed: int = 1, width: int = WIDTH, height: int = HEIGHT) -> Pixels:
    """Blotches of mid tones, as of asphalt, walls and lawn."""
    coarse = np.random.default_rng(seed).integers(70, 170, (height // 12, width // 12, 3), np.uint8)
    return np.asarray(cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC), np.uint8)


@dataclass(frozen=True)
class Passer:
    """Enters at the left edge at `enters` and goes through the picture to the right."""

    side: int
    speed: float  # pixels a second
    enters: float = 2.0
    top: int = 60
    colour: tuple[int, int, int] = (225, 40, 40)
    shadow: float = 0.0  # how much darker the ground is below it

    def left(self, at: float) -> int:
        return round((at - self.enters) * self.speed) - self.side

    def shown(self, at: float) -> int:
        """Columns of it within the picture."""
        left = self.left(at)
        return max(0, min(WIDTH, left + self.side) - max(0, left))

    def draw(self, rgb: Pixels, at: float) -> None:
        low, high = max(0, self.left(at)), max(0, self.left(at) + self.side)
        below = rgb[self.top + self.side : self.top + 2 * self.side, low:high]
        below[:] = (below * (1 - self.shadow)).astype(np.uint8)
        rgb[self.top : self.top + self.side, low:high] = self.colour


@cache
def _grain(sigma: float, seed: int) -> list[NDArray[np.int16]]:
    """A few pictures of noise, which take turns: to draw it anew for each would take longer than all else."""
    rng = np.random.default_rng(seed)
    normal = [rng.standard_normal((HEIGHT, WIDTH, 3), np.float32) for _ in range(7)]
    return [np.rint(one * sigma).astype(np.int16) for one in normal]


def noisy(rgb: Pixels, number: int, *, sigma: float = 3.0, seed: int = 1) -> Pixels:
    return np.asarray(cv2.add(rgb, _grain(sigma, seed)[number % 7], dtype=cv2.CV_8U), np.uint8)


def film(
    seconds: float,
    *,
    fps: float = 10.0,
    things: tuple[Passer, ...] = (),
    change: Callable[[Pixels, float], Pixels] = lambda rgb, at: rgb,
    sigma: float = 3.0,
    seed: int = 1,
    begins: float = 0.0,
) -> Iterator[tuple[float, Pixels]]:
    """Times and pictures; `change` does to each picture what the weather does, before the noise of the camera."""
    plain = ground()
    for number in range(round(seconds * fps)):
        at = number / fps
        rgb = plain.copy()
        for thing in things:
            thing.draw(rgb, at)
        yield begins + at, noisy(change(rgb, at), number, sigma=sigma, seed=seed)


def watch(motion: Motion, frames: Iterator[tuple[float, Pixels]]) -> list[MotionState]:
    return [motion.step(at, rgb) for at, rgb in frames]
