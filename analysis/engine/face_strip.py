"""The faces of a run as one strip, made once for all detectors: a row per track, crops at evenly spaced times."""

from dataclasses import dataclass, field

from analysis.engine.media.tracks import MAX_GAP_SECONDS
from analysis.engine.plots import FACES_PER_TRACK, TRACKS, Span, Strip, StripFace, StripTrack
from analysis.engine.types import Box, EvidenceMade, FaceBatch, FaceCrop, Pixels

TILE = 64
KEPT_GAPS = 100
LABEL_WIDTH, LABEL_HEIGHT, MARGIN = 72, 14, 4


@dataclass(frozen=True)
class Kept:
    """A small copy of a crop: uint8 (64, 64, 3)."""

    pts_seconds: float
    box: Box
    tile: Pixels


@dataclass
class Row:
    """One track. Every `stride`-th of its faces is kept; when twice as many are kept as shown, every second goes."""

    begins_seconds: float
    ends_seconds: float
    last_index: int
    faces: int = 0
    stride: int = 1
    kept: list[Kept] = field(default_factory=list)
    gaps: list[Span] = field(default_factory=list)

    def add(self, face: FaceCrop) -> None:
        if face.index > self.last_index + 1 and len(self.gaps) < KEPT_GAPS:
            self.gaps.append(Span(self.ends_seconds, face.pts_seconds, "this face was not assessable"))
        if self.faces % self.stride == 0:
            self.kept.append(Kept(face.pts_seconds, face.box, _small(face.rgb)))
        self.faces += 1
        self.ends_seconds, self.last_index = face.pts_seconds, face.index
        if len(self.kept) > 2 * FACES_PER_TRACK:
            self.kept = self.kept[::2]
            self.stride *= 2

    def shown(self) -> list[Kept]:
        """At most 12 of the kept, evenly spaced by how many faces lie between them."""
        count = min(len(self.kept), FACES_PER_TRACK)
        return [self.kept[at * len(self.kept) // count] for at in range(count)]


@dataclass
class FaceStrip:
    """Collects the faces of sampled frames, in media-time order.

    Of the tracks that have ended only those that can still be shown are kept, so memory does not grow with the file.
    """

    rows: dict[int, Row] = field(default_factory=dict)
    dropped: int = 0

    def add(self, batch: FaceBatch) -> None:
        for face in batch.faces:
            row = self.rows.setdefault(face.track, Row(face.pts_seconds, face.pts_seconds, face.index))
            row.add(face)
        if batch.sampled:
            self._forget(batch.sampled[-1][1])

    def _forget(self, now_seconds: float) -> None:
        over = [t for t, row in self.rows.items() if now_seconds - row.ends_seconds > MAX_GAP_SECONDS]
        for track in sorted(over, key=self._rank)[TRACKS:]:
            del self.rows[track]
            self.dropped += 1

    def _rank(self, track: int) -> tuple[int, int]:
        return -self.rows[track].faces, track

    def evidence(self) -> EvidenceMade | None:
        """The strip as a picture and where in it each face lies; None where no face was usable."""
        if not self.rows:
            return None
        longest = sorted(self.rows, key=self._rank)[:TRACKS]
        tracks = sorted(longest)
        left_out = len(self.rows) - len(tracks) + self.dropped
        caption = (
            "The usable faces, one row for each, their crops evenly spaced over the frames that show them."
        )
        if left_out:
            caption += f" {left_out} more, seen for a shorter time, are left out."
        content, places = _sheet({track: self.rows[track] for track in tracks})
        plot = Strip([_described(track, self.rows[track], places) for track in tracks], left_out)
        # of the run, not of a detector
        return EvidenceMade("", "faces", "Faces over time", caption, "image/png", content, plot)


def _described(track: int, row: Row, places: dict[tuple[int, int], Box]) -> StripTrack:
    faces = [StripFace(kept.pts_seconds, kept.box, places[track, at]) for at, kept in enumerate(row.shown())]
    return StripTrack(track, row.begins_seconds, row.ends_seconds, row.faces, faces, row.gaps)


def _sheet(rows: dict[int, Row]) -> tuple[bytes, dict[tuple[int, int], Box]]:
    """A PNG with a row per track, and where in it (0–1) each crop lies, by track and number."""
    from PIL import Image, ImageDraw

    from analysis.engine.detectors.evidence import INK, PAPER, png

    step, high = TILE + MARGIN, TILE + LABEL_HEIGHT + MARGIN
    most = max(len(row.shown()) for row in rows.values())
    sheet = Image.new("RGB", (LABEL_WIDTH + most * step, len(rows) * high + MARGIN), PAPER)
    pen = ImageDraw.Draw(sheet)
    places: dict[tuple[int, int], Box] = {}
    for line, (track, row) in enumerate(rows.items()):
        top = MARGIN + line * high
        pen.text((MARGIN, top + TILE // 2 - 6), f"face {track}", fill=INK)
        for at, kept in enumerate(row.shown()):
            left = LABEL_WIDTH + at * step
            sheet.paste(Image.fromarray(kept.tile), (left, top))
            pen.text((left + 2, top + TILE), f"{kept.pts_seconds:.1f} s", fill=INK)
            wide, tall = sheet.size
            places[track, at] = (left / wide, top / tall, (left + TILE) / wide, (top + TILE) / tall)
    return png(sheet), places


def _small(rgb: Pixels) -> Pixels:
    import cv2
    import numpy as np

    return np.asarray(cv2.resize(rgb, (TILE, TILE), interpolation=cv2.INTER_AREA), np.uint8)
