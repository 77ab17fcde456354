"""Observations in the words of the log."""

from collections.abc import Mapping, Sequence
from typing import Any

from analysis.engine.detectors.base import Card
from analysis.engine.types import (
    DetectorEnded,
    DetectorProgressed,
    DetectorStarted,
    NotAssessed,
    Observation,
    Reason,
    ScorePoint,
    ScoresMeasured,
    StageFinished,
    StageStarted,
)
from analysis.examining import result_fields
from analysis.models import Evidence
from analysis.recorder.altering import stressing
from analysis.recorder.footage import footage
from analysis.recorder.pictures import Pictured
from analysis.recorder.plain import facts_for_event, finite, plain, rounded, text
from realtime.log import Draft

EVIDENCE_PER_EVENT = 50


class Drafter:
    """Knows the cards of the detectors."""

    def __init__(self, cards: Mapping[str, Card]) -> None:
        self._cards = cards

    def draft(self, observation: Observation | Pictured, evidence: Sequence[Evidence] = ()) -> Draft | None:
        """The event for an observation; None for those that are no events."""
        if isinstance(observation, Pictured):
            return footage(observation.told, observation.snapshot)
        if isinstance(observation, DetectorProgressed):
            return self._progress(observation)
        if isinstance(observation, ScoresMeasured):
            points = [_point(point) for point in observation.points]
            return _draft("score.measured", observation.detector, "", {"points": points})
        if isinstance(observation, DetectorStarted):
            card = self._cards[observation.detector]
            return _draft(
                "detector.started",
                card.name,
                observation.message,
                {"title": card.title, "unit": card.unit},
            )
        if isinstance(observation, DetectorEnded):
            return self._ending(observation, evidence)
        return footage(observation) or stressing(observation) or _stage(observation)

    def _progress(self, seen: DetectorProgressed) -> Draft:
        title = self._cards[seen.detector].title
        total = f" of {seen.total}" if seen.total is not None else ""
        data = {
            "done": seen.done,
            "total": seen.total,
            "unit": seen.unit,
            "fps": rounded(seen.fps, 2),
            "seconds_left": rounded(seen.seconds_left, 1),
            "pts_seconds": rounded(seen.pts_seconds, 3) or 0.0,
            "faces": seen.faces,
        }
        return _draft("run.progressed", seen.detector, f"{title}: {seen.done}{total} {seen.unit}.", data)

    def _ending(self, ending: DetectorEnded, evidence: Sequence[Evidence]) -> Draft:
        fields = plain(result_fields(ending))
        fields["facts"] = facts_for_event(fields["facts"])
        fields["assessment"]["calibrated"] = (
            fields["assessment"].get("band", "uncalibrated") != "uncalibrated"
        )
        fields["evidence"] = [_reference(made) for made in evidence[:EVIDENCE_PER_EVENT]]
        title = ending.title or ending.detector
        if ending.error_type:
            detail = text(getattr(ending.assessment, "detail", ""))
            failure = {"error": detail, "error_type": ending.error_type}
            return _draft("detector.failed", ending.detector, f"{title} failed: {detail}", fields | failure)
        if isinstance(ending.assessment, NotAssessed):
            detail = text(ending.assessment.detail)
            abstained = "" if ending.assessment.reason is Reason.REPORTS_FACTS else "no score: "
            return _draft("detector.abstained", ending.detector, f"{title}: {abstained}{detail}", fields)
        return _draft("detector.finished", ending.detector, f"{title} has a score.", fields)


def _draft(kind: str, detector: str, message: str, data: Mapping[str, Any]) -> Draft:
    return Draft(kind, message, {"detector": detector} | dict(data), subject=detector)


def _stage(observation: Observation) -> Draft | None:
    if isinstance(observation, StageStarted):
        return Draft("stage.started", observation.message, {"stage": observation.stage.value})
    if isinstance(observation, StageFinished):
        seconds = rounded(observation.seconds, 3)
        return Draft(
            "stage.finished", observation.message, {"stage": observation.stage.value, "seconds": seconds}
        )
    return None


def _point(point: ScorePoint) -> list[Any]:
    score = finite(point.score)
    reason = point.reason.value if point.reason else None
    if score is None and reason is None:
        reason = "detector_failed"
    row = [rounded(point.pts_seconds, 3), rounded(score, 6), point.track, reason]
    # only where a part of the frame was scored, so that the rows of all others stay as short as they are
    return [*row, [rounded(side, 5) for side in point.box]] if point.box else row


def _reference(made: Evidence) -> dict[str, Any]:
    return {
        "id": str(made.pk),
        "title": made.title,
        "caption": made.caption,
        "kind": made.kind,
        "media_type": made.media_type,
        "address": f"/api/v1/evidence/{made.pk}/",
    }
