"""Asking about a score on record: to have it computed once more, or to be shown where the model looked."""

from collections.abc import Iterator
from typing import Any

from django.db import transaction

from accounts.models import User
from analysis import queue
from analysis.engine.tracing.question import Question, same_moment
from analysis.errors import DetectorAway, FileGone, NoHeatmap, NoSuchScore, TooManyTraces
from analysis.models import DetectorCard, Result, Run, Trace
from analysis.uploads.places import media_root
from realtime.models import Event

OPEN_AT_MOST = 20
_OPEN = (Run.State.QUEUED, Run.State.RUNNING)


def ask(run: Run, question: Question, *, purpose: Run.Purpose, by: User) -> Trace:
    """A new trace, queued. `run` needs its lease and media; results are those of its latest attempt.

    Raises the kinds of TraceRefused, and MediaDeleted.
    """
    result = _result_of(run, question.detector)
    recorded = _recorded(run, result, question)
    _refuse_unanswerable(run, question, purpose)
    _refuse_too_many(by)
    with transaction.atomic():
        asked = queue.enqueue(run.file, owner=by, detectors=[question.detector], purpose=purpose)
        return Trace.objects.create(
            run=asked,
            result=result,
            pts_seconds=question.pts_seconds,
            track=question.track,
            recorded=recorded,
        )


def _result_of(run: Run, detector: str) -> Result:
    result = run.results.filter(attempt=run.lease.attempt, detector=detector).first()
    if result is None:
        raise NoSuchScore(
            f"{detector} has no result in this run. Results are there once a detector has ended."
        )
    return result


def _recorded(run: Run, result: Result, question: Question) -> float:
    if question.pts_seconds is None:
        if result.score is None:
            raise NoSuchScore(
                f"{result.detector} gave no score for the file: {result.detail or result.reason}."
            )
        return result.score
    for pts_seconds, score, track, *_ in _points(run, result):
        if score is not None and track == question.track and same_moment(pts_seconds, question.pts_seconds):
            return float(score)
    raise NoSuchScore(
        f"{result.detector} has no score on record at {question.pts_seconds:.3f} s"
        f"{'' if question.track is None else f' of face {question.track}'}. "
        "Give time and track as score.measured has them; lines that were removed hold none."
    )


def _points(run: Run, result: Result) -> Iterator[list[Any]]:
    lines = Event.objects.filter(
        topic=run.topic_id, attempt=result.attempt, type="score.measured", subject=result.detector
    )
    for data in lines.order_by("seq").values_list("data", flat=True).iterator():
        yield from (data or {}).get("points", ())


def _refuse_unanswerable(run: Run, question: Question, purpose: Run.Purpose) -> None:
    card = DetectorCard.objects.filter(name=question.detector).first()
    if card is None or not card.available:
        why = card.reason if card else "no worker knows it"
        raise DetectorAway(f"{question.detector} cannot run here now: {why}")
    if purpose == Run.Purpose.HEATMAP:
        _refuse_unexplained(card, question)
    if not (media_root() / run.file.path).is_file():
        raise FileGone(f"{run.title} is not kept any more. Send the same file again to examine it anew.")


def _refuse_unexplained(card: DetectorCard, question: Question) -> None:
    if not card.card.get("explains"):
        raise NoHeatmap(
            f"{card.name} offers no map of where it looked. What it found is among its evidence and facts."
        )
    if question.pts_seconds is None:
        raise NoHeatmap(
            "A map belongs to one score of the curve: name its time, and its track where it has one."
        )


def _refuse_too_many(by: User) -> None:
    questions = (Run.Purpose.RECOMPUTE, Run.Purpose.HEATMAP)
    open_ones = Run.objects.filter(owner=by, state__in=_OPEN, purpose__in=questions)
    if open_ones.count() >= OPEN_AT_MOST:
        raise TooManyTraces(
            f"{OPEN_AT_MOST} of your questions wait for a worker. Wait for one, or cancel one."
        )
