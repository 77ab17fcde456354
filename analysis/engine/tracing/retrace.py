"""Computes one score once more, by the very way it was computed: same pass, same batches, same threads.

The file is read from its beginning, as detectors that remember need it, and no further than the wanted score.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from analysis.engine.detectors.base import Card, Piece
from analysis.engine.pipeline import Examination, Options, examine
from analysis.engine.plan import Plan
from analysis.engine.registry import Registry
from analysis.engine.tracing.question import Question, same_moment
from analysis.engine.tracing.tap import Tap, TappedRegistry
from analysis.engine.types import (
    DetectorEnded,
    NotAssessed,
    Observation,
    Prepared,
    Reason,
    ScorePoint,
    ScoresMeasured,
    Verdict,
)


@dataclass(frozen=True)
class Found:
    """What came out now. Without a score `abstained` says why. `piece` is what was scored, where that is one piece."""

    card: Card
    plan: Plan | None
    score: float | None = None
    abstained: NotAssessed | None = None
    point: ScorePoint | None = None
    piece: Piece | None = None


class Retrace:
    """One score being computed. `examination` is what a watchdog looks at, and who stops it closes."""

    def __init__(
        self,
        path: Path,
        question: Question,
        *,
        registry: Registry,
        options: Options,
        plan: Plan | None,
        cancelled: Callable[[], bool] = lambda: False,
    ) -> None:
        self._question = question
        self._card = registry.card(question.detector)
        self._tap = Tap(question.pts_seconds)
        self._plan: Plan | None = None
        self._last: NotAssessed | None = None
        self.examination: Examination = examine(
            path,
            registry=TappedRegistry.over(registry, self._tap),
            detectors=[question.detector],
            options=planned(options, plan),
            cancelled=cancelled,
        )

    def follow(self, seen: Callable[[Observation], None] = lambda _: None) -> Found:
        """Reads until the score is there. seen: called with whatever happens on the way.

        Raises Cancelled, and what opening and loading may raise.
        """
        with self.examination as observations:
            for observation in observations:
                seen(observation)
                if found := self._look(observation):
                    return found
        return self._found(abstained=self._last or _nothing_there(self._question))

    def _look(self, observation: Observation) -> Found | None:
        if isinstance(observation, Prepared):
            self._plan = observation.plan
        elif isinstance(observation, ScoresMeasured) and self._question.pts_seconds is not None:
            point = next((one for one in observation.points if self._is_wanted(one)), None)
            return self._at(point) if point else None
        elif isinstance(observation, DetectorEnded):
            return self._concluded(observation)
        return None

    def _is_wanted(self, point: ScorePoint) -> bool:
        wanted = self._question.pts_seconds
        return (
            wanted is not None
            and same_moment(point.pts_seconds, wanted)
            and point.track == self._question.track
        )

    def _at(self, point: ScorePoint) -> Found:
        if point.score is None:
            why = NotAssessed(point.reason or Reason.DETECTOR_FAILED, "there is a gap at that moment now")
            return self._found(abstained=why, point=point)
        return self._found(score=point.score, point=point, piece=self._tap.piece_of(point))

    def _concluded(self, ended: DetectorEnded) -> Found | None:
        assessment = ended.assessment
        if isinstance(assessment, Verdict):
            return self._found(score=assessment.score) if self._question.pts_seconds is None else None
        self._last = assessment
        return None

    def _found(
        self,
        *,
        score: float | None = None,
        abstained: NotAssessed | None = None,
        point: ScorePoint | None = None,
        piece: Piece | None = None,
    ) -> Found:
        return Found(self._card, self._plan, score, abstained, point, piece)


def planned(options: Options, plan: Plan | None) -> Options:
    """Today's options, as far as the plan on record does not say otherwise."""
    if plan is None:
        return options
    return replace(
        options,
        sample_fps=plan.sample_fps,
        batch_frames=plan.batch_frames,
        passages=plan.passages or options.passages,
        threads_each=min(plan.threads, options.cores),
    )


def _nothing_there(question: Question) -> NotAssessed:
    if question.pts_seconds is None:
        return NotAssessed(Reason.DETECTOR_FAILED, "it came to no conclusion")
    track = "" if question.track is None else f" of face {question.track}"
    return NotAssessed(
        Reason.DETECTOR_FAILED, f"there is no score{track} at {question.pts_seconds:.3f} s now"
    )
