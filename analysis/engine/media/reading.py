"""The one pass over a file: sampled pictures and sound, merged by media time, handed to the outlet."""

import gc
import heapq
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Protocol

from analysis.engine.errors import LimitExceeded, UndecodableMedia
from analysis.engine.media.job import Job
from analysis.engine.media.limits import Summary, Trouble
from analysis.engine.media.sampling import Densely, Flowing, marked
from analysis.engine.types import Probe

if TYPE_CHECKING:
    from analysis.engine.media.outlet import Outlet
    from analysis.engine.types import Pixels, Samples

_KEPT_TROUBLES = 20
# PyAV's converted frames and their planes refer to each other, so only the collector frees them. Left to
# itself it comes after hundreds of frames; with everything older frozen it costs next to nothing.
_FRAMES_PER_COLLECTION = 16


@dataclass(frozen=True)
class Picture:
    """One decoded picture. `draw` writes it upright into uint8 (height, width, 3); nothing is converted
    before. `shrunk` gives the same picture at another size. A damaged one was not decoded whole. `sampled`,
    `dense`, `footage` and `number` are those of types.Frame."""

    seconds: float
    width: int
    height: int
    draw: "Callable[[Pixels], None]"
    shrunk: "Callable[[int, int], Picture] | None" = None
    damaged: bool = False
    sampled: bool = True
    dense: bool = False
    footage: bool = False
    number: int = 0


@dataclass(frozen=True)
class Block:
    """At most one second of 16 kHz mono sound."""

    seconds: float
    samples: "Samples"


@dataclass
class Ledger:
    """What was counted on the way."""

    frames_decoded: int = 0
    frames_resized: int = 0
    samples: int = 0
    silence_seconds: float = 0.0
    errors: int = 0
    timestamps_repaired: int = 0
    last_seconds: float | None = None
    troubles: list[Trouble] = field(default_factory=list)

    def trouble(self, seconds: float | None, message: str) -> None:
        """Counts a decode error; the first few are kept with their words."""
        self.errors += 1
        if len(self.troubles) < _KEPT_TROUBLES:
            self.troubles.append(Trouble(seconds, message[:300]))


class Source(Protocol):
    """An opened file. The iterators count into the ledger and go on after errors."""

    probe: Probe

    def pictures(self, ledger: Ledger) -> Iterator[Picture]:
        """Every picture, in order of time."""

    def blocks(self, ledger: Ledger) -> Iterator[Block]:
        """The sound from media time 0 on, without a gap."""

    def describe(self) -> Mapping[str, Any]:
        """What the container says of itself and its streams."""


def read(source: Source, job: Job, outlet: "Outlet") -> Summary:
    """Sends all that was asked for. Raises UndecodableMedia when there was nothing at all."""
    ledger = Ledger()
    gc.freeze()
    streams: tuple[Iterator[Picture | Block], ...] = (
        _pictures(source, job, outlet, ledger),
        _blocks(source, job, ledger),
    )
    for item in heapq.merge(*streams, key=lambda item: item.seconds):
        if job.until_seconds is not None and item.seconds >= job.until_seconds:
            break
        if item.seconds > job.limits.max_duration_seconds:
            raise LimitExceeded(f"it runs longer than {job.limits.max_duration_seconds:.0f} s.")
        if isinstance(item, Picture):
            outlet.frame(_fitted(item, source.probe, outlet, ledger))
            if outlet.frames % _FRAMES_PER_COLLECTION == 0:
                gc.collect()
        else:
            outlet.sound(item.samples)
            ledger.samples += len(item.samples)
        ledger.last_seconds = max(item.seconds, ledger.last_seconds or 0.0)
    _refuse_nothing(source, job, ledger)
    return Summary(
        frames_decoded=ledger.frames_decoded,
        frames_delivered=outlet.frames,
        frames_resized=ledger.frames_resized,
        samples_delivered=ledger.samples,
        silence_inserted_seconds=ledger.silence_seconds,
        decode_errors=ledger.errors,
        timestamps_repaired=ledger.timestamps_repaired,
        last_pts_seconds=ledger.last_seconds,
        troubles=tuple(ledger.troubles),
    )


def _pictures(source: Source, job: Job, outlet: "Outlet", ledger: Ledger) -> Iterator[Picture]:
    if not (job.frames and source.probe.has_picture):
        return

    def decoded() -> Iterator[Picture]:
        for number, picture in enumerate(source.pictures(ledger)):
            ledger.frames_decoded += 1
            outlet.alive(ledger.errors, picture.seconds)
            yield replace(picture, number=number)

    densely, flow = _densely(source.probe, job), _flowing(job)
    samples = 0
    for picture, on_grid in marked(decoded(), job.fps):
        if job.max_frames is not None and samples >= job.max_frames:
            return
        samples += on_grid
        dense = densely is not None and densely.takes(picture.seconds)
        # a whole one takes the place of a damaged one
        footage = flow is not None and not picture.damaged and flow.takes(picture.seconds)
        if on_grid or dense or footage:
            yield replace(picture, sampled=on_grid, dense=dense, footage=footage)


def _densely(probe: Probe, job: Job) -> Densely | None:
    passages = job.passages
    if passages is None:
        return None
    return Densely(lambda seconds: passages.hold(seconds, probe.duration_seconds), passages.max_fps)


def _flowing(job: Job) -> Flowing | None:
    return Flowing(job.flow.max_fps, job.flow.frame_skip) if job.flow else None


def _blocks(source: Source, job: Job, ledger: Ledger) -> Iterator[Block]:
    if job.sound and source.probe.has_sound:
        yield from source.blocks(ledger)


def _fitted(picture: Picture, probe: Probe, outlet: "Outlet", ledger: Ledger) -> Picture:
    """The picture, brought to the probed size when the stream changed to a larger one midway."""
    if outlet.fits(picture.width, picture.height):
        return picture
    if picture.shrunk is None:
        raise UndecodableMedia("a picture in it is larger than its header says.")
    ledger.frames_resized += 1
    fitted = picture.shrunk(probe.width or 1, probe.height or 1)
    marks = {name: getattr(picture, name) for name in ("sampled", "dense", "footage", "number")}
    return replace(fitted, **marks)


def _refuse_nothing(source: Source, job: Job, ledger: Ledger) -> None:
    asked = (job.frames and source.probe.has_picture) or (job.sound and source.probe.has_sound)
    if asked and not ledger.frames_decoded and not ledger.samples:
        why = f": {ledger.troubles[0].message}" if ledger.troubles else ""
        raise UndecodableMedia(f"nothing in it could be decoded{why}.")
