"""What a backbone makes of one file: a row of features for each picture, face or window of sound that was looked at.

Bounded: where a file has more of them than may be kept, every second frame is dropped, as often as that is needed, and
what is dropped from then on is never computed.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from analysis.engine.calibrating.labelled import Labelled
from analysis.engine.classifiers.pictures import WHOLE, Piece, concluded, deciding, lasting
from analysis.engine.types import Floats, Pixels, Samples

Values = NDArray[np.float64]
Score = Callable[[Floats], Values]


@dataclass(frozen=True)
class FileFeatures:
    """rows: float32 (n, features), in the order of media time; tracks: (n,), the face each is of, or WHOLE.

    sampled: how many frames stand behind them, counted as they were thinned.
    """

    file: Labelled
    sha256: str
    rows: Floats
    tracks: NDArray[np.int64]
    sampled: int

    def score(self, judge: Score) -> float:
        """What the detector would conclude. judge: scores of rows."""
        scores = judge(self.rows)
        tracks = {int(track): list(scores[self.tracks == track]) for track in np.unique(self.tracks)}
        return concluded(tracks, self.sampled)[1]

    def logit(self, judge: Score) -> float:
        """By how much every row's logit would have to be lower for a score of 0.5. judge: logits of rows."""
        logits = judge(self.rows)
        return max(_crossing(deciding(logits[self.tracks == track].tolist())) for track in self._lasting())

    def lift(self, judge: Score) -> float:
        """How far `logit` lies above the mean of the rows that `spread` is taken from."""
        kept = np.isin(self.tracks, self._lasting())
        return self.logit(judge) - float(judge(self.rows)[kept].mean())

    def spread(self, most: int) -> Floats:
        """At most so many rows, evenly over the file, of the faces that decide: no stray box is learnt from."""
        rows = self.rows[np.isin(self.tracks, self._lasting())]
        return rows[np.unique(np.linspace(0, len(rows) - 1, min(most, len(rows))).round().astype(int))]

    def _lasting(self) -> list[int]:
        lengths = dict(zip(*np.unique(self.tracks, return_counts=True), strict=True))
        return lasting(lengths, self.sampled)


def _crossing(logits: Sequence[float]) -> float:
    """What the logits must be lowered by for their sigmoids' mean to be 0.5; found by halving, to 1e-9 or rounding."""
    low, high = min(logits), max(logits)
    values = np.array(logits)
    while high - low > 1e-9 and low < (middle := (low + high) / 2) < high:
        # the mean of tanh is 0 where that of the sigmoids is 0.5, and overflows nowhere
        low, high = (middle, high) if np.tanh((values - middle) / 2).mean() > 0 else (low, middle)
    return (low + high) / 2


class Recorder:
    """Keeps the features of what a session would score; itself it scores everything 0."""

    def __init__(self, features: Callable[[Sequence[NDArray[np.generic]]], Floats], most: int) -> None:
        self._features, self._most = features, most
        self._rows: list[tuple[int, int, Floats]] = []
        self._stride = 1
        self._frame = -1
        self._pts_seconds = -1.0

    def take(self, pieces: Sequence[Piece]) -> list[tuple[Piece, float]]:
        numbered = [(self._number(piece.pts_seconds), piece) for piece in pieces]
        self._keep([(number, piece.track, piece.rgb) for number, piece in numbered])
        return [(piece, 0.0) for piece in pieces]

    def hear(self, window: Samples) -> float:
        self._frame += 1
        self._keep([(self._frame, WHOLE, window)])
        return 0.0

    def facts(self) -> dict[str, object]:
        return {}

    def _number(self, pts_seconds: float) -> int:
        if pts_seconds != self._pts_seconds:
            self._frame, self._pts_seconds = self._frame + 1, pts_seconds
        return self._frame

    def _keep(self, seen: Sequence[tuple[int, int, Pixels | Samples]]) -> None:
        wanted = [one for one in seen if one[0] % self._stride == 0]
        if not wanted:
            return
        rows = self._features([content for _, _, content in wanted])
        self._rows += [
            (number, track, row.copy()) for (number, track, _), row in zip(wanted, rows, strict=True)
        ]
        # the faces of one frame are kept together, however many they are
        while len(self._rows) > self._most and self._rows[-1][0] > 0:
            self._stride *= 2
            self._rows = [one for one in self._rows if one[0] % self._stride == 0]

    def taken(self, file: Labelled, sha256: str, sampled: int) -> FileFeatures | None:
        """All that was kept; None where that is nothing. sampled: frames that the session was shown."""
        if not self._rows:
            return None
        return FileFeatures(
            file,
            sha256,
            np.stack([row for _, _, row in self._rows]),
            np.array([track for _, track, _ in self._rows], np.int64),
            -(-sampled // self._stride),
        )
