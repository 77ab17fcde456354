"""Meso-4 and MesoInception-4 over the faces of a picture or video, after Afchar et al. (2018).

The published nets (analysis/engine/nets/mesonet.py) score each face crop; like the paper's section IV.C we
average per video, but per face track, and the verdict is the highest of the tracks that were seen often
enough: one swapped face among several must not be averaged away. Ours differs: frames without a usable
face are left out instead of scored, and the score is 1 - sigmoid, so that 1 means manipulated.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import fmean
from typing import TYPE_CHECKING, Any

import numpy as np

from analysis.engine.catalogue import CATALOGUE
from analysis.engine.detectors.base import Card, Detector
from analysis.engine.detectors.evidence import contact_sheet
from analysis.engine.types import (
    Assessment,
    Batch,
    Consumes,
    Coverage,
    EvidenceMade,
    FaceBatch,
    FaceCrop,
    MediaKind,
    NotAssessed,
    Reason,
    ScorePoint,
    ScoresMeasured,
    Source,
    Verdict,
)
from analysis.engine.weights import WeightStore

if TYPE_CHECKING:
    from torch import Tensor

    from analysis.engine.nets.mesonet import MesoNet

MIN_TRACK_FRAMES = 3
MIN_TRACK_SHARE = 0.1
SHOWN_FACES = 6
FACES_AT_ONCE = (
    16  # a crowd of 128 faces in one forward took 7 s and 830 MB, and nobody could stop it meanwhile
)
TITLES = {
    "meso4": "Meso-4 (DeepFakes)",
    "meso4-f2f": "Meso-4 (Face2Face)",
    "mesoinception4": "MesoInception-4 (DeepFakes)",
    "mesoinception4-f2f": "MesoInception-4 (Face2Face)",
}
PUBLISHED = (
    "Published: more than 98 % of DeepFakes and 95 % of Face2Face videos told right, on the authors' own test sets, "
    "averaged per video."
)
# manage.py evaluate; docs/detectors.md says on what
MEASURED = {
    "meso4": "Own first look, 7 manipulated and 19 genuine files (N = 26): AUC 0.77, 95 % interval 0.50 to 0.97; "
    "4 genuine ones scored 0.5 or more.",
    "mesoinception4": "Own first look, 7 manipulated and 19 genuine files (N = 26): AUC 0.78, 95 % interval 0.53 to "
    "0.97; 3 genuine ones scored 0.5 or more.",
}
WEIGHTS = {
    "meso4": "meso4-df",
    "meso4-f2f": "meso4-f2f",
    "mesoinception4": "mesoinception4-df",
    "mesoinception4-f2f": "mesoinception4-f2f",
}


def cards() -> list[Card]:
    """The four cards: two architectures, each with the DeepFakes and the Face2Face weights."""
    return [_card(name) for name in TITLES]


def _card(name: str) -> Card:
    published = CATALOGUE[WEIGHTS[name]]
    trained_on = "Face2Face" if name.endswith("f2f") else "early DeepFakes (2018)"
    return Card(
        name=name,
        title=TITLES[name],
        version="1.0",
        family="mesonet",
        subject="face",
        consumes=Consumes.FACES,
        kinds=frozenset({MediaKind.VIDEO, MediaKind.IMAGE}),
        unit="frames",
        looks_at=f"Mesoscopic texture of each face, as learnt from {trained_on} at 256 x 256 pixels.",
        cannot_see="Faces under the size and sharpness gate, wholly generated pictures, newer face swaps, "
        "edits outside the face, manipulated sound.",
        paper=published.paper,
        licence=published.licence,
        accuracy=f"{PUBLISHED} {MEASURED.get(name, 'No own measurement.')} No calibration yet.",
        preprocessing="Square face crop, RGB / 255, 256 x 256 bilinear.",
        weights=published.file,
        weights_sha256=published.sha256,
        links=("https://arxiv.org/abs/1809.00888",),
        by_default=not name.endswith("f2f"),
    )


def make(name: str, weights: WeightStore, device: str) -> Detector:
    """One of the four detectors, loaded; raises UnverifiedWeights when its file is missing or another."""
    return Meso(_card(name), weights.path(WEIGHTS[name]), device)


class Meso:
    """One of the four nets, loaded; shared by the runs of a worker."""

    def __init__(self, card: Card, path: Path, device: str) -> None:
        import torch

        from analysis.engine.nets import mesonet, precision

        precision.keep_full(device)
        build = mesonet.mesoinception4 if card.name.startswith("mesoinception4") else mesonet.meso4
        self.card = card
        self.device = device
        # channels last halves Meso-4's time and quarters MesoInception's on CPUs; tracing gained nothing
        net = mesonet.load_keras(build(), path).to(device)
        self.net: MesoNet = net.to(memory_format=torch.channels_last)  # type: ignore[call-overload]  # stubs lack it

    def open(self, source: Source) -> "MesoSession":
        return MesoSession(self, source.sample_fps)

    def score(self, crops: list[np.ndarray]) -> list[float]:
        """1 - sigmoid of each uint8 RGB crop of any size; 1 means manipulated."""
        import torch

        with torch.inference_mode():
            genuine = torch.sigmoid(self.net(_to_tensor(crops).to(self.device)))
        return [float(1 - value) for value in genuine]


def _to_tensor(crops: list[np.ndarray]) -> "Tensor":
    import cv2
    import torch

    from analysis.engine.nets.mesonet import FACE_SIDE

    # per-crop resizing, not a torch batch: crops differ in size, and the published chain resizes uint8
    faces = np.stack(
        [cv2.resize(crop, (FACE_SIDE, FACE_SIDE), interpolation=cv2.INTER_LINEAR) for crop in crops]
    )
    return torch.from_numpy(faces).permute(0, 3, 1, 2).float().div_(255)


@dataclass
class _Shown:
    score: float
    crop: FaceCrop


@dataclass
class MesoSession:
    """Scores of one run, per face track."""

    detector: Meso
    sample_fps: float | None = None
    finder: tuple[str, str] | None = None
    sampled: int = 0
    scored: int = 0
    tracks: dict[int, list[float]] = field(default_factory=lambda: defaultdict(list))
    refusals: dict[Reason, int] = field(default_factory=lambda: defaultdict(int))
    left_out: Counter[Reason] = field(default_factory=Counter)
    shown: list[_Shown] = field(default_factory=list)

    def feed(self, batch: Batch) -> Iterator[ScoresMeasured]:
        if not isinstance(batch, FaceBatch):
            return
        self.sampled += len(batch.sampled)
        self._count(batch)
        *parts, last = [
            batch.faces[at : at + FACES_AT_ONCE] for at in range(0, len(batch.faces), FACES_AT_ONCE)
        ] or [()]
        for part in parts:
            yield ScoresMeasured(self.detector.card.name, self._scored(part))
        yield ScoresMeasured(self.detector.card.name, self._scored(last) + self._gaps(batch))

    def _count(self, batch: FaceBatch) -> None:
        self.finder = batch.finder or self.finder
        self.scored += len({face.index for face in batch.faces})
        self.left_out.update(reason for _, reason in set(batch.left_out))

    def _scored(self, faces: Sequence[FaceCrop]) -> tuple[ScorePoint, ...]:
        scores = self.detector.score([face.rgb for face in faces]) if faces else []
        for face, score in zip(faces, scores, strict=True):
            self.tracks[face.track].append(score)
            self.shown.append(_Shown(score, face))
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

    def drain(self) -> tuple[ScoresMeasured, ...]:
        return ()

    def finish(self) -> Assessment:
        if not self.scored:
            return self._abstain()
        best_track, score = max(self._lasting_tracks().items(), key=lambda item: item[1])
        return Verdict(score, self._coverage(best_track), facts=self._facts(best_track))

    def _lasting_tracks(self) -> dict[int, float]:
        """Mean score of each track that was seen often enough: in three frames and a tenth of all.

        Where none was (pictures, short clips, many cuts), of those at least half as long as the longest.
        """
        longest = max(len(scores) for scores in self.tracks.values())
        enough = max(MIN_TRACK_FRAMES, MIN_TRACK_SHARE * self.sampled)
        enough = enough if longest >= enough else longest / 2
        return {track: fmean(scores) for track, scores in self.tracks.items() if len(scores) >= enough}

    def _coverage(self, best_track: int) -> Coverage:
        own = len(self.tracks[best_track])
        return Coverage(
            self.scored,
            self.sampled,
            "frames",
            decisive=own if own < self.scored else None,
            left_out=tuple(sorted(self.left_out.items())),
        )

    def _facts(self, best_track: int) -> dict[str, Any]:
        tracks = [
            {"track": track, "frames": len(scores), "mean_score": round(fmean(scores), 6)}
            for track, scores in sorted(self.tracks.items())
        ]
        return {
            "tracks": tracks[:100],
            "verdict_of_track": best_track,
            "face_finder": dict(zip(("name", "weights_sha256"), self.finder, strict=True))
            if self.finder
            else None,
            "sample_fps": self.sample_fps,
            "verdict_frames": len(self.tracks[best_track]),
            "frames_with_faces_left_out": {reason.value: count for reason, count in self.left_out.items()},
        }

    def _abstain(self) -> NotAssessed:
        words = {
            Reason.NO_FACE: "no face was found",
            Reason.FACE_TOO_SMALL: "the faces are too small",
            Reason.FACE_TOO_BLURRED: "the faces are too blurred",
            Reason.DECODE_ERROR: "pictures are damaged",
        }
        # a face that was seen but refused says more than the frames where there was none
        seen = {reason: count for reason, count in self.refusals.items() if reason is not Reason.NO_FACE}
        reason: Reason = max(seen, key=seen.__getitem__) if seen else Reason.NO_FACE
        return NotAssessed(reason, f"{words[reason]} in {self.sampled} sampled frames")

    def evidence(self) -> Iterable[EvidenceMade]:
        if not self.shown:
            return []
        tiles = [(s.crop.rgb, f"{s.crop.pts_seconds:.2f} s   {s.score:.3f}") for s in self.shown]
        caption = (
            "The face crops with the highest detector scores (1 = manipulated), as the net saw them, "
            "each with its media time and score."
        )
        sheet = contact_sheet(tiles, tile_side=160)
        return [
            EvidenceMade(
                self.detector.card.name, "faces", "Highest scoring faces", caption, "image/png", sheet
            )
        ]
