"""Pictures of a video stream, at their own timestamps and upright."""

import os
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np
from av.container import InputContainer
from av.video.frame import VideoFrame

from analysis.engine.media.orientation import UPRIGHT, Orientation, from_display_matrix
from analysis.engine.media.packets import FIRST_DTS, Fed, decoded
from analysis.engine.media.reading import Ledger, Picture

if TYPE_CHECKING:
    from analysis.engine.types import Pixels

_FIRST_PICTURE_PACKETS = 300
# A second decoding thread costs 5–25 % more CPU in all (measured on 720p and 1080p H.264), and inference wants
# the cores at the same time: half of them, four at most.
THREADS = max(1, min(4, (os.cpu_count() or 1) // 2))


def pictures(
    container: InputContainer, stream: Any, origin_seconds: float, ledger: Ledger
) -> Iterator[Picture]:
    """Every picture at pts × time base since the origin.

    A picture without a timestamp, or with one that is not later than the one before, gets the time
    of that plus one frame; the wrong ones are counted, apart from damage: recordings joined end to end
    decode without a fault. A picture is damaged when its decoder says so, and so are those up to the next
    key picture after a damaged or lost one, because they are predicted from it: after it in the order of
    decoding, which is not that of the pictures where some are predicted from later ones.
    """
    stream.codec_context.thread_type = "AUTO"
    stream.codec_context.thread_count = THREADS
    step = 1 / float(stream.average_rate or stream.guessed_rate or 25)
    last, angle = -step, 0
    turn: Orientation | None = None
    fed = Fed(THREADS)
    damage = _Damage(fed)
    for frame in decoded(container, stream, origin_seconds, ledger, fed):
        seconds = last + step if frame.pts is None else float(frame.pts * frame.time_base) - origin_seconds
        if seconds <= last:
            ledger.timestamps_repaired += 1
            seconds = last + step
        if frame.is_corrupt:
            ledger.trouble(seconds, "a damaged picture")
        last = seconds
        # the side data of a frame keep it alive until the garbage collector comes by: looked at for a new turn only
        if turn is None or frame.rotation != angle:
            angle, turn = frame.rotation, orientation(frame)
        yield picture(frame, max(seconds, 0.0), turn, damaged=damage.reaches(frame))


class _Damage:
    """How far the damage of the newest lost or damaged picture reaches."""

    def __init__(self, fed: Fed) -> None:
        self._fed = fed
        self._since: int | None = None
        self._counted: int | None = None

    def reaches(self, frame: VideoFrame) -> bool:
        """Asked for every frame, as it comes out."""
        if self._fed.lost != self._counted:
            self._since = self._counted = self._fed.lost
        dts = self._fed.dts_of(frame)
        if frame.is_corrupt:
            self._since = FIRST_DTS if dts is None else dts
            return True
        if self._since is None or (dts is not None and dts < self._since):
            return False
        if frame.key_frame:
            self._since = None
        return not frame.key_frame


def first(container: InputContainer, stream: Any) -> VideoFrame | None:
    """The first picture that can be decoded among the first packets."""
    ledger = Ledger()
    for packets, frame in enumerate(decoded(container, stream, 0.0, ledger)):
        if frame.width and frame.height:
            return frame
        if packets > _FIRST_PICTURE_PACKETS:
            break
    return None


def orientation(frame: VideoFrame) -> Orientation:
    """How the frame is to be turned."""
    matrix: Any = frame.side_data.get("DISPLAYMATRIX")
    return from_display_matrix(bytes(matrix)) if matrix is not None else UPRIGHT


def picture(
    frame: VideoFrame,
    seconds: float,
    turn: Orientation,
    size: tuple[int, int] | None = None,
    *,
    damaged: bool = False,
) -> Picture:
    """The frame as a picture; `size` is that of the upright one, the frame's own when None."""
    width, height = size or turn.size(frame.width, frame.height)
    coded = turn.size(width, height)

    def draw(into: "Pixels") -> None:
        np.copyto(into, turn.apply(_rgb(frame, *coded)))

    def shrunk(w: int, h: int) -> Picture:
        return picture(frame, seconds, turn, (w, h), damaged=damaged)

    return Picture(seconds, width, height, draw, shrunk, damaged)


def _rgb(frame: VideoFrame, width: int, height: int) -> "Pixels":
    """The frame's pixels as (height, width, 3), a view of the converted planes."""
    converted = frame.reformat(width=width, height=height, format="rgb24", threads=1)
    plane: Any = converted.planes[0]
    flat: Pixels = np.frombuffer(plane, dtype=np.uint8)
    return np.lib.stride_tricks.as_strided(flat, (height, width, 3), (plane.line_size, 3, 1), writeable=False)
