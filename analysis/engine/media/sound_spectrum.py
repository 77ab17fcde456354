"""The long-term spectrum of a file's sound at the rate it was stored with, as a bounded fact.

Sessions are fed 16 kHz, which hides where a codec or an earlier, lower sample rate cut the sound off.
"""

from itertools import islice
from pathlib import Path
from typing import Any

import av
import numpy as np
from numpy.typing import NDArray

from analysis.engine.errors import UndecodableMedia
from analysis.engine.media import container
from analysis.engine.media.packets import decoded
from analysis.engine.media.reading import Ledger
from analysis.engine.media.sniff import HEAD_BYTES, sniff
from analysis.engine.types import Probe

POINTS = 256
MOST_SECONDS = 60
_SIZE = 2 * POINTS
_SILENT_POWER = 1e-8  # of a frame, -80 dBFS: silence would only pull the mean down
_WINDOW = np.hanning(_SIZE)


def read(path: Path, probe: Probe) -> dict[str, Any] | None:
    """`rate_hz`, `seconds` of sound that was not silent, and `levels_db`: 256 means of power from 0 Hz to half
    the rate, 0 dB being a full-scale sine. Of the first minute, all channels mixed. None without sound."""
    if not probe.has_sound:
        return None
    with path.open("rb") as file:
        found = sniff(file.read(HEAD_BYTES))
    if found is None:
        raise UndecodableMedia("it is no sound or video")
    with container.open_as(str(path), found.format) as opened:
        return _spectrum(opened)


def _spectrum(opened: Any) -> dict[str, Any] | None:
    stream = container.best_sound(opened)
    rate_hz = stream.codec_context.sample_rate
    total, frames, left = np.zeros(POINTS), 0, MOST_SECONDS * rate_hz // _SIZE
    rest = np.zeros(0)
    resampler = av.AudioResampler(format="flt", layout="mono", rate=rate_hz)
    # the frames of one packet may be tiny: a bound on them, too, keeps a hostile file from going on for ever
    for frame in islice(decoded(opened, stream, 0.0, Ledger()), 1_000_000):
        frame.pts = None
        pieces = [piece.to_ndarray()[0] for piece in resampler.resample(frame)]
        rest = np.concatenate((rest, *pieces))
        whole = rest[: len(rest) // _SIZE * _SIZE].reshape(-1, _SIZE)
        rest = rest[whole.size :]
        power, count = _power(whole[:left])
        total, frames, left = total + power, frames + count, left - len(whole)
        if left <= 0:
            break
    if not frames:
        return None
    levels = 10 * np.log10(total / frames + 1e-16)
    return {
        "rate_hz": rate_hz,
        "seconds": round(frames * _SIZE / rate_hz, 3),
        "levels_db": [round(float(level), 1) for level in levels],
    }


def _power(frames: NDArray[np.floating[Any]]) -> tuple[NDArray[np.float64], int]:
    """The summed power spectra of the frames that sound, and how many those are."""
    sane = np.clip(np.nan_to_num(frames), -1.0, 1.0)
    loud = sane[np.square(sane).mean(axis=1) > _SILENT_POWER]
    power = np.square(np.abs(np.fft.rfft(loud * _WINDOW)) / (_WINDOW.sum() / 2))
    return power[:, 1:].sum(axis=0), len(loud)
