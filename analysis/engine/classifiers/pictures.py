"""Classifiers over frames or face crops, and heads over the features of either.

Frames of one track (a face, or the picture as a whole) are scored one by one, or in windows over time. Features
are computed once per frame: with windows of w frames and a stride of s, computing them per window would take
about w / s times as many passes.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import fmean
from typing import Any, Protocol

import torch
from torch import Tensor

from analysis.engine.classifiers import heads
from analysis.engine.classifiers.description import Description, Head
from analysis.engine.classifiers.nets import Net, OnnxNet, Pictures, Reading, TransformersNet
from analysis.engine.detectors.base import Attention, Card, Detector
from analysis.engine.detectors.base import Piece as Scored
from analysis.engine.detectors.evidence import contact_sheet
from analysis.engine.detectors.explaining import rgb_of
from analysis.engine.detectors.face_session import MIN_TRACK_FRAMES, MIN_TRACK_SHARE
from analysis.engine.nets.rates.forward import Forward
from analysis.engine.types import (
    Assessment,
    Batch,
    Box,
    Coverage,
    EvidenceMade,
    FaceBatch,
    FrameBatch,
    NotAssessed,
    Pixels,
    Reason,
    ScorePoint,
    ScoresMeasured,
    Source,
    Verdict,
)

WHOLE = -1  # the track of the picture as a whole
HIGHEST_SHARE = 1 / 3
MIN_SIDE = 32  # px; a smaller picture is made up of interpolation by the time a model sees it
SHOWN = 6
SHOWN_SIDE = 320
# A track that was not seen for so long is over: what it would take to go on is let go.
KEPT_TRACKS = 64


@dataclass(frozen=True)
class Piece:
    """A picture to be judged: a frame, or a face in one."""

    pts_seconds: float
    track: int
    rgb: Pixels
    box: Box | None = None

    @property
    def track_said(self) -> int | None:
        return None if self.track == WHOLE else self.track


class Judge(Protocol):
    """Scores pieces in order; may hold some back until more of their track have come."""

    def take(self, pieces: Sequence[Piece]) -> list[tuple[Piece, float]]: ...

    def facts(self) -> dict[str, Any]: ...


class Judged(Protocol):
    """Whose session it is."""

    @property
    def card(self) -> Card: ...

    @property
    def batch(self) -> int: ...

    @property
    def head(self) -> Head | None: ...


def made(card: Card, folder: Path, description: Description, device: str) -> Detector:
    """The detector, loaded. Raises UnverifiedWeights."""
    return PictureClassifier(card, folder, description, description.device or device)


class PictureClassifier:
    """The loaded model; shared by the runs of a worker."""

    def __init__(self, card: Card, folder: Path, description: Description, device: str) -> None:
        self.card = card
        self.forwards: tuple[Forward, ...] = ()
        self.batch = description.batch
        self.head = description.head
        self._prepare = Pictures(folder, description.preprocessing)
        if description.head is not None:
            self._backbone = TransformersNet(folder, description.precision, device, "")
            self.over = heads.load(description.head, folder / "head.safetensors")
            heads.refuse_mismatch(self.features([_grey(64)]), description.head)
            self._run_fastest(self._backbone, description, self.judged_alone)
            return
        net = (
            OnnxNet(folder)
            if "model.onnx" in description.files
            else TransformersNet(folder, description.precision, device, "ImageClassification")
        )
        self._net: Net = net
        self._reading = Reading(net.config, description.manipulated)
        if isinstance(net, TransformersNet):
            self._run_fastest(net, description, lambda logits: torch.tensor(self._reading.scores(logits)))

    def _run_fastest(
        self, net: TransformersNet, description: Description, read: Callable[[Tensor], Tensor]
    ) -> None:
        square, wide = (self._prepare([_grey(width)]) for width in (64, 96))
        # a model whose pictures keep their shape is run as it is: no trace and no measurement holds for all of them
        if {name: one.shape for name, one in square.items()} == {
            name: one.shape for name, one in wide.items()
        }:
            net.run_fastest(description, square, read)
            self.forwards = net.forwards

    def open(self, source: Source) -> "PictureSession":
        return PictureSession(
            self, Windows(self) if self.head and self.head.kind != "linear" else Single(self)
        )

    def score(self, pictures: Sequence[Pixels]) -> list[float]:
        """One score each, 1 = manipulated."""
        if self.head is not None:
            return self.judged(self.features(pictures))
        return self._reading.scores(self._net.logits(self._prepare(pictures)))

    def explain(self, piece: Scored) -> Attention:
        """Of one frame or face. Raises TypeError for ONNX Runtime, which gives no gradients, and heads over time."""
        inputs = self._prepare([rgb_of(piece)])
        if self.head is not None and self.head.kind == "linear":
            values, method = self._backbone.looked(inputs, self.over)
        elif self.head is None and isinstance(self._net, TransformersNet):
            values, method = self._net.looked(inputs, self._reading.odds)
        else:
            raise TypeError("this model gives no gradients for one picture")
        return Attention(values, _as_seen(inputs["pixel_values"][0]), method)

    def features(self, pictures: Sequence[Pixels]) -> Tensor:
        """float32 (n, features)."""
        return self._backbone.features(self._prepare(pictures))

    def judged(self, features: Tensor) -> list[float]:
        """What the head says: (n, features), or (n, window, features) over time."""
        return heads.scores(self.over, features)

    def judged_alone(self, features: Tensor) -> Tensor:
        """Scores of (n, features), each as if it filled its window: what a head makes of a small difference."""
        if self.head is not None and self.head.kind != "linear":
            features = features[:, None].expand(-1, self.head.window, -1)
        with torch.inference_mode():
            return torch.sigmoid(self.over(features.cpu()))


class Single:
    """Every piece by itself."""

    def __init__(self, detector: PictureClassifier) -> None:
        self._detector = detector

    def take(self, pieces: Sequence[Piece]) -> list[tuple[Piece, float]]:
        return list(zip(pieces, self._detector.score([piece.rgb for piece in pieces]), strict=True))

    def facts(self) -> dict[str, Any]:
        return {}


class Windows:
    """Windows over the pieces of each track; a window's score stands at its last piece."""

    def __init__(self, detector: PictureClassifier) -> None:
        assert detector.head is not None  # noqa: S101  # it is opened for heads alone
        self._detector, self._head = detector, detector.head
        self._kept: dict[int, list[Tensor]] = {}
        self._seen: Counter[int] = Counter()
        self._passes = self._windows = 0

    def take(self, pieces: Sequence[Piece]) -> list[tuple[Piece, float]]:
        features = self._detector.features([piece.rgb for piece in pieces])
        self._passes += len(pieces)
        ends = [
            (piece, window)
            for piece, row in zip(pieces, features, strict=True)
            if (window := self._window(piece.track, row)) is not None
        ]
        self._windows += len(ends)
        scores = self._detector.judged(torch.stack([window for _, window in ends])) if ends else []
        return [(piece, score) for (piece, _), score in zip(ends, scores, strict=True)]

    def _window(self, track: int, row: Tensor) -> Tensor | None:
        kept = self._kept.pop(track, [])
        self._kept[track] = kept = [*kept, row][-self._head.window :]
        while len(self._kept) > KEPT_TRACKS:
            self._kept.pop(next(iter(self._kept)))
        self._seen[track] += 1
        over = self._seen[track] - self._head.window
        return torch.stack(kept) if len(kept) == self._head.window and over % self._head.stride == 0 else None

    def facts(self) -> dict[str, Any]:
        return {
            "backbone_passes": self._passes,
            "passes_if_each_window_computed_its_own": self._windows * self._head.window,
            "window_frames": self._head.window,
        }


@dataclass
class PictureSession:
    """The scores of one run, by track."""

    detector: Judged
    judge: Judge
    sampled: int = 0
    scored_frames: set[float] = field(default_factory=set)
    tracks: dict[int, list[float]] = field(default_factory=lambda: defaultdict(list))
    refusals: Counter[Reason] = field(default_factory=Counter)
    left_out: Counter[Reason] = field(default_factory=Counter)
    shown: list[tuple[float, float, Pixels]] = field(default_factory=list)

    def feed(self, batch: Batch) -> Iterator[ScoresMeasured]:
        if isinstance(batch, FrameBatch):
            self.sampled += len(batch.frames)
            pieces = [Piece(frame.pts_seconds, WHOLE, frame.rgb) for frame in batch.frames]
        elif isinstance(batch, FaceBatch):
            self.sampled += len(batch.sampled)
            self.left_out.update(reason for _, reason in set(batch.left_out))
            pieces = [Piece(face.pts_seconds, face.track, face.rgb, face.box) for face in batch.faces]
            yield from self._gaps(batch)
        else:
            return
        small = [piece for piece in pieces if min(piece.rgb.shape[:2]) < MIN_SIDE]
        if small:
            yield self._too_small(small)
        pieces = [piece for piece in pieces if min(piece.rgb.shape[:2]) >= MIN_SIDE]
        for at in range(0, len(pieces), self.detector.batch):
            yield self._scored(pieces[at : at + self.detector.batch])

    def _too_small(self, pieces: Sequence[Piece]) -> ScoresMeasured:
        self.refusals[Reason.OUTSIDE_DOMAIN] += len(pieces)
        points = (
            ScorePoint(one.pts_seconds, None, track=one.track_said, reason=Reason.OUTSIDE_DOMAIN, box=one.box)
            for one in pieces
        )
        return ScoresMeasured(self.detector.card.name, tuple(points))

    def _scored(self, pieces: Sequence[Piece]) -> ScoresMeasured:
        points = []
        for piece, score in self.judge.take(pieces):
            self.tracks[piece.track].append(score)
            self.scored_frames.add(piece.pts_seconds)
            self._show(piece, score)
            points.append(ScorePoint(piece.pts_seconds, score, track=piece.track_said, box=piece.box))
        return ScoresMeasured(self.detector.card.name, tuple(points))

    def _show(self, piece: Piece, score: float) -> None:
        if len(self.shown) < SHOWN or score > self.shown[-1][0]:
            self.shown.append((score, piece.pts_seconds, _small(piece.rgb)))
            self.shown = sorted(self.shown, key=lambda one: -one[0])[:SHOWN]

    def _gaps(self, batch: FaceBatch) -> Iterator[ScoresMeasured]:
        seen = {face.index for face in batch.faces}
        gaps = [
            ScorePoint(pts, None, reason=batch.refused.get(index, Reason.NO_FACE))
            for index, pts in batch.sampled
            if index not in seen
        ]
        self.refusals.update(gap.reason for gap in gaps if gap.reason)
        if gaps:
            yield ScoresMeasured(self.detector.card.name, tuple(gaps))

    def drain(self) -> Iterable[ScoresMeasured]:
        return ()

    def finish(self) -> Assessment:
        if not self.tracks:
            return self._abstain()
        track, score = concluded(self.tracks, self.sampled)
        own = len(self.tracks[track])
        coverage = Coverage(
            len(self.scored_frames),
            self.sampled,
            "frames",
            decisive=own if own < len(self.scored_frames) else None,
            left_out=tuple(sorted(self.left_out.items())),
        )
        return Verdict(score, coverage, facts=self._facts(track))

    def _facts(self, track: int) -> dict[str, Any]:
        scores = self.tracks[track]
        return {
            "mean_of_all_frames": round(fmean(scores), 6),
            "tracks": len(self.tracks),
            "verdict_of_track": None if track == WHOLE else track,
        } | self.judge.facts()

    def _abstain(self) -> NotAssessed:
        needed = self.detector.head.window if self.detector.head else 1
        if self.refusals and sum(self.refusals.values()) >= self.sampled:
            seen = [reason for reason in self.refusals if reason is not Reason.NO_FACE]
            reason = max(seen, key=lambda one: self.refusals[one]) if seen else Reason.NO_FACE
            if reason is Reason.OUTSIDE_DOMAIN:
                return NotAssessed(reason, f"the pictures are under {MIN_SIDE} px on a side")
            return NotAssessed(reason, f"no usable face in {self.sampled} sampled frames")
        return NotAssessed(
            Reason.TOO_SHORT, f"{self.sampled} frames were sampled; windows of {needed} are judged"
        )

    def evidence(self) -> Iterable[EvidenceMade]:
        if not self.shown:
            return []
        tiles = [(rgb, f"{pts:.2f} s   {score:.3f}") for score, pts, rgb in self.shown]
        caption = "The pictures with the highest detector scores (1 = manipulated), each with its media time and score."
        sheet = contact_sheet(tiles, tile_side=160)
        return [
            EvidenceMade(self.detector.card.name, "highest", "Highest scoring", caption, "image/png", sheet)
        ]


def concluded(tracks: Mapping[int, Sequence[float]], sampled: int) -> tuple[int, float]:
    """The track that decides, and its score, which is that of the file."""
    lasted = lasting({track: len(scores) for track, scores in tracks.items()}, sampled)
    return max(((track, highest(tracks[track])) for track in lasted), key=lambda one: one[1])


def lasting(lengths: Mapping[int, int], sampled: int) -> list[int]:
    """The tracks seen often enough, as FaceSession has it: one stray box must not be the verdict."""
    longest = max(lengths.values())
    enough = max(MIN_TRACK_FRAMES, MIN_TRACK_SHARE * sampled)
    enough = enough if longest >= enough else longest / 2
    return [track for track, length in lengths.items() if length >= enough]


def highest(scores: Sequence[float]) -> float:
    """The mean of the highest third, so that a passage in a long recording is not averaged away."""
    return fmean(deciding(scores))


def deciding(values: Sequence[float]) -> list[float]:
    """The highest third, and at least one."""
    return sorted(values, reverse=True)[: max(1, round(len(values) * HIGHEST_SHARE))]


def _small(rgb: Pixels) -> Pixels:
    import cv2

    scale = SHOWN_SIDE / max(rgb.shape[:2])
    if scale >= 1:
        return rgb
    size = (max(1, round(rgb.shape[1] * scale)), max(1, round(rgb.shape[0] * scale)))
    return cv2.resize(rgb, size, interpolation=cv2.INTER_AREA)  # type: ignore[return-value]  # uint8 in, uint8 out


def _as_seen(pixel_values: Tensor) -> Pixels:
    """What the model was given, (3, height, width), as a picture: cut and scaled as it saw it."""
    low, high = float(pixel_values.min()), float(pixel_values.max())
    unit = (pixel_values.float() - low) / max(high - low, 1e-6)
    return (unit * 255).round().to(torch.uint8).permute(1, 2, 0).contiguous().numpy()


def _grey(width: int) -> Pixels:
    import numpy as np

    return np.full((64, width, 3), 128, np.uint8)
