"""What a session tells while it is fed, checked before anybody hears of it: scores, or what was seen in footage."""

import math
from collections.abc import Iterable

from analysis.engine.analytics.objects import TrackAction
from analysis.engine.detectors.base import Card
from analysis.engine.endings import BrokenProtocol, checked_scores, is_score
from analysis.engine.types import (
    Box,
    Consumes,
    FootageTold,
    MotionTold,
    Observation,
    PlateTold,
    ScoresMeasured,
    Snapshot,
    TrackTold,
)

Told = ScoresMeasured | FootageTold
SNAPSHOT_BYTES = 8 << 20  # of each of its two pictures
TEXT_CHARACTERS = 200
MOST_LIVING = 10_000  # tracks at once, of a detector that never says that one left
SLACK_SECONDS = 1e-6


class Telling:
    """Checks what one session yields. Times lie in what it was fed, and do not run backward: not from one motion to
    the next, nor for one track; a track that left may have been seen last before others were."""

    def __init__(self, card: Card) -> None:
        self._card = card
        self._until = 0.0
        self._motion_at, self._in_motion = 0.0, False
        self._tracks: dict[int, float] = {}

    def fed(self, pts_seconds: float) -> None:
        """The session is about to be fed up to this media time."""
        self._until = max(self._until, pts_seconds)

    def checked(self, given: Iterable[Observation]) -> list[Told]:
        """What it yielded, if it is its own and sound. Raises BrokenProtocol."""
        told: list[Told] = []
        for one in given:
            if isinstance(one, FootageTold) and not self._card.forensic:
                self._check(one)
                told.append(one)
            else:
                told += self._scores(one)
        return told

    def _scores(self, given: Observation) -> list[ScoresMeasured]:
        scores = checked_scores(self._card, (given,))
        if scores and self._card.consumes is Consumes.FOOTAGE:
            raise self._broken("gave a score; detectors of footage tell what they see")
        return scores

    def _check(self, told: FootageTold) -> None:
        if told.detector != self._card.name:
            raise self._broken(f"told something in the name of {told.detector!r:.80}")
        self._check_time(told.pts_seconds)
        if type(told.frame) is not int or told.frame < 0:
            raise self._broken(f"told of frame {told.frame!r:.80}")
        self._check_box(told.box, optional=isinstance(told, MotionTold))
        self._check_snapshot(told.snapshot)
        if isinstance(told, MotionTold):
            self._check_motion(told)
        elif isinstance(told, TrackTold):
            self._check_track(told)
        else:
            self._check_plate(told)

    def _check_motion(self, told: MotionTold) -> None:
        self._check_shares(told.intensity, told.area)
        if told.pts_seconds < self._motion_at - SLACK_SECONDS:
            raise self._broken(f"told of motion at {told.pts_seconds:.2f} s after {self._motion_at:.2f} s")
        if told.ended != self._in_motion:
            raise self._broken("told of motion that ended before it began, or began twice")
        if told.ended != (told.duration_seconds is not None):
            raise self._broken("told of motion that ended without its duration, or began with one")
        self._check_seconds(told.duration_seconds or 0.0)
        self._motion_at, self._in_motion = told.pts_seconds, not told.ended

    def _check_track(self, told: TrackTold) -> None:
        self._check_shares(told.confidence)
        self._check_texts(told.class_name, *told.model, *(part[0] for part in (told.zone, told.line) if part))
        self._check_seconds(told.dwell_seconds, *(told.zone[2:] if told.zone else ()))
        if type(told.track) is not int or told.track < 1:
            raise self._broken(f"told of track {told.track!r:.80}")
        entered, before = told.action is TrackAction.ENTERED, self._tracks.get(told.track)
        if entered != (before is None) or len(self._tracks) > MOST_LIVING:
            raise self._broken(f"told that track {told.track} {told.action} out of order")
        if told.pts_seconds < (before or 0.0) - SLACK_SECONDS:
            raise self._broken(f"told of track {told.track} at {told.pts_seconds:.2f} s after {before:.2f} s")
        self._tracks[told.track] = told.pts_seconds
        if told.action is TrackAction.LEFT:
            del self._tracks[told.track]

    def _check_plate(self, told: PlateTold) -> None:
        self._check_shares(told.confidence, *(sign.confidence for sign in told.signs))
        self._check_texts(
            told.plate, told.written, told.region, told.vehicle_class, told.doubt, *told.regions
        )
        self._check_texts(*(text for text, _ in told.candidates), *(sign.sign for sign in told.signs))
        self._check_box(told.vehicle_box, optional=True)
        if not told.plate:
            raise self._broken("told of a plate without characters")

    def _check_time(self, pts_seconds: object) -> None:
        # what is no number lies in no range either
        if not isinstance(pts_seconds, float | int) or not 0 <= pts_seconds <= self._until + SLACK_SECONDS:
            raise self._broken(f"told of {pts_seconds!r:.80} s, which is no media time of what it was fed")

    def _check_seconds(self, *seconds: object) -> None:
        if not all(isinstance(one, float | int) and math.isfinite(one) and one >= 0 for one in seconds):
            raise self._broken("told of a duration that is none")

    def _check_shares(self, *values: object) -> None:
        for value in values:
            if not is_score(value):
                raise self._broken(f"told of {value!r:.80}, which does not lie in 0 to 1")

    def _check_texts(self, *texts: object) -> None:
        for text in texts:
            if not isinstance(text, str) or len(text) > TEXT_CHARACTERS or "\0" in text:
                raise self._broken(f"told of {text!r:.80}, which is no text of {TEXT_CHARACTERS} characters")

    def _check_box(self, box: Box | None, *, optional: bool) -> None:
        if box is None and optional:
            return
        sound = isinstance(box, tuple) and len(box) == 4 and all(is_score(side) for side in box)
        if box is None or not sound or not (box[0] < box[2] and box[1] < box[3]):
            raise self._broken(f"told of {box!r:.80}, which is no box in 0 to 1")

    def _check_snapshot(self, snapshot: Snapshot | None) -> None:
        if snapshot is None:
            return
        for content in (snapshot.clean, snapshot.boxed):
            if not isinstance(content, bytes) or not 0 < len(content) <= SNAPSHOT_BYTES:
                raise self._broken(f"left a snapshot that is empty or of more than {SNAPSHOT_BYTES:,} bytes")

    def _broken(self, what: str) -> BrokenProtocol:
        return BrokenProtocol(f"{self._card.name} {what}.")
