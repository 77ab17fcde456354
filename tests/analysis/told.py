"""What footage sessions tell, to be recorded; give only what the test is about."""

from dataclasses import replace
from pathlib import Path
from typing import Any

from analysis import queue, recorder
from analysis.engine.analytics.objects import TrackAction
from analysis.engine.registry import Registry
from analysis.engine.types import (
    Concluded,
    MotionTold,
    Observation,
    Outcome,
    OutcomeName,
    PlateSign,
    PlateTold,
    Snapshot,
    TrackTold,
)
from analysis.engine.weights import WeightStore
from analysis.models import Media, Worker
from analysis.queue import Claim
from realtime.models import Event
from tests import trouble_detectors
from tests.factories import make_media

CARDS = {card.name: card for card in Registry.of([trouble_detectors], WeightStore(Path("/nowhere"))).cards()}
CONCLUDED = Concluded(Outcome(OutcomeName.NO_SIGNS, "No signs found.", "Why.", "Limit.", "Rule."))
PICTURE = Snapshot(clean=b"\xff\xd8 clean \xff\xd9", boxed=b"\xff\xd8 boxed \xff\xd9")
BOX = (0.25, 0.5, 0.5, 0.875)

_MOTION = MotionTold("motion", False, 3.0, 75, 0.4, 0.125, BOX)
_TRACK = TrackTold(
    "tracking", TrackAction.ENTERED, 15, "car", 0.91, BOX, 12.48, 312, 0.0, ("yolox-nano", "0.1.1")
)
_PLATE = PlateTold(
    "anpr",
    "AB12CDE",
    "AB12 CDE",
    0.8,
    (PlateSign("A", 0.99), PlateSign("0", 0.8, "O")),
    BOX,
    7.0,
    175,
    region="gb",
)


def claimed(media: Media | None = None, *, again: Claim | None = None) -> Claim:
    """A claim on a run of a media, or on the next attempt of one whose worker was lost."""
    if again:
        queue.lose_slot(again.worker, again.slot, queue.Loss("Its worker process died."))
        claim = queue.claim(again.run, worker=again.worker, slot=0)
    else:
        media = media or make_media()
        run = queue.enqueue(media, owner=media.owner, detectors=["calm"])
        worker = Worker.objects.create(host="here", pid=1, device="cpu")
        claim = queue.claim(run.pk, worker=worker.pk, slot=0)
    assert claim
    return claim


def record(claim: Claim, *observations: Observation, outcome: Outcome = CONCLUDED.outcome) -> recorder.Record:
    """Records a whole examination in which these were told."""
    return recorder.record(claim, iter([*observations, Concluded(outcome)]), cards=CARDS)


def lines(claim: Claim) -> list[Event]:
    """What was written since the run was begun."""
    told = Event.objects.filter(topic=claim.topic).exclude(type__startswith="run.")
    return list(told.order_by("seq"))


def motion_told(**fields: Any) -> MotionTold:
    return replace(_MOTION, **fields)


def track_told(**fields: Any) -> TrackTold:
    return replace(_TRACK, **fields)


def plate_told(**fields: Any) -> PlateTold:
    return replace(_PLATE, **fields)
