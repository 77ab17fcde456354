"""Groups of pictures: where the key pictures lie, and what an earlier coding left in the sizes of the others.

Facts without a score. That a video was coded twice is what every platform does to every video; that the earlier
groups do not go on in step says that pictures were taken out or put in before the last coding, which an honest cut
does as well. The measure and its sources are in analysis/engine/signals/coding.py.

Constants are from footage of our own, drawn and noisy, 400 pictures each: coded once (48 files) no period reached
4.5 errors and no broken one 5.3. Clocks in the picture, blinking lights and pictures held by a change of rate reach
more: hence what leaves a period is named each time, and whole and half seconds are not told.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

import numpy as np

from analysis.engine.detectors.base import Card, Detector
from analysis.engine.detectors.curves import draw
from analysis.engine.detectors.finding import Finding, finding
from analysis.engine.detectors.weightless import Weightless
from analysis.engine.media.coding_table import STRETCH_BYTES
from analysis.engine.plots import Curves, Panel
from analysis.engine.signals.coding import (
    LEAST_PICTURES,
    Break,
    Period,
    Reals,
    broken,
    interval,
    keys,
    period,
    residue,
)
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
)
from analysis.engine.weights import WeightStore

NAME = "gop"
PERIOD_ERRORS, BROKEN_ERRORS, SIDE_ERRORS, LEAST_RAISED = 5.5, 6.0, 4.0, 0.65
MOST_ODD, MOST_FINDINGS = 20, 40
LEAST_GAP_PICTURES = 2.5  # a missing picture leaves a gap of two; clocks and pulldown wander by a half
STEADY_SHARE = 0.95
ORDER = ("out of step", "period", "key picture", "gap")  # what is told first where not all can be
LEFT_BY = (
    "an earlier coding with a key picture there, but also a clock in the picture, a blinking light or a change of "
    "rate"
)


def cards() -> list[Card]:
    """The card of the detector of groups of pictures."""
    return [
        Card(
            name=NAME,
            title="Coding history",
            version="1.0",
            family="coding",
            subject="file",
            consumes=Consumes.FILE,
            kinds=frozenset({MediaKind.VIDEO}),
            unit="files",
            looks_at="Sizes, sorts and times of the coded pictures: the interval of key pictures and its exceptions, "
            "gaps in a steady rate, and a period in the sizes, as an earlier coding leaves it, or one that goes on out "
            "of step.",
            cannot_see="Why: no score comes of this. A period is also left by a clock in the picture, a blinking "
            "light or pictures held by a change of rate, in video that was coded once; periods of whole and half "
            "seconds are not told for that, though many earlier codings have them. A recorder that loses pictures, "
            "and an honest cut, put a period out of step. Most video on the web was coded twice, encoders put key "
            "pictures where the scene changes, cameras of varying rate leave gaps. It misses an earlier coding "
            "of finer quality than the last, of groups of fewer than 9 or more than "
            "160 pictures or of the same length as the present ones, and one behind scaling. Of more than 12,000 "
            "pictures it reads twelve stretches of 1,000, spread evenly, or the first 12,000 where the file names no "
            "length; large pictures shorten a stretch to 48 MB. Animated pictures (GIF, PNG, WebP, AVIF) are not "
            "looked at.",
            paper="After Wang and Farid, ACM MM&Sec 2006; Vazquez-Padin et al., WIFS 2012; Stamm, Lin and Liu, TIFS "
            "2012",
            licence="Apache-2.0 (our own code)",
            accuracy="Own first look at drawn footage of 400 pictures, before whole and half seconds were "
            "left out: of 96 coded twice (MPEG-2, MPEG-4 and H.264, "
            "then H.264 or MPEG-4) 58 were told and of 48 coded once none; of 24 from which 8 to 13 pictures were "
            "taken before the last coding 5 were told as out of step, 4 of them within half a second of the place, and "
            "none of the others. The constants are from the same footage. "
            "Published rates are of the papers' own measures and do not carry over.",
            preprocessing="None; packets are read and not decoded.",
            links=("https://doi.org/10.1145/1161366.1161375", "https://doi.org/10.1109/TIFS.2012.2205568"),
        )
    ]


def make(_name: str, _weights: WeightStore, _device: str) -> Detector:
    """The detector; it needs no weights."""
    return Weightless(cards()[0], GopSession)


@dataclass(frozen=True)
class Read:
    """What one stretch of the stream tells."""

    seconds: Reals
    sorts: str
    left: Reals
    period: Period | None
    broken: tuple[Period, Break] | None


@dataclass
class GopSession:
    """The coded pictures of one file."""

    coding: Mapping[str, Any] = field(default_factory=dict)
    stretches: list[Read] = field(default_factory=list)

    def feed(self, batch: Batch) -> Iterable[Observation]:
        if isinstance(batch, FileFacts):
            self.coding = batch.facts.get("coding") or {}
            for stretch in self.coding.get("stretches", ()):
                self.stretches.append(_read(stretch))
        return ()

    def drain(self) -> Iterable[Observation]:
        return ()

    def finish(self) -> Assessment:
        if not self.coding:
            detail = "it holds no video coded in groups; animated pictures (GIF, PNG, WebP, AVIF) are not looked at"
            return NotAssessed(Reason.OUTSIDE_DOMAIN, detail)
        if "error" in self.coding:
            return NotAssessed(Reason.DECODE_ERROR, f"its packets cannot be read ({self.coding['error']})")
        pictures = sum(len(stretch.sorts) for stretch in self.stretches)
        if not any(len(stretch.sorts) >= LEAST_PICTURES for stretch in self.stretches):
            return self._too_few(pictures)
        told = [one for stretch in self.stretches for one in _told(stretch)]
        findings = sorted(told, key=lambda one: ORDER.index(one["kind"]))[:MOST_FINDINGS]
        facts = {
            "findings": findings,
            "findings_left_out": len(told) - len(findings),
            "pictures_read": pictures,
            "whole": self.coding.get("whole"),
            "key_interval_pictures": [interval(stretch.sorts) for stretch in self.stretches],
        }
        return NotAssessed(Reason.REPORTS_FACTS, self._detail(findings, len(told), pictures), facts)

    def _too_few(self, pictures: int) -> NotAssessed:
        most = max((len(stretch.sorts) for stretch in self.stretches), default=0)
        if any(sum(stretch["bytes"]) >= STRETCH_BYTES for stretch in self.coding.get("stretches", ())):
            detail = (
                f"its pictures are so large that at most {most} in a row were read; at least {LEAST_PICTURES} "
                "are needed"
            )
            return NotAssessed(Reason.OUTSIDE_DOMAIN, detail)
        detail = f"{pictures} coded pictures were read; at least {LEAST_PICTURES} in a row are needed"
        return NotAssessed(Reason.TOO_SHORT, detail)

    def _detail(self, findings: list[Finding], told: int, pictures: int) -> str:
        history = [one["sentence"] for one in findings if one["kind"] in ("out of step", "period")]
        said = history[:2] or [self._nothing()]
        if told > len(findings):
            said.append(f"{told - len(findings)} further findings are left out")
        if not self.coding.get("whole"):
            said.append(f"{pictures} pictures were read of {_portion(self.stretches)}, not the whole video")
        return "; ".join(said)

    def _nothing(self) -> str:
        if all(set(stretch.sorts) == {"I"} for stretch in self.stretches):
            return "every picture is a key picture, so sizes tell nothing of an earlier coding"
        if not any(_comparable(stretch) for stretch in self.stretches):
            return "too few pictures lie between key pictures for their sizes to tell of an earlier coding"
        return "no residue of an earlier coding stands out"

    def evidence(self) -> Iterable[EvidenceMade]:
        shown = max(self.stretches, key=_standing, default=None)
        if shown is None or not _comparable(shown):
            return
        found = (shown.broken or (None,))[0] or shown.period
        panel = _residue_panel(shown, found)
        caption = (
            (
                "How far the size of each coded picture stands above those of its like near by, in deviations; the "
                f"second curve lifts one every {found.every} pictures. "
                if found
                else "How far the size of each coded picture stands above "
                "those of its like near by, in deviations. No period stands out; whole and half seconds are not told. "
            )
            + "Key pictures and those right after them are left out. A period may be left by an earlier coding, which "
            "is no sign of manipulation, by a clock in the picture, a blinking light or a change of rate."
        )
        title = "Sizes of coded pictures"
        yield EvidenceMade(NAME, "curve", title, caption, "image/png", draw([panel]), Curves((panel,)))


def _read(stretch: Mapping[str, Any]) -> Read:
    seconds, sorts = np.array(stretch["seconds"], np.float64), stretch["sorts"]
    left = residue(np.array(stretch["bytes"], np.float64), sorts)
    fps = _fps(seconds)
    found, parted = period(left, sorts, fps), broken(left, sorts, fps)
    if found and (found.errors < PERIOD_ERRORS or found.raised < LEAST_RAISED):
        found = None
    if parted and (not _parts(parted, found) or _lost(seconds, parted[1])):
        parted = None
    return Read(seconds, sorts, left, found, parted)


def _fps(seconds: Reals) -> float | None:
    """By the steps that are near the usual one: containers round times, and gaps are no rate."""
    steps = np.diff(seconds)
    # a step that exists: between those of two rates, as many of each, lies one that is near to none
    usual = float(np.percentile(steps, 50, method="lower")) if len(steps) else 0.0
    return 1 / float(steps[np.abs(steps - usual) < 0.5 * usual].mean()) if usual > 0 else None


def _lost(seconds: Reals, at: Break) -> bool:
    """Whether pictures missing near by, by their times, are as many as the period is out of step, give or take one."""
    steps = np.diff(seconds)
    usual = float(np.median(steps))
    near = steps[max(0, at.at - 2 * at.every) : at.at + 2 * at.every]
    missing = int(np.round(near[near > 1.5 * usual] / usual - 1).sum()) if usual > 0 else 0
    return missing > 0 and (at.shift + missing + 1) % at.every <= 2


def _comparable(stretch: Read) -> bool:
    return int(np.isfinite(stretch.left).sum()) >= LEAST_PICTURES


def _portion(stretches: list[Read]) -> str:
    """Where what was read lies, for a reader."""
    first, last = stretches[0].seconds[0], stretches[-1].seconds[-1]
    where = f"{first:.1f} to {last:.1f} s"
    return where if len(stretches) == 1 else f"{where} in {len(stretches)} stretches"


def _parts(parted: tuple[Period, Break], found: Period | None) -> bool:
    """Whether the period out of step stands out by itself, on both sides, and better than one that goes on."""
    both, at = parted
    least = max(BROKEN_ERRORS, found.errors + 1 if found else 0.0)
    return both.errors >= least and at.errors >= SIDE_ERRORS and both.raised >= LEAST_RAISED


def _standing(stretch: Read) -> tuple[bool, float, int]:
    found = (stretch.broken or (None,))[0] or stretch.period
    return stretch.broken is not None, found.errors if found else 0.0, len(stretch.sorts)


def _told(stretch: Read) -> Iterable[Finding]:
    if stretch.broken:
        both, at = stretch.broken
        moment = f"{stretch.seconds[min(at.at, len(stretch.seconds) - 1)]:.1f} s"
        sentence = (
            f"every {both.every} pictures one is larger than its like, and from about {moment} on they come {at.shift} "
            f"pictures out of step; a period is left by {LEFT_BY}, and it gets out of step where pictures were taken "
            "out or put in before the last coding (a cut does so), or a recorder lost some"
        )
        yield finding("out of step", moment, sentence)
    elif stretch.period:
        sentence = (
            f"every {stretch.period.every} pictures one is larger than its like ({stretch.period.errors:.1f} standard "
            f"errors), which is left by {LEFT_BY}; most video on the web was coded before"
        )
        yield finding("period", f"{stretch.seconds[0]:.1f} s", sentence)
    yield from _odd_keys(stretch)
    yield from _gaps(stretch)


def _odd_keys(stretch: Read) -> Iterable[Finding]:
    """Key pictures that come too early where the encoder otherwise keeps its interval."""
    usual, places = interval(stretch.sorts), keys(stretch.sorts)
    if usual is None or len(places) < 4:
        return
    early = [(at, at - before) for before, at in pairwise(places) if at - before < usual]
    for at, after in early[:MOST_ODD]:
        sentence = (
            f"key pictures come every {usual} pictures, this one after {after}: a change of scene, or streams "
            "that were joined without coding them again"
        )
        yield finding("key picture", f"{stretch.seconds[at]:.2f} s", sentence)


def _gaps(stretch: Read) -> Iterable[Finding]:
    """Moments without a picture where the rate is steady otherwise."""
    steps = np.diff(stretch.seconds)
    usual = float(np.median(steps)) if len(steps) else 0.0
    if usual <= 0 or (np.abs(steps - usual) < 0.25 * usual).mean() < STEADY_SHARE:
        return
    for at in np.flatnonzero(steps >= LEAST_GAP_PICTURES * usual)[:MOST_ODD]:
        missing = max(1, round(float(steps[at]) / usual) - 1)
        pictures = "1 picture" if missing == 1 else f"{missing} pictures"
        sentence = (
            f"no picture for {steps[at]:.2f} s (about {pictures} at the usual rate), where the rate is steady "
            "otherwise"
        )
        yield finding("gap", f"{stretch.seconds[at]:.2f} s", sentence)


def _residue_panel(stretch: Read, found: Period | None) -> Panel:
    curves: dict[str, list[float | None]] = {}
    curves["size above its like"] = [None if np.isnan(one) else float(one) for one in stretch.left]
    if found:
        lifted = np.full(len(stretch.left), -1.0)
        lifted[_members(stretch, found)] = 0.0
        curves["period of the residue"] = [float(one) for one in lifted]
    return Panel(
        "size above its like (deviations), over seconds", [float(at) for at in stretch.seconds], curves,
        across_name="media time", across_unit="s", up_name="size above its like", up_unit="deviations",
    )  # fmt: skip


def _members(stretch: Read, found: Period) -> list[int]:
    count = len(stretch.sorts)
    if stretch.broken is None:
        return list(range(found.first, count, found.every))
    at = stretch.broken[1]
    after = at.at + (found.first + at.shift) % found.every
    return [*range(found.first, at.at, found.every), *range(after, count, found.every)]
