"""Whether the mouth and the voice of a video move together, and how far apart in time.

That the common information of picture and sound tells who speaks is shown by Hershey and Movellan (NIPS 1999), that a
mouth helps to hear by Bregler and Konig (ICASSP 1994); offsets are measured with learnt features over a second to
either side by Chung and Zisserman (SyncNet, 2016); Korshunov and Marcel (EUSIPCO 2018) look for tampered video in
disagreement of lips and speech. Ours differs: nothing is learnt, one curve of the mouth (signals/mouth.py) is held
against one of the voice (signals/voice.py), and chance is told by surrogates of the same mouth (signals/synchrony.py).

An offset counts beyond what broadcasting allows (ITU-R BT.1359-1, EBU R37-2007: sound 45 ms early to 125 ms late),
widened by what voices do after their mouths by themselves (-50 to 200 ms). Nothing here is more than a finding:
offsets come from bad players and converters, and dubbing is no forgery. So no score exceeds 0.45, below the mark.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

import numpy as np

from analysis.engine.detectors.base import Card, Detector
from analysis.engine.detectors.curves import draw
from analysis.engine.detectors.listening import SILENCE_RMS
from analysis.engine.detectors.passages import TraceSession
from analysis.engine.detectors.sightings import NO_LANDMARKS, TURNED
from analysis.engine.detectors.sync_sheet import Shown, panels_of, plot_of
from analysis.engine.detectors.weightless import Weightless
from analysis.engine.plots import Curves
from analysis.engine.signals.mouth import is_turned, mouth_px, opening
from analysis.engine.signals.oval import Reals
from analysis.engine.signals.synchrony import SURROGATES, Match, Pair, match, paired
from analysis.engine.signals.traces import stretches
from analysis.engine.signals.voice import MIN_MODULATION, Loudness, modulation
from analysis.engine.types import (
    Assessment,
    Batch,
    Consumes,
    Coverage,
    EvidenceMade,
    FaceCrop,
    MediaKind,
    NotAssessed,
    Reason,
    ScorePoint,
    ScoresMeasured,
    SoundBatch,
    Verdict,
)
from analysis.engine.weights import WeightStore

NAME = "lip-sync"
MIN_MOUTH_PX = 24.0
MIN_FPS = 15.0  # the band of the mouth ends at 7 Hz
LEAST_SECONDS, LEAST_STRETCH = 5.0, 3.0
WINDOW_SECONDS, STEP_SECONDS = 8.0, 4.0
MOST_FACES = 4
# of the opening within a file: a drawn still mouth under noise of 3 levels stays below it
MIN_MOVEMENT = 0.02
SURE = 0.01
EARLY_MS, LATE_MS, JUMP_MS = -95.0, 325.0, 250.0
FULL_MS = 500.0  # beyond the limits, from which on an offset has the highest score there is
CAP = 0.45
# Genuine talk has correlations of 0.3 to 0.7 (Chandrasekaran et al. 2009): where chance alone reaches more than
# this, no correlation says nothing.
MAX_CHANCE = 0.25


def cards() -> list[Card]:
    """The card of the detector of mouth and voice."""
    return [
        Card(
            name=NAME,
            title="Mouth and voice together",
            version="1.0",
            family="synchrony",
            subject="sound",
            consumes=Consumes.FACES,
            dense=True,
            hears=True,
            kinds=frozenset({MediaKind.VIDEO}),
            unit="windows",
            looks_at="Whether the opening of a mouth and the loudness of the voice rise and fall together, and how "
            "many milliseconds apart, in passages of the video at its full rate.",
            cannot_see="Silence, sound without syllables, mouths under 24 px, faces turned away, fewer than 15 frames "
            "a second; less than some 8 s of talk, and that nothing moves together in less than some 25 s. Replaced "
            "lips or a cloned voice that are in step; offsets within what voices do by themselves (-50 to 200 ms after "
            "their mouths), or over a second. A dubbed film, a translation and a player out of step look alike, so no "
            "score exceeds 0.45. Drums are taken for speech; beards, dark light and chewing hide or feign talk. Of "
            "recordings over two minutes it looks at twelve passages of 10 s, spread evenly.",
            paper="Hershey & Movellan, Audio vision, NIPS 1999; Bregler & Konig, ICASSP 1994; Chung & Zisserman, Out "
            "of time, ACCV workshops 2016; Korshunov & Marcel, Speaker inconsistency detection in tampered video, "
            "EUSIPCO 2018; EBU R37; ITU-R BT.1359-1",
            licence="Apache-2.0 (our own code)",
            accuracy="No own measurement that says much. In three genuine files (two of the same talk) it found mouth "
            "and voice together, 111 to 151 ms apart, and with the sound moved by 150 to 450 ms the offset in 17 of 18 "
            "copies (95 % interval 0.74 to 0.99, though not independent); one genuine file and a face swap are too "
            "short. Of 54 pairings of faces with other files' sound 2 passed for together. Drawn talk: 150 of 150 "
            "offsets within 14 ms, 2 of 150 unrelated sounds together. That nothing moves together was tried on drawn "
            "talk alone. No calibration yet.",
            preprocessing="Darkness of the mouth against the cheeks and loudness at 300 to 3400 Hz, both at 50 Hz and "
            "within 0.7 to 7 Hz; correlation at lags up to 1 s against 999 surrogates.",
            # reads passages at the full rate, and needs talk longer than most clips are
            by_default=False,
            links=("https://arxiv.org/abs/1806.08400",),
        )
    ]


def make(_name: str, _weights: WeightStore, _device: str) -> Detector:
    """The detector; it needs no weights."""
    return Weightless(cards()[0], LipSyncSession)


@dataclass
class Talk:
    """What one face is believed to say: its stretches with their sound, and how they match."""

    track: int
    pairs: list[Pair]
    whole: Match
    windows: list[tuple[Pair, Match]]

    def clear(self, faces: int) -> list[tuple[Pair, Match]]:
        """The windows that match by themselves, with what so many windows of so many faces do by chance left out."""
        return [
            (pair, found)
            for pair, found in self.windows
            if found.p_value <= max(SURE / len(self.windows) / faces, 1 / (1 + SURROGATES))
        ]


@dataclass
class LipSyncSession(TraceSession):
    """Traces of one run: how open the mouth is; and all loudness."""

    name = NAME
    numbers = 1
    loudness: Loudness = field(default_factory=Loudness)
    declined: Counter[tuple[Reason, str]] = field(default_factory=Counter)
    talks: list[Talk] = field(default_factory=list)

    def feed(self, batch: Batch) -> Iterator[ScoresMeasured]:
        if isinstance(batch, SoundBatch):
            self.loudness.take(batch.samples)
        yield from super().feed(batch)

    def note(self, face: FaceCrop) -> None:
        if is_turned(face):
            self.seen.outside[TURNED] += 1
            return
        if face.landmarks is not None and mouth_px(face) < MIN_MOUTH_PX:
            self.seen.too_small()
            return
        opened = opening(face)
        if opened is None:
            self.seen.outside[TURNED if face.landmarks else NO_LANDMARKS] += 1
        else:
            self.keep(face, opened)

    def drain(self) -> Iterator[ScoresMeasured]:
        longest = sorted(self.rows(), key=lambda item: (-len(item[1]), item[0]))[:MOST_FACES]
        for track, trace in longest:
            yield from self._listen(track, trace)
        for talk in self.talks:
            clear = {id(found) for _, found in talk.clear(len(self.talks))}
            for pair, found in talk.windows:
                score = _excess(found.offset_ms) if id(found) in clear else None
                at, reason = pair.start_seconds + pair.seconds / 2, Reason.OUTSIDE_DOMAIN
                yield ScoresMeasured(
                    NAME, (ScorePoint(at, score, talk.track, None if score is not None else reason),)
                )

    def _listen(self, track: int, trace: Reals) -> Iterator[ScoresMeasured]:
        parts = [part for part in stretches(trace) if part[-1, 0] - part[0, 0] >= LEAST_STRETCH]
        if reason := self._unfit(parts):
            self.declined[reason] += 1
            return
        pairs = [pair for part in parts if (pair := paired(part[:, 0], part[:, 1], self.loudness))]
        if sum(pair.seconds for pair in pairs) < LEAST_SECONDS:
            self.declined[_TOO_SHORT] += 1
            return
        windows = [window for pair in pairs for window in _windows(pair)]
        found: list[Match] = []
        for sought in (pairs, *([window] for window in windows)):
            for one in match(sought):
                if one is None:
                    # a breath in which a run can be cancelled
                    yield ScoresMeasured(NAME, ())
                else:
                    found.append(one)
        self.talks.append(Talk(track, pairs, found[0], list(zip(windows, found[1:], strict=True))))

    def _unfit(self, parts: Sequence[Reals]) -> tuple[Reason, str] | None:
        """Why nothing can be said of these stretches of a face."""
        if sum(part[-1, 0] - part[0, 0] for part in parts) < LEAST_SECONDS:
            return _TOO_SHORT
        if min(len(part) / (part[-1, 0] - part[0, 0]) for part in parts) < MIN_FPS:
            return Reason.OUTSIDE_DOMAIN, f"fewer than {MIN_FPS:.0f} frames a second show the face"
        heard = np.concatenate([self.loudness.between(part[0, 0], part[-1, 0]) for part in parts])
        # levels, whose own mean is what is heard
        if not len(heard) or np.sqrt(np.mean(np.square(heard))) < SILENCE_RMS:
            return Reason.SILENCE, "nothing is heard while the face is seen"
        if modulation(heard) < MIN_MODULATION:
            return Reason.OUTSIDE_DOMAIN, "the sound does not rise and fall like speech"
        if np.sqrt(np.mean(np.concatenate([_moved(part[:, 1]) for part in parts]) ** 2)) < MIN_MOVEMENT:
            return Reason.OUTSIDE_DOMAIN, "the mouth hardly moves while somebody is heard"
        return None

    def finish(self) -> Assessment:
        if not self.talks:
            return self._abstain()
        count = len(self.talks)
        best = min(self.talks, key=lambda talk: (talk.whole.p_value, -talk.whole.peak))
        clear = best.clear(count)
        sure = best.whole.p_value <= SURE / count
        if not sure and not clear:
            return self._apart(best)
        offsets = [best.whole.offset_ms] if sure else []
        offsets += [found.offset_ms for _, found in clear]
        jumps = _jumps(clear)
        sizes = [_risen(jump.size_ms) for jump in jumps]
        score = max(*(_excess(one) for one in offsets), *sizes, 0.0)
        facts = self._facts(best, together=True) | {
            "offset_ms": round(offsets[0]),
            "jumps": [jump.as_fact() for jump in jumps],
        }
        return Verdict(score, self._coverage(best), facts=facts)

    def _apart(self, best: Talk) -> Assessment:
        """No face moves with the voice."""
        facts = self._facts(best, together=False)
        if len(self.talks) > 1:
            detail = f"{len(self.talks)} faces move their mouths, and none clearly with the voice"
            return NotAssessed(Reason.OUTSIDE_DOMAIN, detail, facts)
        if best.whole.chance > MAX_CHANCE:
            seconds = sum(pair.seconds for pair in best.pairs)
            detail = f"the {seconds:.0f} s of mouth and voice are too few to tell whether they move together"
            return NotAssessed(Reason.TOO_SHORT, detail, facts)
        finding = "Sound and mouth do not move together: dubbed, voice-over, somebody unseen, or replaced."
        return Verdict(CAP, self._coverage(best), facts=facts | {"finding": finding})

    def _coverage(self, best: Talk) -> Coverage:
        return Coverage(len(best.windows), sum(len(talk.windows) for talk in self.talks), "windows")

    def _abstain(self) -> NotAssessed:
        if self.declined:
            ((reason, detail), _) = max(
                self.declined.items(), key=lambda item: (item[0] != _TOO_SHORT, item[1])
            )
            return NotAssessed(reason, detail)
        return self.seen.absence()

    def _facts(self, best: Talk, *, together: bool) -> dict[str, Any]:
        return {
            "together": together,
            "verdict_of_track": best.track,
            "peak": round(best.whole.peak, 3),
            "p_value": round(best.whole.p_value, 4),
            "one_in_a_hundred_by_chance": round(best.whole.chance, 3),
            "windows": [_described(pair, found) for pair, found in best.windows][:100],
            "plot": plot_of(self._shown(best)),
        }

    def _shown(self, best: Talk) -> Shown:
        """The passage that matches most, with the correlation of all of them."""
        pair, _ = min(best.windows, key=lambda window: (window[1].p_value, -window[1].peak))
        return Shown(pair, best.whole)

    def evidence(self) -> Iterable[EvidenceMade]:
        if not self.talks:
            return
        best = min(self.talks, key=lambda talk: (talk.whole.p_value, -talk.whole.peak))
        shown = self._shown(best)
        caption = (
            f"The mouth's opening and the voice's loudness in the {shown.pair.seconds:.0f} s from "
            f"{shown.pair.start_seconds:.1f} s where they match most, and how well they match at each lag in all that "
            f"was looked at: highest ({best.whole.peak:.2f}) with the sound {best.whole.offset_ms:+.0f} ms after the "
            f"picture. Of mouths that know nothing of the voice, {100 * best.whole.p_value:.1f} % reach that."
        )
        panels = panels_of(shown)
        title = "Mouth and voice over time"
        yield EvidenceMade(NAME, "synchrony", title, caption, "image/png", draw(panels), Curves(panels))


_TOO_SHORT = (Reason.TOO_SHORT, f"no face is seen and heard for {LEAST_SECONDS:.0f} s")


@dataclass(frozen=True)
class Jump:
    """Two windows whose offsets differ by more than speech does, and the middle between them."""

    at_seconds: float
    from_ms: float
    to_ms: float

    @property
    def size_ms(self) -> float:
        return abs(self.to_ms - self.from_ms)

    def as_fact(self) -> dict[str, float]:
        return {
            "at_seconds": round(self.at_seconds, 1),
            "from_ms": round(self.from_ms),
            "to_ms": round(self.to_ms),
        }


def _jumps(clear: Sequence[tuple[Pair, Match]]) -> list[Jump]:
    jumps = []
    for (pair, found), (next_pair, next_found) in pairwise(clear):
        if abs(found.offset_ms - next_found.offset_ms) > JUMP_MS:
            between = (pair.start_seconds + next_pair.start_seconds + next_pair.seconds) / 2
            jumps.append(Jump(between, found.offset_ms, next_found.offset_ms))
    return jumps


def _windows(pair: Pair) -> list[Pair]:
    """A stretch in windows of 8 s, every 4 s and the last one at its end; a shorter stretch whole."""
    last = max(pair.seconds - WINDOW_SECONDS, 0.0)
    starts = [*np.arange(0, last, STEP_SECONDS).tolist(), last]
    return [pair.part(start, WINDOW_SECONDS) for start in starts]


def _moved(openings: Reals) -> Reals:
    """The opening without what changes slower than in a second: a turning head, a smile."""
    wide = min(len(openings), 30) | 1
    padded = np.pad(openings, wide // 2, mode="edge")
    return np.asarray(
        openings - np.convolve(padded, np.ones(wide) / wide, "valid")[: len(openings)], np.float64
    )


def _excess(offset_ms: float) -> float:
    """0 within the limits, rising to the cap."""
    beyond = max(EARLY_MS - offset_ms, offset_ms - LATE_MS, 0.0)
    return CAP * min(beyond / FULL_MS, 1.0)


def _risen(jump_ms: float) -> float:
    return CAP * min(max(jump_ms - JUMP_MS, 0.0) / FULL_MS, 1.0)


def _described(pair: Pair, found: Match) -> dict[str, float]:
    return {
        "start_seconds": round(pair.start_seconds, 2),
        "end_seconds": round(pair.start_seconds + pair.seconds, 2),
        "offset_ms": round(found.offset_ms),
        "peak": round(found.peak, 3),
        "p_value": round(found.p_value, 4),
    }
