"""How much of a face changes from frame to frame beyond its motion: inside, at its border, and around it.

After the observation that blended faces flicker where they meet the picture, and that optical flow breaks there
(Amerini et al., ICCV Workshops 2019, section 3, who feed the flow to a net). Ours differs: nothing is learnt; the
flow is DIS (Kroeger et al., ECCV 2016) on a small aligned face, and the border is compared with both sides of
itself, so that compression, light and noise, which reach all three, cancel.
"""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from analysis.engine.signals.oval import radius

if TYPE_CHECKING:
    from analysis.engine.types import Pixels

Reals = NDArray[np.float64]
SIDE, SPAN = 128, 3.6
# in radii of the oval: what swaps replace ends between eyebrows and jaw, somewhere in the ring
INSIDE, RING, AROUND = (0.0, 0.65), (0.8, 1.15), (1.3, 1.6)
TEXTURE_FLOOR = 4.0  # grey levels per pixel; a smooth wall has noise all the same
JERK_FLOOR_PX = 0.1


@dataclass(frozen=True)
class Change:
    """Inside, ring, around: what motion does not explain, per texture; and the change of the flow, in pixels."""

    residual: Reals
    jerk: Reals


@dataclass
class BorderFlow:
    """Compares each aligned face (uint8, SIDE × SIDE) with the one before."""

    _before: "Pixels | None" = None
    _flow: NDArray[np.float32] | None = None
    _zones: list[NDArray[np.bool_]] = field(default_factory=list)
    _dis: Any = None

    def __post_init__(self) -> None:
        import cv2

        at = radius(SIDE, SPAN)
        self._zones = [(at >= low) & (at < high) for low, high in (INSIDE, RING, AROUND)]
        self._dis = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_ULTRAFAST)

    def forget(self) -> None:
        """After a gap there is nothing to compare with."""
        self._before = self._flow = None

    def take(self, grey: "Pixels") -> Change | None:
        """None for the first two faces after a gap."""
        before, last = self._before, self._flow
        self._before = grey
        if before is None:
            return None
        self._flow = np.asarray(self._dis.calc(grey, before, None), np.float32)
        if last is None:
            return None
        jerk = np.hypot(*np.moveaxis(self._flow - last, 2, 0))
        moved = _moved(before, self._flow)
        residual = np.abs(grey.astype(np.float32) - moved)
        texture = _texture(grey)
        return Change(
            np.array(
                [residual[zone].mean() / (texture[zone].mean() + TEXTURE_FLOOR) for zone in self._zones]
            ),
            np.array([jerk[zone].mean() + JERK_FLOOR_PX for zone in self._zones]),
        )


def _moved(grey: "Pixels", flow: NDArray[np.float32]) -> NDArray[np.float32]:
    import cv2

    rows, columns = np.indices(grey.shape, np.float32)
    found = cv2.remap(
        grey.astype(np.float32), columns + flow[..., 0], rows + flow[..., 1], cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_REPLICATE,
    )  # fmt: skip
    return np.asarray(found, np.float32)


def _texture(grey: "Pixels") -> NDArray[np.float32]:
    """Length of the gradient, in grey levels per pixel."""
    down, right = np.gradient(grey.astype(np.float32))
    return np.asarray(np.hypot(down, right), np.float32)


def excess(values: Reals) -> float:
    """How many times, in octaves, the ring (the second of three) exceeds the larger of both sides of it."""
    return float(np.log2((values[1] + 1e-6) / (max(values[0], values[2]) + 1e-6)))
