"""Where a box is heading: a Kalman filter of constant velocity, in media time.

After Bewley et al. (SORT, ICIP 2016), section III.B, with the noise of Wojke, Bewley and Paulus (DeepSORT, ICIP 2017),
section 2.1, which grows with the box. Ours differs: the state is middle, width and height, each with its speed, and no
aspect, for a box cut by the edge of the frame changes its aspect first (as in BoT-SORT, Aharon et al. 2022, section
3.1). Time is in seconds, so that any frame rate and any skipped frame give the same prediction: acceleration is white
noise in continuous time (Bar-Shalom, Li and Kirubarajan 2001, section 6.2.2), where DeepSORT adds noise per frame. The
four coordinates do not disturb each other there, so each has a filter of two numbers and nothing is inverted.

Places are in the unit of the boxes, 0–1 of the frame; speeds in that unit per second.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from analysis.engine.types import Box

Reals = NDArray[np.float64]
SIGHT_NOISE = 1 / 20  # of the box's size: how far a detector is off (DeepSORT's weight of positions)
FIRST_SPEED = (
    10 * 30 / 160
)  # sizes per second: how fast a thing just seen may be (DeepSORT's, at 30 frames a second)
# Sizes per second that a speed wanders within a second: DeepSORT's 1/160 a frame, over 30 frames, per second
SPEED_NOISE = 30 / 160 * 30**0.5
LEAST_SIZE = 1e-4


@dataclass(frozen=True, eq=False)
class Motion:
    """What is known of one box, by column of the middle's x and y, the width and the height.

    `state` is the best guess, (2, 4): places and speeds. `variance` is its uncertainty, (3, 4): that of the places,
    what they share with the speeds, and that of the speeds.
    """

    state: Reals
    variance: Reals

    @classmethod
    def begun(cls, box: Box) -> "Motion":
        """At a box seen for the first time, with no idea where it is heading."""
        place, none = _place(box), np.zeros(4)
        first = (FIRST_SPEED * _scale(place)) ** 2
        return cls(np.array([place, none]), np.array([_sight_variance(place), none, np.full(4, first)]))

    def predicted(self, seconds: float) -> "Motion":
        """So much later. One leap and many small steps lead to the same.

        Raises ValueError for a negative time.
        """
        if not seconds >= 0:
            raise ValueError(f"A motion is predicted ahead, not by {seconds} s.")
        noise = (SPEED_NOISE * _scale(self.place)) ** 2
        wandered = np.array([[noise * seconds**3 / 3], [noise * seconds**2 / 2], [noise * seconds]])
        grown = np.array([[1.0, 2 * seconds, seconds**2], [0.0, 1.0, seconds], [0.0, 0.0, 1.0]])
        moved = np.array([[1.0, seconds], [0.0, 1.0]]) @ self.state
        return Motion(_kept_open(moved), grown @ self.variance + wandered)

    def corrected(self, box: Box) -> "Motion":
        """With a sighting of the box at the time of this prediction."""
        seen = _place(box)
        gain = self.variance[:2] / (self.variance[0] + _sight_variance(seen))
        state = self.state + gain * (seen - self.place)
        variance = self.variance.copy()
        variance[2] -= gain[1] * variance[1]
        variance[:2] *= 1 - gain[0]
        return Motion(_kept_open(state), variance)

    def steadied(self) -> "Motion":
        """Of the size last known: a width that shrank behind an obstacle does not go on shrinking unseen."""
        return Motion(self.state * [[1.0] * 4, [1.0, 1.0, 0.0, 0.0]], self.variance)

    @property
    def place(self) -> Reals:
        return np.asarray(self.state[0], np.float64)

    @property
    def speed(self) -> Reals:
        return np.asarray(self.state[1], np.float64)

    @property
    def box(self) -> Box:
        x, y, wide, high = self.place.tolist()
        return x - wide / 2, y - high / 2, x + wide / 2, y + high / 2

    @property
    def spread(self) -> tuple[float, float]:
        """The standard deviation of where a sighting's middle would lie, along x and y."""
        across, down = np.sqrt(self.variance[0, :2] + _sight_variance(self.place)[:2])
        return float(across), float(down)


def _place(box: Box) -> Reals:
    left, top, right, bottom = box
    return np.array([(left + right) / 2, (top + bottom) / 2, right - left, bottom - top])


def _kept_open(state: Reals) -> Reals:
    state[0, 2:] = np.maximum(state[0, 2:], LEAST_SIZE)
    return state


def _scale(place: Reals) -> float:
    """A box's size as one length: in 0–1 of a frame of unknown shape, width and height cannot be told apart."""
    return float((place[2] * place[3]) ** 0.5)


def _sight_variance(place: Reals) -> Reals:
    wide, high = SIGHT_NOISE * place[2], SIGHT_NOISE * place[3]
    return np.array([wide * wide, high * high, wide * wide, high * high])
