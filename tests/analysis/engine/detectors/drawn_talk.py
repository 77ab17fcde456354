"""A drawn mouth that opens as loud as drawn speech is, for detectors that see and hear; its truth is known."""

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from analysis.engine.types import FaceCrop, ScorePoint, SoundBatch
from tests.analysis.engine.detectors.drawn_faces import CROP_PX, MIDDLE, batches, face
from tests.speech import RATE_HZ, Samples

SKIN, DARK = 150.0, 40.0
MOUTH_Y = MIDDLE[1] + 52


def openings(
    sound: Samples, *, fps: float = 25.0, sound_late_ms: float = 0.0, noise: float = 0.15, seed: int = 1
):
    """0 to 1 for each frame: how loud the sound will be so much later, over 80 ms, and a movement of its own.

    The movement is smooth noise, `noise` of the mouth's whole way in its deviation.
    """
    loud = np.convolve(np.abs(sound), np.ones(1280) / 1280, "same")
    at = np.arange(int(len(sound) / RATE_HZ * fps)) / fps + sound_late_ms / 1000
    heard = np.interp(at * RATE_HZ, np.arange(len(loud)), loud)
    own = np.convolve(np.random.default_rng(seed).standard_normal(len(at) + 4), np.ones(5) / 5**0.5, "valid")
    return np.clip(heard / loud.max() + noise * own, 0, 1)


def talking(
    opened: NDArray[np.float64], *, fps: float = 25.0, seed: int = 1, **fields: object
) -> Iterator[FaceCrop]:
    """A face for each opening, under noise of 3 levels."""
    random = np.random.default_rng(seed)
    rows, columns = np.mgrid[:CROP_PX, :CROP_PX] + 0.5
    for number, wide in enumerate(opened):
        height = 1 + 12 * wide
        inside = np.hypot((columns - MIDDLE[0]) / 16, (rows - MOUTH_Y) / height) < 1
        luma = np.where(inside, DARK, SKIN) + random.normal(0, 3, (CROP_PX, CROP_PX))
        rgb = np.repeat(luma.clip(0, 255).astype(np.uint8)[..., None], 3, axis=2)
        yield face(number, rgb, fps=fps, **fields)


def heard(sound: Samples) -> Iterator[SoundBatch]:
    """Batches of a second."""
    for start in range(0, len(sound), RATE_HZ):
        yield SoundBatch(start / RATE_HZ, sound[start : start + RATE_HZ].astype(np.float32))


def fed(session, faces: Sequence[FaceCrop] | Iterator[FaceCrop], sound: Samples) -> list[ScorePoint]:
    """Everything the session yields from these faces and this sound, drained."""
    given = [
        measured
        for several in (heard(sound), batches(faces))
        for batch in several
        for measured in session.feed(batch)
    ]
    return [point for measured in [*given, *session.drain()] for point in measured.points]
