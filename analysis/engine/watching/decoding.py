"""The child's loop over what is watched: decode, choose, draw into the ring, until the source ends."""

import gc
from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

import av

from analysis.engine.media import frames
from analysis.engine.media.job import Job
from analysis.engine.media.limits import Summary
from analysis.engine.media.sampling import Flowing
from analysis.engine.watching.clocks import ArrivalClock, MediaClock, Pace
from analysis.engine.watching.opening import opened
from analysis.engine.watching.order import LiveOrder
from analysis.engine.watching.outlet import LiveOutlet
from analysis.engine.watching.source import SourceFailed

_FRAMES_PER_COLLECTION = 16  # as in media/reading.py
# After a lost packet pictures are wrong until the next key picture; some cameras send none for minutes.
_MOST_WRONG = 300
_MOST_ERRORS = 200


class Resized(SourceFailed):
    """The pictures became larger than the ring has room for: to be opened again, with so many bytes for each."""

    code = "resized"


def watch(job: Job, outlet: LiveOutlet) -> None:
    """Ends when a file does; raises SourceFailed when a camera does, and when nothing can be decoded."""
    order = LiveOrder.parse(job.live)
    av.logging.set_level(None)  # its log would fill the pipe of last words, with addresses
    gc.freeze()
    looking = _Looking(order, job, outlet)
    while True:
        before = looking.number
        with opened(order, job) as (container, stream):
            looking.through(container, stream)
        if looking.number == before:
            raise SourceFailed("nothing of what it sends can be decoded")
        if order.is_live:
            raise SourceFailed("its stream ended")
        if not order.loop:
            break
    outlet.ended(
        Summary(**asdict(Summary()) | {"frames_decoded": looking.number - order.number, "troubles": ()})
    )


class _Looking:
    """What goes on from one opening of a looped file to the next."""

    def __init__(self, order: LiveOrder, job: Job, outlet: LiveOutlet) -> None:
        self.number = order.number
        self._order, self._job, self._outlet = order, job, outlet
        self._flow = Flowing(order.max_fps, order.frame_skip)
        self._clock: ArrivalClock | MediaClock | None = None
        self._pace = Pace()
        self._shown = False

    def through(self, container: Any, stream: Any) -> None:
        """All pictures until the stream ends."""
        context, turn, angle = stream.codec_context, None, 0
        # decoding ahead in several threads holds as many pictures back, which a camera's viewer would notice
        context.thread_type = "SLICE" if self._order.is_live else "AUTO"
        context.thread_count = frames.THREADS
        clock, paced = self._clock_of(stream), _is_paced(self._order, container)
        for frame, is_whole in _decoded(container, stream):
            own = None if frame.pts is None or frame.time_base is None else float(frame.pts * frame.time_base)
            if paced and own is not None and self._order.is_live:
                self._pace.keep(own)
            seconds = clock.at(own)
            number, self.number = self.number, self.number + 1
            if seconds is None:
                # nobody is shown a thousand pictures a second
                continue
            is_due = is_whole and self._flow.takes(seconds)
            if number < self._order.shown_from:
                self._outlet.skipped(seconds)
                continue
            if paced and not self._order.is_live:
                self._pace.keep(seconds)
            if is_whole:
                self._outlet.alive(0, seconds)
            if not is_due:
                continue
            if turn is None or frame.rotation != angle:
                angle, turn = frame.rotation, frames.orientation(frame)
            self._show(frames.picture(frame, seconds, turn), number, stream)

    def _clock_of(self, stream: Any) -> ArrivalClock | MediaClock:
        if isinstance(self._clock, MediaClock):
            self._clock.begin_again()
        elif self._order.is_live:
            self._clock = ArrivalClock(self._order.began, self._order.from_seconds)
        else:
            rate = float(stream.average_rate or stream.guessed_rate or 25)
            self._clock = MediaClock(self._order.from_seconds, 1 / rate)
        return self._clock

    def _show(self, picture: Any, number: int, stream: Any) -> None:
        if picture.width * picture.height > self._job.limits.max_pixels:
            raise SourceFailed(f"its pictures have more than {self._job.limits.max_pixels:,} pixels")
        if not self._shown:
            codec = stream.codec_context.codec.canonical_name
            # pictures one after the other have no rate; libav says 25 of all of them
            rate = (
                None
                if codec == "mjpeg" and self._order.is_live
                else stream.average_rate or stream.guessed_rate
            )
            self._outlet.opened(picture.width, picture.height, float(rate) if rate else None, codec)
            self._shown = True
        if not self._outlet.fits(picture.width, picture.height):
            raise Resized(str(3 * picture.width * picture.height))
        if self._outlet.picture(picture, number, may_drop=self._order.may_drop) and (
            self._outlet.frames % _FRAMES_PER_COLLECTION == 0
        ):
            gc.collect()


def _is_paced(order: LiveOrder, container: Any) -> bool:
    """Whether pictures come faster than their time: files, and recordings that a web server hands out as files.

    A camera's are never held back: what it sent before we came would delay all that follows.
    """
    if order.kind == "file":
        return order.pace == "own"
    return order.kind == "http" and bool(container.duration)


def _decoded(container: Any, stream: Any) -> Iterator[tuple[Any, bool]]:
    """Every picture, and whether it is whole and predicted from whole ones. Raises SourceFailed after many errors."""
    wrong = errors = 0
    packets = container.demux(stream)
    while True:
        try:
            packet = next(packets, None)
            if packet is None:
                return
            for frame in packet.decode():
                errors = 0
                if frame.is_corrupt:
                    wrong = _MOST_WRONG
                elif wrong:
                    wrong = 0 if frame.key_frame else wrong - 1
                yield frame, not wrong and bool(frame.width and frame.height)
        except av.FFmpegError as error:
            if isinstance(error, MemoryError):
                raise
            if isinstance(error, av.ExitError | TimeoutError):
                raise SourceFailed("no picture came for too long") from None
            errors, wrong = errors + 1, _MOST_WRONG
            if errors > _MOST_ERRORS:
                raise SourceFailed("what it sends cannot be decoded") from None
            packets = container.demux(stream)
