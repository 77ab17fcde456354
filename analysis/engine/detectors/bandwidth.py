"""Where the sound's spectrum ends, beside where its sample rate would let it end: facts, not a verdict.

From the practice of audio forensics, not from one paper: a cut-off below what the container's rate allows is a
trace of an earlier, lower quality. Named are the cut-off and what usually makes one there.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from analysis.engine.detectors import sound_sheet
from analysis.engine.detectors.base import Card, Detector
from analysis.engine.plots import Curves, Panel, thinned
from analysis.engine.types import (
    Assessment,
    Batch,
    Consumes,
    EvidenceMade,
    FileFacts,
    MediaKind,
    NotAssessed,
    Observation,
    Reason,
    Source,
)
from analysis.engine.weights import WeightStore

NAME = "bandwidth"
STEP_HZ = 500.0  # a low-pass is sharp when it falls within this
SHARP_DB = 15.0  # a voice falls by 6 to 12 dB an octave, so by less than 3 dB in 500 Hz above 3 kHz
LOWEST_HZ = 2500.0
FULL_SHARE = 0.92  # resamplers roll off over the last twelfth before half the rate
LEAST_SECONDS = 0.5
_KNOWN: tuple[tuple[float, str], ...] = (
    (3400, "telephone"),
    (4000, "sound that was sampled at 8 kHz"),
    (5512, "sound that was sampled at 11.025 kHz"),
    (7000, "wideband telephony"),
    (8000, "sound that was sampled at 16 kHz, or a synthesis that ends at 8 kHz"),
    (11025, "sound that was sampled at 22.05 kHz, as many voices are synthesised"),
    (12000, "sound that was sampled at 24 kHz, as many voices are synthesised"),
    (16000, "MP3 or AAC at about 128 kbit/s, or sound that was sampled at 32 kHz"),
    (19000, "MP3 or AAC at about 192 kbit/s"),
    (20000, "MP3 or AAC at 256 kbit/s and more"),
)


def cards() -> list[Card]:
    """The card of the bandwidth detector."""
    return [
        Card(
            name=NAME,
            title="Bandwidth of the sound",
            version="1.0",
            family="bandwidth",
            subject="file",
            consumes=Consumes.FILE,
            kinds=frozenset({MediaKind.VIDEO, MediaKind.AUDIO}),
            unit="files",
            looks_at="The long-term spectrum at the rate the sound is stored with: a sharp end well below half of it.",
            cannot_see="Why it ends there: codecs, telephones, resampling and synthesis all cut, so it reports facts "
            "and gives no score. A cut-off inside a passage only, anything after the first minute.",
            paper="None: the practice of audio forensics",
            licence="Apache-2.0 (own code)",
            accuracy="Reports facts, so there is nothing to be right or wrong about.",
            preprocessing="Mean power of 256 bands over the first minute that sounds, all channels mixed.",
            stressed=False,
        )
    ]


def make(_name: str, _weights: WeightStore, _device: str) -> Detector:
    """The detector; it needs no weights."""
    return Bandwidth()


class Bandwidth:
    """Reads a measured spectrum; holds nothing."""

    def __init__(self) -> None:
        self.card = cards()[0]

    def open(self, source: Source) -> "BandwidthSession":
        return BandwidthSession(has_sound=source.probe.has_sound)


@dataclass(frozen=True)
class CutOff:
    """A sharp end of the spectrum: nothing above `hertz` comes back to the level before it."""

    hertz: float
    fall_db: float


def cut_off(levels_db: list[float], rate_hz: float) -> CutOff | None:
    """The sharpest fall, if the spectrum ends with it; None when it reaches up to half the rate.

    levels_db: power from 0 Hz to half the rate in bands of equal width.
    """
    levels = np.asarray(levels_db)
    width_hz = rate_hz / 2 / len(levels)
    step = max(2, round(STEP_HZ / width_hz))
    first = max(step, int(LOWEST_HZ / width_hz))
    falls = [
        (float(levels[at - step : at].mean() - levels[at + step : at + 2 * step].mean()), at)
        for at in range(first, int(FULL_SHARE * len(levels)) - step)
        if levels[at + step :].max() < levels[at - step : at].mean() - SHARP_DB / 2
    ]
    fall_db, at = max(falls, default=(0.0, 0))
    return CutOff((at + step / 2) * width_hz, fall_db) if fall_db >= SHARP_DB else None


@dataclass
class BandwidthSession:
    """The spectrum of one file."""

    has_sound: bool = True
    sound: dict[str, Any] | None = field(default=None)

    def feed(self, batch: Batch) -> Iterable[Observation]:
        if isinstance(batch, FileFacts):
            self.sound = batch.facts.get("sound")
        return ()

    def drain(self) -> Iterable[Observation]:
        return ()

    def finish(self) -> Assessment:
        if not self.sound:
            return (
                NotAssessed(Reason.SILENCE, "the sound holds only silence")
                if self.has_sound
                else NotAssessed(Reason.NO_SOUND, "the file has no sound")
            )
        if "error" in self.sound:
            return NotAssessed(Reason.DECODE_ERROR, f"the sound could not be read: {self.sound['error']}")
        if self.sound["seconds"] < LEAST_SECONDS:
            return NotAssessed(Reason.TOO_SHORT, f"only {self.sound['seconds']:.1f} s of it sound")
        found = cut_off(self.sound["levels_db"], self.sound["rate_hz"])
        return NotAssessed(Reason.REPORTS_FACTS, self._sentence(found), self._facts(found))

    def _sentence(self, found: CutOff | None) -> str:
        assert self.sound is not None  # noqa: S101  # finish() looked
        half_hz = self.sound["rate_hz"] / 2
        if found is None:
            return (
                f"the spectrum reaches up towards {half_hz:.0f} Hz, half the sample rate, without a sharp end"
            )
        return (
            f"the spectrum ends at about {found.hertz:.0f} Hz, falling by {found.fall_db:.0f} dB; the sample rate "
            f"would allow {half_hz:.0f} Hz. {_usual(found.hertz)}Codecs and resampling cut as synthesis does, so this "
            "alone is no sign of manipulation"
        )

    def _facts(self, found: CutOff | None) -> dict[str, Any]:
        assert self.sound is not None  # noqa: S101  # finish() looked
        return {
            "sample_rate_hz": self.sound["rate_hz"],
            "seconds_measured": self.sound["seconds"],
            "cut_off_hz": round(found.hertz) if found else None,
            "fall_db": round(found.fall_db, 1) if found else None,
        }

    def evidence(self) -> Iterable[EvidenceMade]:
        if not self.sound or "error" in self.sound:
            return
        levels, half_hz = self.sound["levels_db"], self.sound["rate_hz"] / 2
        found = cut_off(levels, self.sound["rate_hz"])
        caption = f"Mean power from 0 to {half_hz:.0f} Hz over {self.sound['seconds']:.1f} s of sound" + (
            f", its sharp end at about {found.hertz:.0f} Hz marked." if found else ", without a sharp end."
        )
        hertz = (np.arange(len(levels)) + 0.5) * half_hz / len(levels)
        marks = [found.hertz] if found else []
        sheet = sound_sheet.curve(hertz, levels, label=f"0 to {half_hz:.0f} Hz", unit="dB", marks=marks)
        panel = Panel(
            "mean power over frequency",
            thinned(hertz.tolist()),
            {"mean power": thinned(levels)},
            across_name="frequency",
            across_unit="Hz",
            up_name="power",
            up_unit="dB",
            marks=[(at, "sharp end of the spectrum") for at in marks],
        )
        title = "Long-term spectrum"
        yield EvidenceMade(NAME, "spectrum", title, caption, "image/png", sheet, Curves((panel,)))


def _usual(hertz: float) -> str:
    near = [made_by for known, made_by in _KNOWN if abs(hertz - known) <= 0.05 * known]
    return f"That is usual for {near[0]}. " if near else ""
