"""How soon it can be cancelled, how long it takes, and what it holds."""

import gc
import tracemalloc
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

from analysis.engine.conformance.contents import Content
from analysis.engine.conformance.playing import Played, play
from analysis.engine.conformance.trial import Refused, Trial
from analysis.engine.types import Batch, FaceBatch, FootageBatch, FrameBatch, SoundBatch

CANCEL_SECONDS = 2.0
KEPT_SHARE = 0.5
NOISE_BYTES = 32 << 20  # allocators keep some of what was freed


def cancelling(trial: Trial) -> str:
    """A run is cancelled between two steps, so its longest step is how long cancelling takes."""
    for content in trial.repertoire.demanding:
        trial.play(content)
    slowest = _slowest_step(trial)
    if slowest.longest.seconds > CANCEL_SECONDS:
        trial.play(slowest.content)  # once more: another program may have had the processor
        slowest = _slowest_step(trial)
    step = slowest.longest
    told = f"the longest step took {step.seconds:.2f} s ({step.call}, {slowest.content.title})"
    if step.seconds > CANCEL_SECONDS:
        raise Refused(
            f"Nobody can cancel it in time: {told}; {CANCEL_SECONDS:.0f} s are allowed. Yield in between."
        )
    return f"Within {CANCEL_SECONDS:.0f} s: on one core {told}."


def _slowest_step(trial: Trial) -> Played:
    """Of each content the play with the quickest longest step; of these the slowest."""
    quickest: dict[int, Played] = {}
    for played in trial.plays:
        best = quickest.setdefault(id(played.content), played)
        if played.longest.seconds < best.longest.seconds:
            quickest[id(played.content)] = played
    return max(quickest.values(), key=lambda played: played.longest.seconds)


def time(trial: Trial) -> str:
    """The content that used most of what it was allowed."""
    worst = max(trial.plays, key=lambda played: played.seconds / _allowed(trial, played))
    allowed = _allowed(trial, worst)
    length = f", {worst.content.seconds:.0f} s of media," if worst.content.seconds else ""
    told = (
        f"{worst.content.title}{length} took {worst.seconds:.2f} s on one core; {allowed:.0f} s are allowed"
    )
    if worst.seconds > allowed:
        raise Refused(f"Too slow: {told} (pace {trial.terms.pace:g}).")
    return f"{told[0].upper()}{told[1:]}."


def _allowed(trial: Trial, played: Played) -> float:
    return trial.terms.seconds_for(played.content.seconds)


def memory(trial: Trial) -> str:
    """The most the process ever held, and whether it grows with the file."""
    for content in trial.repertoire.long:
        _refuse_growth(trial, content)
    peak, allowed = _status_bytes("VmHWM"), trial.terms.memory_bytes
    told = f"{peak >> 20} MB at most, with Python and its libraries; {allowed >> 20} MB are allowed"
    if peak > allowed:
        raise Refused(f"Too much: {told}.")
    grows = "" if not trial.repertoire.long else " It does not grow with the file."
    return f"{told}.{grows}"


@dataclass
class Scales:
    """Weighs the process at a quarter of a content and at its end, while that is fed."""

    content: Content
    fed_bytes: int = 0
    weights: list[tuple[int, int]] = field(default_factory=list)

    def batches(self) -> Iterator[Batch]:
        for batch in self.content.batches():
            yield batch
            if self.weights:
                self.fed_bytes += _size(batch)
            elif _start(batch) >= self.content.seconds / 4:
                self.weights.append(_weigh())
        self.weights.append(_weigh())


def _refuse_growth(trial: Trial, content: Content) -> None:
    trial.announce(content)
    scales = Scales(content)
    tracemalloc.start()
    try:
        play(trial.detector, replace(content, batches=scales.batches))
    finally:
        tracemalloc.stop()
    (traced, resident), (traced_later, resident_later) = scales.weights[0], scales.weights[-1]
    limit = KEPT_SHARE * scales.fed_bytes
    # NumPy's arrays are traced; what torch holds shows only in the whole process, which is a coarser measure
    grown = max(traced_later - traced, resident_later - resident if limit > NOISE_BYTES else 0)
    if grown > limit:
        raise Refused(
            f"Its memory grows with the file: by {grown / 1e6:.1f} MB while {scales.fed_bytes / 1e6:.1f} MB of "
            f"{content.title} were fed. Recordings of hours must fit."
        )


def _weigh() -> tuple[int, int]:
    gc.collect()
    return tracemalloc.get_traced_memory()[0], _status_bytes("VmRSS")


def _status_bytes(name: str) -> int:
    # not getrusage: its maximum is inherited from the process that started this one
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    line = next(line for line in lines if line.startswith(f"{name}:"))
    return int(line.split()[1]) << 10


def _start(batch: Batch) -> float:
    if isinstance(batch, FrameBatch | FootageBatch) and batch.frames:
        return batch.frames[0].pts_seconds
    if isinstance(batch, FaceBatch):
        return batch.sampled[0][1]
    return batch.start_seconds if isinstance(batch, SoundBatch) else 0.0


def _size(batch: Batch) -> int:
    if isinstance(batch, FrameBatch | FootageBatch):
        return sum(frame.rgb.nbytes for frame in batch.frames)
    if isinstance(batch, FaceBatch):
        return sum(face.rgb.nbytes for face in batch.faces)
    return int(batch.samples.nbytes) if isinstance(batch, SoundBatch) else 0
