"""How open an eye is, without a net, and the blinks in such a trace.

That people blink, and early fakes did not, is the cue of Li, Chang and Lyu (In Ictu Oculi, WIFS 2018, section 3.1), who
feed eye patches to a net; Jung et al. (DeepVision, IEEE Access 2020) count blinks. Soukupová and Čech (CVWW 2016,
section 2) read the height of the open eye over its width from six landmarks of the eyelids. Ours differs: the finder
gives one landmark an eye, so openness is read from the patch around it, as what a closed lid takes away: something
dark as large as an iris, and edges that stand upright (iris against white), where a lid has only level ones. The
product has no unit; a trace is told by its own median, and a blink by its depth against both sides of itself.
"""

from dataclasses import dataclass

import numpy as np

from analysis.engine.signals.oval import Reals
from analysis.engine.types import FaceCrop, Pixels

WIDE_PX, HIGH_PX, SPAN = 48, 32, 0.6  # the patch is 0.6 eye distances wide and 0.4 high
IRIS_PX = 8  # a tenth of the eye distance: what a half-open eye shows of an iris (12 mm, eyes 63 mm apart)
EDGE_PX = 5  # of the patch's rim, where brows and the nose come in
LEAST_DEPTH = (
    0.25  # drawn lids that close half-way take away a third or more, noise of 8 grey levels a twentieth
)
APART_SECONDS, REACH_SECONDS = 0.2, 0.75
SHORTEST, LONGEST = 0.06, 0.5  # seconds between the halves of its flanks


@dataclass(frozen=True)
class Blink:
    """`pts_seconds` is the most closed moment; the other two are when it was half-way."""

    pts_seconds: float
    began_seconds: float
    ended_seconds: float
    depth: float

    @property
    def seconds(self) -> float:
        return self.ended_seconds - self.began_seconds


def openness(face: FaceCrop, middle: Reals, across: Reals) -> tuple[float, float]:
    """Of the person's right and left eye, in a unit of its own that grows with the opening."""
    return _open(_patch(face, middle - across / 2, across)), _open(_patch(face, middle + across / 2, across))


def _patch(face: FaceCrop, at: Reals, across: Reals) -> Pixels:
    """Luma around one eye, upright, (HIGH_PX, WIDE_PX)."""
    import cv2

    down = np.array([-across[1], across[0]])
    step = SPAN / WIDE_PX
    corner = at - step * (WIDE_PX / 2 * across + HIGH_PX / 2 * down)
    grey = cv2.cvtColor(face.rgb, cv2.COLOR_RGB2GRAY)
    width_px = float(np.hypot(*across)) * step
    if width_px > 1.2:
        grey = cv2.GaussianBlur(grey, (0, 0), width_px / 2)
    return np.asarray(
        cv2.warpAffine(
            grey,
            np.column_stack([across * step, down * step, corner]),
            (WIDE_PX, HIGH_PX),
            flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
            borderMode=cv2.BORDER_REPLICATE,
        ),
        np.uint8,
    )


def _open(patch: Pixels) -> float:
    import cv2

    grey = patch.astype(np.float32)
    inner = slice(EDGE_PX, -EDGE_PX), slice(EDGE_PX, -EDGE_PX)
    skin = max(float(np.percentile(grey, 80)), 1.0)
    dark = 1 - float(cv2.blur(grey, (IRIS_PX, IRIS_PX))[inner].min()) / skin
    soft = cv2.GaussianBlur(grey, (0, 0), 1.5)
    upright = float(np.square(cv2.Sobel(soft, cv2.CV_32F, 1, 0)[inner]).sum())
    level = float(np.square(cv2.Sobel(soft, cv2.CV_32F, 0, 1)[inner]).sum())
    return max(dark, 0.0) * float(np.sqrt(upright / (upright + level + 1.0)))


def blinks(seconds: Reals, trace: Reals) -> list[Blink]:
    """Of a trace without gaps, in order; one that began before it, or ends after, is none."""
    found: list[Blink] = []
    for at in _lowest(seconds, trace):
        blink = _blink(seconds, trace, at)
        if blink and SHORTEST <= blink.seconds <= LONGEST:
            found.append(blink)
    return found


def _lowest(seconds: Reals, trace: Reals) -> list[int]:
    """Where the trace is lower than anywhere nearby; of equals the first."""
    inside = np.flatnonzero((trace[1:-1] < trace[:-2]) & (trace[1:-1] <= trace[2:])) + 1
    near = [(int(at), _near(seconds, int(at))) for at in inside]
    return [at for at, nearby in near if nearby.start + int(trace[nearby].argmin()) == at]


def _near(seconds: Reals, at: int) -> slice:
    """Blinks follow each other no faster."""
    first, last = np.searchsorted(seconds, [seconds[at] - APART_SECONDS, seconds[at] + APART_SECONDS])
    return slice(int(first), int(last))


def _blink(seconds: Reals, trace: Reals, at: int) -> Blink | None:
    first, last = np.searchsorted(seconds, [seconds[at] - REACH_SECONDS, seconds[at] + REACH_SECONDS])
    shoulder = min(float(trace[first : at + 1].max()), float(trace[at:last].max()))
    depth = 1 - float(trace[at]) / max(shoulder, 1e-9)
    if depth < LEAST_DEPTH:
        return None
    half = (shoulder + float(trace[at])) / 2
    before = int(np.flatnonzero(trace[:at] >= half)[-1])
    after = at + int(np.flatnonzero(trace[at:] >= half)[0])
    return Blink(
        float(seconds[at]),
        _crossing(seconds[before : before + 2], trace[before : before + 2], half),
        _crossing(seconds[after - 1 : after + 1], trace[after - 1 : after + 1], half),
        depth,
    )


def _crossing(seconds: Reals, values: Reals, half: float) -> float:
    """When the straight line between two points passes that height."""
    return float(seconds[0] + (half - values[0]) / (values[1] - values[0]) * (seconds[1] - seconds[0]))
