"""The child's side of the pipes of a watched source: like a file's, but it never waits where pictures may be lost."""

from typing import TYPE_CHECKING

from analysis.engine.media import wire
from analysis.engine.media.outlet import Outlet

if TYPE_CHECKING:
    from analysis.engine.media.reading import Picture


class LiveOutlet(Outlet):
    """`dropped` counts the pictures for which no slot of the ring was free."""

    dropped = 0

    def opened(self, width: int, height: int, fps: float | None, codec: str) -> None:
        """The first picture is here; waits for a ring in which such a one has room."""
        self._tell(wire.Tag.OPENED, {"width": width, "height": height, "fps": fps, "codec": codec})
        self.await_ring()

    def picture(self, picture: "Picture", number: int, *, may_drop: bool) -> bool:
        """Draws it into the next free slot. Without one it is dropped, or waited for; nothing is converted before."""
        if self._ring is None:
            raise RuntimeError("a picture before the ring")
        if not self._free.acquire(blocking=not may_drop):
            self.dropped += 1
            return False
        slot = self.frames % self._ring.count
        picture.draw(self._ring.view(slot, picture.width, picture.height))
        said = (slot, self.frames, picture.width, picture.height, number, self.dropped, picture.seconds)
        self.frames += 1
        self._say(wire.Tag.PICTURE, wire.PICTURE.pack(*said))
        return True

    def skipped(self, seconds: float) -> None:
        """A sign of life before the first picture, while what was shown before is decoded once more."""
        super().alive(0, seconds)

    def alive(self, errors: int, seconds: float) -> None:
        """A sign of life, unless nobody takes what was said before: a pipe that fills would make the camera wait."""
        if self._free.acquire(blocking=False):
            self._free.release()
            super().alive(errors, seconds)
