"""What footage detectors tell is passed on when it is sound, and refused when it is not."""

from dataclasses import replace

import pytest

from analysis.engine.analytics.objects import TrackAction
from analysis.engine.types import (
    Consumes,
    Coverage,
    MotionTold,
    NotAssessed,
    PlateSign,
    PlateTold,
    Reason,
    ScorePoint,
    ScoresMeasured,
    Snapshot,
    TrackTold,
    Verdict,
)
from tests import clips
from tests.analysis.engine.plugins import NAN, Plain, card, ending, run

BOX = (0.1, 0.1, 0.5, 0.5)
BEGAN = MotionTold("teller", ended=False, pts_seconds=0.2, frame=5, intensity=0.1, area=0.2, box=BOX)
ENDED = replace(BEGAN, ended=True, pts_seconds=0.4, duration_seconds=0.2)
ENTERED = TrackTold("teller", TrackAction.ENTERED, 1, "car", 0.9, BOX, 0.2, 5, 0.1, ("finder", "1"))
UPDATED = replace(ENTERED, action=TrackAction.UPDATED, pts_seconds=0.3)
LEFT = replace(ENTERED, action=TrackAction.LEFT, pts_seconds=0.4)
OTHER = replace(ENTERED, track=2, pts_seconds=0.4)
PLATE = PlateTold("teller", "AB12CDE", "AB12 CDE", 0.9, (PlateSign("A", 0.9),), BOX, 0.2, 5)


class Telling(Plain):
    """Tells what it is given with the last batch."""

    def __init__(self, *told, **fields):
        super().__init__(
            card("teller", **{"consumes": Consumes.FOOTAGE, "forensic": False, "by_default": False, **fields})
        )
        self.told, self.assessment = told, NotAssessed(Reason.REPORTS_FACTS, "Told.")

    def feed(self, batch):
        return iter(())

    def drain(self):
        return iter(self.told)

    def finish(self):
        return self.assessment


@pytest.fixture(scope="module")
def clip(tmp_path_factory):
    return clips.write_video(tmp_path_factory.mktemp("clips") / "clip.mp4", seconds=0.5)


def told_by(clip, telling):
    seen = run(clip, telling, detectors=["teller"])
    passed = [one for one in seen if isinstance(one, MotionTold | TrackTold | PlateTold)]
    return passed, ending(seen, "teller").assessment


@pytest.mark.parametrize(
    "told",
    [
        (BEGAN, ENDED),
        (replace(BEGAN, box=None), ENDED),
        (ENTERED, UPDATED, LEFT),
        # one that left was seen last before the other entered
        (ENTERED, OTHER, LEFT),
        (ENTERED, LEFT, replace(ENTERED, pts_seconds=0.4)),
        (PLATE, PLATE),
        (replace(BEGAN, snapshot=Snapshot(b"jpeg", b"jpeg")),),
    ],
)
def test_what_is_sound_is_passed_on_in_its_order(clip, told):
    passed, assessment = told_by(clip, Telling(*told))

    assert tuple(passed) == told
    assert assessment.reason is Reason.REPORTS_FACTS


@pytest.mark.parametrize(
    "told",
    [
        (replace(BEGAN, detector="another"),),
        (replace(BEGAN, pts_seconds=NAN),),
        (replace(BEGAN, pts_seconds=-0.1),),
        (replace(BEGAN, pts_seconds=9.0),),
        (replace(BEGAN, intensity=1.5),),
        (replace(BEGAN, area=NAN),),
        (replace(BEGAN, frame=-1),),
        (replace(BEGAN, box=(0.5, 0.1, 0.5, 0.5)),),
        (replace(BEGAN, box=(0.1, 0.1, 1.5, 0.5)),),
        (BEGAN, replace(ENDED, pts_seconds=0.1)),
        (BEGAN, replace(ENDED, duration_seconds=None)),
        (BEGAN, BEGAN),
        (ENDED,),
        (replace(BEGAN, snapshot=Snapshot(b"", b"jpeg")),),
        (replace(BEGAN, snapshot=Snapshot(bytes(9 << 20), b"jpeg")),),
        (UPDATED,),
        (ENTERED, ENTERED),
        (ENTERED, LEFT, UPDATED),
        (ENTERED, replace(UPDATED, pts_seconds=0.1)),
        (replace(ENTERED, confidence=1.01),),
        (replace(ENTERED, box=None),),
        (replace(ENTERED, dwell_seconds=-1.0),),
        (replace(ENTERED, class_name="c" * 300),),
        (replace(PLATE, confidence=NAN),),
        (replace(PLATE, plate=""),),
        (replace(PLATE, signs=(PlateSign("A", 2.0),)),),
        (replace(PLATE, written="A\0B"),),
        (ScoresMeasured("teller", (ScorePoint(0.1, 0.5),)),),
    ],
)
def test_what_is_unsound_ends_the_detector_as_failed(clip, told):
    passed, assessment = told_by(clip, Telling(*told))

    assert assessment.reason is Reason.DETECTOR_FAILED
    assert "BrokenProtocol" in assessment.detail
    assert tuple(passed) == told[: len(told) - 1]


def test_a_forensic_detector_cannot_tell_what_happens(clip):
    forensic = Telling(BEGAN, consumes=Consumes.FRAMES, forensic=True)

    passed, assessment = told_by(clip, forensic)

    assert passed == []
    assert assessment.reason is Reason.DETECTOR_FAILED


def test_a_footage_detector_cannot_conclude_with_a_score(clip):
    telling = Telling()
    telling.assessment = Verdict(0.9, Coverage(1, 1))

    _, assessment = told_by(clip, telling)

    assert assessment.reason is Reason.DETECTOR_FAILED
    assert "detectors of footage report facts" in assessment.detail
