"""What detectors of faces have in common: a score per face, and the verdict of the face that lasted.

Scores are averaged per face track, and the verdict is the highest of the tracks that were seen often enough: one
altered face among several must not be averaged away. Frames without a usable face are gaps.
"""

from abc import ABC, abstractmethod
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

from analysis.engine.detectors.base import Card
from analysis.engine.types import (
    Assessment,
    Batch,
    Coverage,
    EvidenceMade,
    FaceBatch,
    FaceCrop,
    NotAssessed,
    Reason,
    ScorePoint,
    ScoresMeasured,
    Verdict,
)

MIN_TRACK_FRAMES = 3
MIN_TRACK_SHARE = 0.1
SHOWN_FACES = 6
FACES_AT_ONCE = (
    16  # a crowd of 128 faces in one forward took 7 s and 830 MB, and nobody could stop it meanwhile
)


@dataclass
class Track:
    """The scores of one face over time, summed up: a recording of hours must not be kept."""

    frames: int = 0
    total: float = 0.0

    @property
    def mean(self) -> float:
        return self.total / self.frames

    def add(self, score: float) -> None:
        self.frames += 1
        self.total += score


@dataclass(frozen=True)
class Shown:
    """A face whose score was among the highest."""

    score: float
    crop: FaceCrop


def measured_batch(detector: object) -> int | None:
    """How many faces at once its nets are fastest with here; None where that was not measured."""
    batches = [forward.batch for forward in getattr(detector, "forwards", ())]
    return max((batch for batch in batches if batch), default=None)


@dataclass
class FaceSession(ABC):
    """Scores of one run, per face track.

    batch: how many faces the net is given at once where that was measured; they wait until so many have come.
    None: the faces of each batch that is fed, as they come.
    """

    words: ClassVar[dict[Reason, str]] = {
        Reason.NO_FACE: "no face was found",
        Reason.FACE_TOO_SMALL: "the faces are too small",
        Reason.FACE_TOO_BLURRED: "the faces are too blurred",
        Reason.DECODE_ERROR: "pictures are damaged",
    }
    card: Card
    sample_fps: float | None = None
    batch: int | None = None
    finder: tuple[str, str] | None = None
    sampled: int = 0
    scored: int = 0
    tracks: dict[int, Track] = field(default_factory=lambda: defaultdict(Track))
    refusals: Counter[Reason] = field(default_factory=Counter)
    left_out: Counter[Reason] = field(default_factory=Counter)
    shown: list[Shown] = field(default_factory=list)
    waiting: list[FaceCrop] = field(default_factory=list)

    @abstractmethod
    def scores_of(self, faces: Sequence[FaceCrop]) -> list[float]:
        """One score in 0..1 for each face, of at most `batch` or FACES_AT_ONCE; 1 means manipulated."""

    @abstractmethod
    def evidence(self) -> Iterable[EvidenceMade]: ...

    def feed(self, batch: Batch) -> Iterator[ScoresMeasured]:
        if not isinstance(batch, FaceBatch):
            return
        self.sampled += len(batch.sampled)
        self._count(batch)
        self.waiting += batch.faces
        *parts, last = self._due() or [()]
        for part in parts:
            yield ScoresMeasured(self.card.name, self._scored(part))
        yield ScoresMeasured(self.card.name, self._scored(last) + self._gaps(batch))

    def _due(self) -> list[Sequence[FaceCrop]]:
        """Takes from those waiting what makes whole batches, or everything where there is no such size."""
        size = self.batch or FACES_AT_ONCE
        due = len(self.waiting) // size * size if self.batch else len(self.waiting)
        taken, self.waiting = self.waiting[:due], self.waiting[due:]
        return [taken[at : at + size] for at in range(0, due, size)]

    def _count(self, batch: FaceBatch) -> None:
        self.finder = batch.finder or self.finder
        self.scored += len({face.index for face in batch.faces})
        self.left_out.update(reason for _, reason in set(batch.left_out))

    def _scored(self, faces: Sequence[FaceCrop]) -> tuple[ScorePoint, ...]:
        scores = self.scores_of(faces) if faces else []
        for face, score in zip(faces, scores, strict=True):
            self.tracks[face.track].add(score)
            self.shown.append(Shown(score, face))
        self.shown = sorted(self.shown, key=lambda shown: -shown.score)[:SHOWN_FACES]
        return tuple(
            ScorePoint(face.pts_seconds, score, track=face.track, box=face.box)
            for face, score in zip(faces, scores, strict=True)
        )

    def _gaps(self, batch: FaceBatch) -> tuple[ScorePoint, ...]:
        seen = {face.index for face in batch.faces}
        gaps = []
        for index, pts_seconds in batch.sampled:
            if index not in seen:
                reason = batch.refused.get(index, Reason.NO_FACE)
                self.refusals[reason] += 1
                gaps.append(ScorePoint(pts_seconds, None, reason=reason))
        return tuple(gaps)

    def drain(self) -> Iterator[ScoresMeasured]:
        rest, self.waiting = self.waiting, []
        if rest:
            yield ScoresMeasured(self.card.name, self._scored(rest))

    def finish(self) -> Assessment:
        if not self.scored:
            return self._abstain()
        best_track, score = max(self._lasting_tracks().items(), key=lambda item: item[1])
        return Verdict(score, self._coverage(best_track), facts=self.facts(best_track))

    def _lasting_tracks(self) -> dict[int, float]:
        """Mean score of each track that was seen often enough: in three frames and a tenth of all.

        Where none was (pictures, short clips, many cuts), of those at least half as long as the longest.
        """
        longest = max(track.frames for track in self.tracks.values())
        enough = max(MIN_TRACK_FRAMES, MIN_TRACK_SHARE * self.sampled)
        enough = enough if longest >= enough else longest / 2
        return {number: track.mean for number, track in self.tracks.items() if track.frames >= enough}

    def _coverage(self, best_track: int) -> Coverage:
        own = self.tracks[best_track].frames
        return Coverage(
            self.scored,
            self.sampled,
            "frames",
            decisive=own if own < self.scored else None,
            left_out=tuple(sorted(self.left_out.items())),
        )

    def facts(self, best_track: int) -> dict[str, Any]:
        tracks = [
            {"track": number, "frames": track.frames, "mean_score": round(track.mean, 6)}
            for number, track in sorted(self.tracks.items())
        ]
        return {
            "tracks": tracks[:100],
            "verdict_of_track": best_track,
            "face_finder": dict(zip(("name", "weights_sha256"), self.finder, strict=True))
            if self.finder
            else None,
            "sample_fps": self.sample_fps,
            "verdict_frames": self.tracks[best_track].frames,
            "frames_with_faces_left_out": {reason.value: count for reason, count in self.left_out.items()},
        }

    def _abstain(self) -> NotAssessed:
        # a face that was seen but refused says more than the frames where there was none
        seen = {reason: count for reason, count in self.refusals.items() if reason is not Reason.NO_FACE}
        reason: Reason = max(seen, key=seen.__getitem__) if seen else Reason.NO_FACE
        return NotAssessed(reason, f"{self.words[reason]} in {self.sampled} sampled frames")
