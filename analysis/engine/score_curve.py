"""The scores of one detector over media time as evidence, in bounded memory."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import islice

from analysis.engine.plots import Curves, Panel, Span
from analysis.engine.types import EvidenceMade, ScorePoint

MOMENTS = 1024
SHOWN_TRACKS = 8
# More than come in turn: a frame has 16 faces at most, and one that is lost is waited for 1 s, 5 frames or so.
WAITING_TRACKS = 128
LEAST_MOMENTS = 3
WORDS = {"no_face": "no face", "decode_error": "damaged"}


@dataclass
class Moment:
    """What was scored of one face at one time: points that fell together are averaged."""

    total: float = 0.0
    count: int = 0

    @property
    def mean(self) -> float:
        return self.total / self.count


@dataclass
class TrackScores:
    """The scores of one face by time; `points` is how many there were before any were joined."""

    points: int = 0
    moments: dict[float, Moment] = field(default_factory=dict)

    def join(self, at: float, more: Moment) -> None:
        here = self.moments.setdefault(at, Moment())
        here.total, here.count = here.total + more.total, here.count + more.count


@dataclass
class ScoreCurve:
    """Collects points. Beyond 1,024 moments, neighbouring ones are joined, again and again.

    Of the faces that had no score since 128 others had, only the 8 with the most scores are kept, and the others
    counted; one that comes back after that long is taken for another.
    """

    step_seconds: float = 0.0
    times: dict[float, None] = field(default_factory=dict)
    # the face that was scored last comes last
    tracks: dict[int | None, TrackScores] = field(default_factory=dict)
    tracks_forgotten: int = 0
    scored: set[float] = field(default_factory=set)
    refused: dict[float, str] = field(default_factory=dict)

    def add(self, points: Iterable[ScorePoint]) -> None:
        for point in points:
            at = self._at(point.pts_seconds)
            self.times[at] = None
            if point.score is None:
                self.refused.setdefault(at, point.reason.value if point.reason else "detector_failed")
            else:
                self._score(point.track, at, point.score)
            if len(self.times) > MOMENTS:
                self._coarsen()

    def _at(self, pts_seconds: float) -> float:
        if not self.step_seconds:
            return pts_seconds
        return round(pts_seconds // self.step_seconds * self.step_seconds, 6)

    def _score(self, track: int | None, at: float, score: float) -> None:
        self.scored.add(at)
        here = self.tracks.pop(track, None) or TrackScores()
        self.tracks[track] = here
        here.points += 1
        here.join(at, Moment(score, 1))
        if len(self.tracks) > 2 * WAITING_TRACKS:
            self._forget()

    def _forget(self) -> None:
        shown = set(self._longest())
        over = [track for track in islice(self.tracks, WAITING_TRACKS) if track not in shown]
        for track in over:
            del self.tracks[track]
        self.tracks_forgotten += len(over)

    def _longest(self) -> list[int | None]:
        return sorted(self.tracks, key=lambda track: (-self.tracks[track].points, track or 0))[:SHOWN_TRACKS]

    def _coarsen(self) -> None:
        length = max(self.times) - min(self.times)
        self.step_seconds = 2 * self.step_seconds or max(2 * length / MOMENTS, 1e-6)
        for scores in self.tracks.values():
            moments, scores.moments = scores.moments, {}
            for at, moment in moments.items():
                scores.join(self._at(at), moment)
        refused, self.refused = self.refused, {}
        for at, reason in refused.items():
            self.refused.setdefault(self._at(at), reason)
        self.scored = {self._at(at) for at in self.scored}
        self.times = dict.fromkeys(self._at(at) for at in self.times)

    def evidence(self, detector: str) -> EvidenceMade | None:
        """The curve, one line for each of the faces seen most; None where so little was scored that it is no curve."""
        if len(self.times) < LEAST_MOMENTS or not self.tracks:
            return None
        # drawn only here, so that whoever never draws needs no Pillow
        from analysis.engine.detectors.curves import draw

        panel = self._panel()
        left_out = self.tracks_forgotten + len(self.tracks) - len(panel.curves)
        caption = "Detector score (1 = manipulated) over media time; grey where nothing could be assessed."
        if left_out:
            caption += f" {left_out} more faces, seen for a shorter time, are left out."
        if self.step_seconds:
            caption += f" Each point is the mean over {self.step_seconds:.3g} s."
        plot = Curves((panel,))
        return EvidenceMade(
            detector, "scores", "Score over time", caption, "image/png", draw(plot.panels), plot
        )

    def _panel(self) -> Panel:
        across = sorted(self.times)
        shown = sorted(self._longest(), key=lambda track: track or 0)
        return Panel(
            "detector score over seconds",
            across,
            {_name(track): self._line(track, across) for track in shown},
            across_name="media time",
            across_unit="s",
            up_name="detector score",
            gaps=self._gaps(across),
            scale=(0.0, 1.0),
        )

    def _line(self, track: int | None, across: list[float]) -> list[float | None]:
        moments = self.tracks[track].moments
        return [moments[at].mean if at in moments else None for at in across]

    def _gaps(self, across: list[float]) -> list[Span]:
        gaps: list[tuple[float, float, Counter[str]]] = []
        open_gap = False
        for at, after in zip(across, [*across[1:], across[-1]], strict=True):
            if at in self.scored:
                open_gap = False
                continue
            begins, reasons = (gaps[-1][0], gaps[-1][2]) if open_gap else (at, Counter[str]())
            reasons[self.refused.get(at, "no_face")] += 1
            gaps[len(gaps) - open_gap :] = [(begins, after, reasons)]
            open_gap = True
        return [Span(begins, ends, reasons.most_common(1)[0][0]) for begins, ends, reasons in gaps]


def _name(track: int | None) -> str:
    return "score" if track is None else f"face {track}"
