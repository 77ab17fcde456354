"""The child's side of the pipes: what it says, and the ring it draws frames into."""

import os
import queue
import sys
import threading
import time
from collections.abc import Mapping
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from analysis.engine.media import wire
from analysis.engine.media.job import Job, read_exactly
from analysis.engine.media.limits import Summary
from analysis.engine.media.ring import Slots
from analysis.engine.types import Probe

if TYPE_CHECKING:
    from analysis.engine.media.reading import Picture
    from analysis.engine.types import Samples

ALIVE_SECONDS = 1.0


class Outlet:
    """Everything the child tells its parent. Blocks when the parent does not take."""

    def __init__(self, job: Job) -> None:
        self.frames = 0
        self._job = job
        self._measures: queue.SimpleQueue[tuple[int, int]] = queue.SimpleQueue()
        self._free = threading.Semaphore(0)
        self._ring: Slots | None = None
        self._spoke = time.monotonic()

    def listen(self) -> None:
        """Starts to take orders. When the parent is gone, so is this process, whatever it was doing."""
        threading.Thread(target=self._take_orders, daemon=True).start()

    def await_ring(self) -> None:
        """Waits for the parent to size the ring, and maps it."""
        slots, slot_bytes = self._measures.get()
        self._ring = Slots(self._job.ring, slots, slot_bytes, writable=True)
        self._free.release(slots)

    def probed(self, probe: Probe) -> None:
        self._tell(wire.Tag.PROBED, asdict(probe))

    def facts(self, facts: Mapping[str, Any]) -> None:
        self._tell(wire.Tag.FACTS, facts)

    def ended(self, summary: Summary) -> None:
        self._tell(wire.Tag.ENDED, asdict(summary))

    def failed(self, code: str, message: str) -> None:
        self._tell(wire.Tag.FAILED, {"code": code, "message": message[:1000]})

    def fits(self, width: int, height: int) -> bool:
        """Whether a frame of that size has room in a slot."""
        return self._ring is not None and width * height * 3 <= self._ring.slot_bytes

    def frame(self, picture: "Picture") -> None:
        """Draws the picture into the next free slot, waiting for one, and says so."""
        if self._ring is None:
            raise RuntimeError("a frame before the ring")
        self._free.acquire()
        slot = self.frames % self._ring.count
        picture.draw(self._ring.view(slot, picture.width, picture.height))
        marks = (picture.damaged, picture.sampled, picture.dense, picture.footage)
        size = (picture.width, picture.height)
        said = (slot, self.frames, picture.number, *size, picture.seconds, *marks)
        self.frames += 1
        self._say(wire.Tag.FRAME, wire.FRAME.pack(*said))

    def sound(self, samples: "Samples") -> None:
        """At most wire.SOUND_BLOCK_SAMPLES of them."""
        self._say(wire.Tag.SOUND, samples.astype("<f4", copy=False).tobytes())

    def alive(self, errors: int, seconds: float) -> None:
        """A sign of life once a second, for stretches in which nothing is delivered."""
        if time.monotonic() - self._spoke >= ALIVE_SECONDS:
            self._say(wire.Tag.ALIVE, wire.ALIVE.pack(errors, seconds))

    def _tell(self, tag: wire.Tag, said: Mapping[str, Any]) -> None:
        # Libraries put the path into their errors, and people who send files must not learn where they lie.
        path, name = (wire.dump({"": text})[5:-2] for text in (self._job.path, "the file"))
        self._say(tag, wire.dump(said).replace(path, name))

    def _say(self, tag: wire.Tag, payload: bytes) -> None:
        content = memoryview(wire.MESSAGE.pack(tag, len(payload)) + payload)
        while content:
            content = content[os.write(self._job.out, content) :]
        self._spoke = time.monotonic()

    def _take_orders(self) -> None:
        while len(said := read_exactly(sys.stdin.fileno(), wire.ORDER.size)) == wire.ORDER.size:
            order, small, large = wire.ORDER.unpack(said)
            if order == wire.Order.RING:
                self._measures.put((small, large))
            else:
                self._free.release()
        os._exit(0)
