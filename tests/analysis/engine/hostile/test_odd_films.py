"""Films nobody expects are examined by every detector: each scores or says why not, and none fails."""

from collections.abc import Callable, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from analysis.engine.conformance import drawing
from analysis.engine.types import Consumes, OutcomeName, Probed, Reason
from tests import clips
from tests.analysis.engine.hostile.sweep import FILMS, UNREAD, others, sweep
from tests.analysis.engine.plugins import of

OVER_TIME = {"gop", "repeats", "pulse", "blink", "border", "landmark-jitter", "lip-sync"}
Write = Callable[[Path], Path]


def film(suffix: str = ".mkv", *, count: int = 30, high: int = 120, wide: int = 160, **how: Any) -> Write:
    def write(folder: Path) -> Path:
        frames = (drawing.scene(high, wide, seconds=n / 10) for n in range(count))
        given = {"times": [n / 25 for n in range(count)]} | how
        return clips.write_video(folder / f"odd{suffix}", width=wide, height=high, frames=frames, **given)

    return write


def raw(times: Sequence[int], *, codec: str = "ffv1", options: dict[str, str] | None = None) -> Write:
    """Pictures at timestamps in ms that nobody sorts or moves."""

    def write(folder: Path) -> Path:
        path = folder / "odd.mkv"
        with av.open(str(path), "w", options=options or {}) as file:
            stream: Any = file.add_stream(codec, rate=25)
            stream.width, stream.height, stream.pix_fmt = 160, 120, "yuv420p"
            stream.time_base = stream.codec_context.time_base = Fraction(1, 1000)
            for number, at in enumerate(times):
                frame = av.VideoFrame.from_ndarray(
                    drawing.scene(120, 160, seconds=number / 10), format="rgb24"
                )
                for packet in stream.encode(frame):
                    packet.pts = packet.dts = at
                    packet.time_base = Fraction(1, 1000)
                    file.mux(packet)
        return path

    return write


def without_duration(folder: Path) -> Path:
    """Matroska written into a pipe: nobody goes back to say how long it was."""
    path = folder / "odd.mkv"
    film()(folder).rename(folder / "whole.mkv")
    with (
        av.open(str(folder / "whole.mkv")) as whole,
        path.open("wb") as sink,
        av.open(_Pipe(sink), "w", format="matroska") as file,
    ):
        stream = file.add_stream_from_template(whole.streams.video[0])
        for packet in whole.demux(video=0):
            if packet.dts is not None:
                packet.stream = stream
                file.mux(packet)
    return path


class _Pipe:
    """Takes bytes and cannot go back."""

    def __init__(self, sink: Any) -> None:
        self.write = sink.write


def joined(begins: float) -> Write:
    """Two transport streams end to end, the second twice as large; its clock begins there."""

    def write(folder: Path) -> Path:
        small = film(".ts", count=12, container="mpegts")(folder).read_bytes()
        times = [begins + n / 25 for n in range(12)]
        path = film(".ts", count=12, high=240, wide=320, container="mpegts", times=times)(folder)
        path.write_bytes(small + path.read_bytes())
        return path

    return write


JITTER = np.random.default_rng(6).integers(5, 400, 30).cumsum() / 1000
EVEN = np.concatenate(([0], np.tile([0.01, 1.0], 30))).cumsum()
ODD: dict[str, Write] = {
    "2 x 2": film(high=2, wide=2, codec="ffv1"),
    "2 x 2 of H.264": film(".mp4", high=2, wide=2),
    "1 x 1": film(high=1, wide=1, codec="ffv1", pixel_format="yuv444p"),
    "an odd size": film(high=121, wide=163, codec="ffv1"),
    "a strip": film(high=2, wide=2_000, codec="ffv1"),
    "a strip on end": film(high=2_000, wide=16, codec="ffv1"),
    "turned by its metadata": film(".mp4", rotation=90),
    "on its head by its metadata": film(".mp4", rotation=180),
    "a variable frame rate": film(times=list(JITTER)),
    "a frame in a minute": film(count=3, times=[0, 60, 120]),
    "steps of 10 ms and of a second, as many of each": film(count=61, times=list(EVEN)),
    "1000 frames a second": film(count=100, times=[n / 1000 for n in range(100)]),
    "no duration": without_duration,
    "a size that changes": joined(0.48),
    "timestamps below zero": raw(range(-800, 400, 40), options={"avoid_negative_ts": "disabled"}),
    "the same timestamp for all": raw([40] * 30),
    "timestamps that begin again": joined(0.0),
    "timestamps of a year later": raw([n * 40 if n < 20 else 31_536_000_000 + n * 40 for n in range(30)]),
    "10 bits": film(".mp4", pixel_format="yuv420p10le", codec="libx265"),
    "grey": film(codec="ffv1", pixel_format="gray"),
    "alpha": film(".mov", codec="png", pixel_format="rgba"),
}  # fmt: skip
FEW: dict[str, Write] = {
    "one frame": film(".mp4", count=1),
    "two frames": film(count=2),
    "three frames": film(".mp4", count=3),
    "three frames with sound": film(".mp4", count=3, tone_hz=440.0),
}


@pytest.mark.parametrize("name", ODD)
def test_every_detector_scores_or_says_why_not(name, registry, tmp_path):
    swept = sweep(ODD[name](tmp_path), registry)

    read = set() if of(Probed, swept.seen) and "year" not in name else UNREAD
    assert others(swept, FILMS | read) == {}


@pytest.mark.parametrize("name", FEW)
def test_a_film_of_a_few_frames_is_too_short_for_whatever_looks_over_time(name, registry, tmp_path):
    swept = sweep(FEW[name](tmp_path), registry)

    assert others(swept, FILMS | {Reason.NOISE, Reason.SILENCE}) == {}
    assert not swept.scores.keys() & OVER_TIME
    assert {swept.reasons[who] for who in ("gop", "repeats")} == {Reason.TOO_SHORT}


def test_a_film_of_one_colour_is_scored_by_nobody_who_looks_at_pictures(registry, tmp_path):
    black = [np.zeros((120, 160, 3), np.uint8)] * 30
    path = clips.write_video(tmp_path / "black.mp4", width=160, height=120, frames=black, seconds=1.2)

    swept = sweep(path, registry)

    looking = {card.name for card in registry.cards() if card.consumes in {Consumes.FRAMES, Consumes.FACES}}
    assert not swept.scores.keys() & looking


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9])
def test_an_mp4_that_breaks_off_is_never_said_to_show_no_signs(share, without_weights, tmp_path):
    path = film(".mp4", tone_hz=440.0)(tmp_path)
    content = path.read_bytes()
    path.write_bytes(content[: round(len(content) * share)])

    swept = sweep(path, without_weights)

    assert others(swept, FILMS | UNREAD | {Reason.NOISE, Reason.SILENCE}) == {}
    assert swept.outcome.name is not OutcomeName.NO_SIGNS
