"""Mouth and voice as curves, and their correlation at each lag: as plot data and as a picture."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from analysis.engine.plots import Panel
from analysis.engine.signals.synchrony import LAGS_MS, MAX_LAG, Match, Pair
from analysis.engine.signals.voice import LEVELS_HZ


@dataclass(frozen=True)
class Shown:
    """A passage to look at, and the match it is part of."""

    pair: Pair
    found: Match


def plot_of(shown: Shown) -> dict[str, Any]:
    """Both curves of unit variance, the voice where the picture has it (lag 0), and the correlation."""
    pair = shown.pair
    at = np.arange(len(pair.mouth)) / LEVELS_HZ + pair.start_seconds
    return {
        "seconds": at.round(2).tolist(),
        "mouth": pair.mouth.round(3).tolist(),
        "voice": pair.voices[MAX_LAG].round(3).tolist(),
        "lag_ms": LAGS_MS.round().tolist(),
        "correlation": shown.found.correlation.round(4).tolist(),
        "peak_ms": round(shown.found.offset_ms),
    }


def panels_of(shown: Shown) -> tuple[Panel, Panel]:
    """The curves, and the correlation with its peak and the height of chance marked."""
    plot = plot_of(shown)
    lags = plot["lag_ms"]
    peak = int(shown.found.correlation.argmax())
    low = min(plot["correlation"])
    mark = [shown.found.peak if at == peak else low for at in range(len(lags))]
    over_time = Panel(
        "mouth and voice, no unit, over seconds", plot["seconds"], {"mouth": plot["mouth"], "voice": plot["voice"]},
        across_name="media time", across_unit="s", up_name="level, no unit",
    )  # fmt: skip
    chance = [shown.found.chance] * len(lags)
    over_lag = Panel(
        "correlation over lag in ms (sound later: right)",
        lags,
        {"correlation": plot["correlation"], "peak": mark, "1 % by chance": chance},
        across_name="lag", across_unit="ms", up_name="correlation",
    )  # fmt: skip
    return over_time, over_lag
