"""Faces in the frames between two samples: not looked for, but cut out on the way from one sighting to the next.

Looking in every frame would cost five times as much, would number the tracks otherwise than without it, and its
jitter of a pixel or two would drown what is to be measured there. Large faces are kept smaller, so that a close-up
in 4K loses none of its frames; what uses them looks at far fewer pixels.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import cv2
import numpy as np

from analysis.engine.media.faces import CROP_MARGIN, square
from analysis.engine.types import Box, FaceBatch, FaceCrop, Frame, Landmarks, Pixels, Reason

ROOM = 1.8  # times the face's longer side is kept until its next sighting: it may move by a quarter meanwhile
KEPT_PX = 512  # the side of what is kept at most: a face of 284 px
HELD_BYTES = 64 << 20


@dataclass(frozen=True)
class _Cut:
    """What surrounds a sighting: its corner in the frame, and its pixels, `scale` of those of the frame."""

    left: int
    top: int
    scale: float
    rgb: Pixels


@dataclass(frozen=True)
class _Held:
    """A frame between, of which only what surrounds the last sightings is kept; None where there was no room."""

    pts_seconds: float
    size: tuple[int, int]
    cuts: Mapping[int, _Cut] | None


@dataclass
class FacesBetween:
    """Turns dense frames into face batches of their own count, one behind each sample. Used by one thread."""

    _last: dict[int, FaceCrop] = field(default_factory=dict)
    _held: list[_Held] = field(default_factory=list)
    _held_bytes: int = 0
    _count: int = 0

    def take(self, frame: Frame, found: FaceBatch | None) -> FaceBatch | None:
        """The faces since the last sample, once the next is here; `found` are those of a sampled frame.

        A face is cut out only between two samples in which it was usable. Frames after the last sample are left
        out; those beyond HELD_BYTES of faces between two samples are told, and refused.
        """
        if found is None:
            self._hold(frame)
            return None
        now = {face.track: face for face in found.faces}
        batch = self._batch(frame, found, now)
        self._last, self._held, self._held_bytes = now, [], 0
        return batch if batch.sampled else None

    def _hold(self, frame: Frame) -> None:
        if frame.damaged:
            return
        height, width = frame.rgb.shape[:2]
        cuts = None
        if self._held_bytes <= HELD_BYTES:
            cuts = {track: _cut(frame.rgb, face.box) for track, face in self._last.items()}
            self._held_bytes += sum(cut.rgb.nbytes for cut in cuts.values())
        self._held.append(_Held(frame.pts_seconds, (width, height), cuts))

    def _batch(self, frame: Frame, found: FaceBatch, now: Mapping[int, FaceCrop]) -> FaceBatch:
        sampled, faces = [], []
        refused: dict[int, Reason] = {}
        for held in self._held:
            sampled.append((self._count, held.pts_seconds))
            if held.cuts is None:
                refused[self._count] = Reason.OUTSIDE_DOMAIN
            else:
                faces += self._on_the_way(held, held.cuts, now)
            self._count += 1
        if frame.dense:
            sampled.append((self._count, frame.pts_seconds))
            faces += [_as_kept(replace(face, index=self._count), frame.rgb) for face in found.faces]
            if frame.index in found.refused:
                refused[self._count] = found.refused[frame.index]
            self._count += 1
        left_out = tuple(refused.items())
        return FaceBatch(tuple(sampled), tuple(faces), refused, left_out, finder=found.finder)

    def _on_the_way(
        self, held: _Held, cuts: Mapping[int, _Cut], now: Mapping[int, FaceCrop]
    ) -> list[FaceCrop]:
        return [
            face
            for track, cut in cuts.items()
            if track in now and (face := _between(held, cut, self._last[track], now[track], self._count))
        ]


def _cut(rgb: Pixels, box: Box) -> _Cut:
    x, y, side = square(rgb.shape[1], rgb.shape[0], box, margin=ROOM)
    # a copy, so that what is kept does not keep the whole frame
    return _Cut(x, y, _scale(side), _shrunk(rgb[y : y + side, x : x + side].copy(), _scale(side)))


def _scale(side: int) -> float:
    return min(1.0, KEPT_PX / side)


def _shrunk(rgb: Pixels, scale: float) -> Pixels:
    if scale >= 1:
        return rgb
    side = max(1, round(rgb.shape[0] * scale))
    return np.asarray(cv2.resize(rgb, (side, side), interpolation=cv2.INTER_AREA), np.uint8)


def _as_kept(face: FaceCrop, rgb: Pixels) -> FaceCrop:
    """A sighting as small as those between are: a change of sharpness at every sample would look like flicker."""
    _, _, side = square(rgb.shape[1], rgb.shape[0], face.box, margin=ROOM)
    return replace(face, rgb=_shrunk(face.rgb, _scale(side)))


def _between(held: _Held, cut: _Cut, before: FaceCrop, after: FaceCrop, index: int) -> FaceCrop | None:
    """The face of that moment, half-way where half of the time has passed; None when it left what was kept."""
    passed = after.pts_seconds - before.pts_seconds
    share = (held.pts_seconds - before.pts_seconds) / passed if passed > 0 else 0.0
    box = _mixed_box(before.box, after.box, share)
    width, height = held.size
    x, y, side = square(width, height, box, margin=CROP_MARGIN)
    left, top = round((x - cut.left) * cut.scale), round((y - cut.top) * cut.scale)
    kept = round(side * cut.scale)
    rgb = cut.rgb[max(top, 0) : top + kept, max(left, 0) : left + kept]
    if rgb.shape[:2] != (kept, kept):
        return None
    # where the pixels that were kept lie: a box rounded to others would jitter
    x1, y1 = cut.left + left / cut.scale, cut.top + top / cut.scale
    across = kept / cut.scale
    region = (x1 / width, y1 / height, (x1 + across) / width, (y1 + across) / height)
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
