"""Faces in the frames between two samples: not looked for, but cut out on the way from one sighting to the next.

Looking in every frame would cost five times as much, would number the tracks otherwise than without it, and its
jitter of a pixel or two would drown what is to be measured there.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from analysis.engine.media.faces import CROP_MARGIN, square
from analysis.engine.types import Box, FaceBatch, FaceCrop, Frame, Landmarks, Pixels, Reason

ROOM = 1.8  # times the face's longer side is kept until its next sighting: it may move by a quarter meanwhile
HELD_BYTES = 64 << 20


@dataclass(frozen=True)
class _Held:
    """A frame between, of which only what surrounds the last sightings is kept: its corner and its pixels."""

    pts_seconds: float
    size: tuple[int, int]
    cuts: Mapping[int, tuple[int, int, Pixels]]


@dataclass
class FacesBetween:
    """Turns dense frames into face batches of their own count, one behind each sample. Used by one thread."""

    _last: dict[int, FaceCrop] = field(default_factory=dict)
    _held: list[_Held] = field(default_factory=list)
    _held_bytes: int = 0
    _count: int = 0

    def take(self, frame: Frame, found: FaceBatch | None) -> FaceBatch | None:
        """The faces since the last sample, once the next is here; `found` are those of a sampled frame.

        A face is cut out only between two samples in which it was usable. Frames after the last sample, and
        those beyond HELD_BYTES of faces between two samples, are left out.
        """
        if found is None:
            self._hold(frame)
            return None
        now = {face.track: face for face in found.faces}
        batch = self._batch(frame, found, now)
        self._last, self._held, self._held_bytes = now, [], 0
        return batch if batch.sampled else None

    def _hold(self, frame: Frame) -> None:
        if frame.damaged or self._held_bytes > HELD_BYTES:
            return
        height, width = frame.rgb.shape[:2]
        cuts = {}
        for track, face in self._last.items():
            x, y, side = square(width, height, face.box, margin=ROOM)
            cuts[track] = (x, y, frame.rgb[y : y + side, x : x + side].copy())
        self._held.append(_Held(frame.pts_seconds, (width, height), cuts))
        self._held_bytes += sum(pixels.nbytes for _, _, pixels in cuts.values())

    def _batch(self, frame: Frame, found: FaceBatch, now: Mapping[int, FaceCrop]) -> FaceBatch:
        sampled, faces = [], []
        for held in self._held:
            sampled.append((self._count, held.pts_seconds))
            faces += self._on_the_way(held, now)
            self._count += 1
        refused: dict[int, Reason] = {}
        if frame.dense:
            sampled.append((self._count, frame.pts_seconds))
            faces += [replace(face, index=self._count) for face in found.faces]
            if frame.index in found.refused:
                refused[self._count] = found.refused[frame.index]
            self._count += 1
        return FaceBatch(tuple(sampled), tuple(faces), refused, finder=found.finder)

    def _on_the_way(self, held: _Held, now: Mapping[int, FaceCrop]) -> list[FaceCrop]:
        return [
            face
            for track in held.cuts
            if track in now and (face := _between(held, self._last[track], now[track], self._count))
        ]


def _between(held: _Held, before: FaceCrop, after: FaceCrop, index: int) -> FaceCrop | None:
    """The face of that moment, half-way where half of the time has passed; None when it left what was kept."""
    passed = after.pts_seconds - before.pts_seconds
    share = (held.pts_seconds - before.pts_seconds) / passed if passed > 0 else 0.0
    box = _mixed_box(before.box, after.box, share)
    (width, height), (left, top, pixels) = held.size, held.cuts[before.track]
    x, y, side = square(width, height, box, margin=CROP_MARGIN)
    rgb = pixels[max(y - top, 0) : y - top + side, max(x - left, 0) : x - left + side]
    if rgb.shape[:2] != (side, side):
        return None
    region = (x / width, y / height, (x + side) / width, (y + side) / height)
    marks = _mixed_marks(before.landmarks, after.landmarks, share)
    confidence = min(before.confidence, after.confidence)
    return FaceCrop(index, held.pts_seconds, before.track, box, confidence, rgb, marks, region)


def _mixed_box(one: Box, other: Box, share: float) -> Box:
    left, top, right, bottom = ((1 - share) * a + share * b for a, b in zip(one, other, strict=True))
    return left, top, right, bottom


def _mixed_marks(one: Landmarks | None, other: Landmarks | None, share: float) -> Landmarks | None:
    if one is None or other is None:
        return None
    right_eye, left_eye, nose, right_mouth, left_mouth = (
        ((1 - share) * a[0] + share * b[0], (1 - share) * a[1] + share * b[1])
        for a, b in zip(one, other, strict=True)
    )
    return right_eye, left_eye, nose, right_mouth, left_mouth
