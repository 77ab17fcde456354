"""Footage detectors are fed the whole file at their own rate; whoever else is asked notices nothing of it."""

import json
import time
from dataclasses import replace

import pytest

from analysis.engine.detectors import tracking
from analysis.engine.errors import Cancelled, UnverifiedWeights
from analysis.engine.media.limits import Passages
from analysis.engine.pipeline import Options, examine
from analysis.engine.plan import Plan, looked_otherwise
from analysis.engine.registry import Registry, UnsoundCard
from analysis.engine.types import (
    Consumes,
    DetectorEnded,
    DetectorProgressed,
    FootageSettings,
    NotAssessed,
    OutcomeName,
    Prepared,
    Reason,
    ScoresMeasured,
    StageFinished,
    StageStarted,
)
from tests import clips
from tests.analysis.engine.footage import DrawnFinder, Mover, film, motions, tracks, watch
from tests.analysis.engine.plugins import NO_WEIGHTS, Plain, card, ending, of, registry, run

SOON_SECONDS = 2.0
CAR = Mover("car", (-0.1, 0.4), (0.3, 0.0), enters=1.0)


class Watching(Plain):
    """Keeps the frames of footage it was fed, and tells nothing."""

    def __init__(self, name="watching", **fields):
        given = {"consumes": Consumes.FOOTAGE, "forensic": False, "by_default": False, **fields}
        super().__init__(card(name, **given))

    def feed(self, batch):
        self.batches.append(batch)
        return iter(())

    def finish(self):
        return NotAssessed(Reason.REPORTS_FACTS, "It watched.")

    @property
    def frames(self):
        return [frame for batch in self.batches for frame in batch.frames]

    @property
    def numbers(self):
        return [frame.number for frame in self.frames]


@pytest.fixture(scope="module")
def clip(tmp_path_factory):
    return film(tmp_path_factory.mktemp("clips") / "clip.mp4", 4.0, CAR, tone_hz=440.0)


def fed(plain):
    return [
        [(frame.index, frame.pts_seconds, frame.rgb.tobytes()) for frame in batch.frames]
        for batch in plain.batches
    ]


@pytest.mark.parametrize("fields", [{}, {"dense": True}])
def test_a_forensic_detector_gets_the_same_batches_beside_footage(clip, fields):
    options = Options(passages=Passages(seconds=0.5, most=3), footage=FootageSettings(max_fps=25.0))
    alone, beside = Plain(card("alone", **fields)), Plain(card("beside", **fields))

    run(clip, alone, options=options)
    run(clip, beside, Watching(), options=options, detectors=["beside", "watching"])

    assert fed(beside) == fed(alone)


def test_footage_beside_forensic_detectors_changes_no_score_and_no_outcome(clip):
    names = ["spectrum", "dropped-frames", "hum"]

    alone, beside = (_examined(clip, asked) for asked in (names, [*names, "motion"]))

    scores = [one for one in of(ScoresMeasured, alone) if one.points]
    assert scores
    assert sorted(map(repr, of(ScoresMeasured, beside))) == sorted(map(repr, of(ScoresMeasured, alone)))
    assert [repr(ending(beside, name).assessment) for name in names] == [
        repr(ending(alone, name).assessment) for name in names
    ]
    assert replace(beside[-1].outcome, seen="") == alone[-1].outcome
    assert motions(beside)


def _examined(path, names):
    with examine(path, registry=Registry.load(NO_WEIGHTS.folder), detectors=names) as going:
        return list(going)


@pytest.mark.parametrize(
    ("settings", "numbers"),
    [
        ({"max_fps": 25.0}, list(range(100))),
        ({"max_fps": 25.0, "frame_skip": 4}, list(range(0, 100, 5))),
        ({}, [n for five in range(0, 100, 5) for n in (five, five + 3)]),
    ],
)
def test_footage_is_the_whole_file_at_its_rate(clip, settings, numbers):
    watching = Watching()

    seen = run(clip, watching, detectors=["watching"], options=Options(footage=FootageSettings(**settings)))

    assert watching.numbers == numbers
    assert [round(frame.pts_seconds * 25) for frame in watching.frames] == numbers
    assert {frame.tracks for frame in watching.frames} == {None}
    progress = of(DetectorProgressed, seen)
    assert (progress[0].total, progress[-1].done, progress[-1].unit) == (len(numbers), len(numbers), "frames")
    assert progress[-1].pts_seconds == pytest.approx(numbers[-1] / 25)


def test_frames_hold_the_tracks_that_are_followed_and_the_last_batch_those_that_are_left(clip):
    finder, watching = DrawnFinder(), Watching(follows=True)

    seen = watch(clip, watching, detectors=(), finder=finder)

    assert finder.looks == len(watching.frames) == 40
    entered = [event for frame in watching.frames for event in frame.events if event.action == "entered"]
    assert [event.track.class_name for event in entered] == ["car"]
    assert [event.action for event in watching.batches[-1].left] == ["left"]
    assert not any(batch.left for batch in watching.batches[:-1])
    assert {batch.found_by.name for batch in watching.batches} == {"drawn"}
    (prepared,) = of(Prepared, seen)
    assert prepared.plan.object_finder == ("drawn", "1", "")
    (started,) = [one for one in of(StageStarted, seen) if "objects" in one.message]
    assert [one.message for one in of(StageFinished, seen) if one.stage == started.stage] == [
        "1 objects followed in 40 frames."
    ]


def test_without_anybody_who_follows_objects_none_are_looked_for(clip):
    finder = DrawnFinder()

    seen = watch(clip, detectors=("motion",), finder=finder)

    assert finder.looks == 0
    assert of(Prepared, seen)[0].plan.object_finder is None


def test_what_was_examined_alone_is_decoded_no_other_way_beside_more(clip):
    watching, plain = Watching(), Plain()

    run(clip, watching, plain, detectors=["watching", "plain"])

    shared = {frame.number: frame.rgb for frame in watching.frames}
    both = [frame for batch in plain.batches for frame in batch.frames if frame.number in shared]
    assert both
    # one decoding, one copy: nobody's frame is made twice
    assert all(frame.rgb is shared[frame.number] for frame in both)


def test_damaged_frames_are_not_fed_and_the_outcome_names_the_damage(tmp_path):
    whole = film(tmp_path / "whole.mp4", 4.0, CAR)
    damaged = clips.lose_packet(whole, tmp_path / "damaged.mp4", after_key_at_seconds=2.0)
    watching = Watching()

    seen = run(
        damaged, watching, detectors=["watching"], options=Options(footage=FootageSettings(max_fps=25.0))
    )

    # the lost one, or what is predicted from it up to the next key picture
    assert [
        round(frame.pts_seconds * 25) for frame in watching.frames if 2.0 < frame.pts_seconds < 2.99
    ] == []
    assert [round(at.pts_seconds * 25) for at in watching.frames[:51]] == list(range(51))
    assert watching.frames[-1].pts_seconds == pytest.approx(99 / 25)
    assert seen[-1].outcome.sentence == "Not assessable: parts of the file could not be read."
    assert "damaged" in seen[-1].outcome.limit


def test_a_file_that_ends_in_the_middle_still_tells_what_left(tmp_path):
    whole = clips.write_video(
        tmp_path / "whole.mkv", seconds=4, fps=25, width=320, height=240, options={"g": "10"}
    )
    cut = tmp_path / "cut.mkv"
    cut.write_bytes(whole.read_bytes()[: whole.stat().st_size // 2])

    seen = watch(cut, detectors=("tracking",))

    assert ending(seen, "tracking").assessment.reason is Reason.REPORTS_FACTS
    assert len(tracks(seen, "entered")) == len(tracks(seen, "left"))


def test_what_cannot_be_read_at_all_is_told_as_such(tmp_path):
    path = tmp_path / "broken.mp4"
    path.write_bytes(b"\0\0\0\x18ftypmp42" + bytes(500))

    seen = watch(path)

    assert {one.assessment.reason for one in of(DetectorEnded, seen)} == {Reason.DECODE_ERROR}
    assert seen[-1].outcome.sentence == "Not assessable: the file could not be read."


def test_footage_alone_says_that_nobody_was_asked_to_judge(clip):
    outcome = watch(clip)[-1].outcome

    assert outcome.name is OutcomeName.NOT_ASSESSABLE
    assert outcome.sentence == "Nothing was to be assessed: only footage detectors were asked."
    assert outcome.why == "No detector that judges such a file was asked."
    assert outcome.limit == ""


def test_a_class_that_the_finder_does_not_know_is_named(clip):
    outcome = watch(clip, detectors=("tracking",), classes=frozenset({"car", "zebra"}))[-1].outcome

    assert outcome.limit == "drawn knows no zebra."


@pytest.mark.parametrize("detectors", [("motion",), ("motion", "tracking")])
def test_an_examination_of_footage_is_cancelled_at_once(tmp_path, detectors):
    path = film(tmp_path / "long.mp4", 20.0, CAR)
    asked = []
    registry = Registry.load(NO_WEIGHTS.folder)
    registry.find_objects = lambda _weights, _name, _threads: DrawnFinder()
    going = examine(path, registry=registry, detectors=detectors, cancelled=lambda: bool(asked))
    assert any(isinstance(seen, DetectorProgressed) and seen.done for seen in going)

    asked.append(True)
    began = time.monotonic()
    with pytest.raises(Cancelled):
        list(going)

    assert time.monotonic() - began < SOON_SECONDS
    assert going.close(SOON_SECONDS)


def test_a_finder_that_fails_costs_nobody_who_needs_no_objects(clip):
    class Breaking(DrawnFinder):
        def find(self, rgb):
            if self.looks == 20:
                raise ZeroDivisionError("of the finder")
            return super().find(rgb)

    seen = watch(clip, Plain(), finder=Breaking())

    tracking = ending(seen, "tracking")
    assert (tracking.assessment.reason, tracking.error_type) == (Reason.DETECTOR_FAILED, "ZeroDivisionError")
    assert ending(seen, "motion").assessment.facts["frames"] == 40
    assert ending(seen, "plain").assessment.score == 0.25


def test_a_finder_that_cannot_be_loaded_fails_those_who_need_it(clip):
    def broken(_weights, _name, _threads):
        raise ImportError("no runtime")

    modules = Registry.load(NO_WEIGHTS.folder)
    modules.find_objects = broken

    with examine(clip, registry=modules, detectors=("motion", "tracking")) as going:
        seen = list(going)

    assert ending(seen, "tracking").error_type == "ImportError"
    assert ending(seen, "motion").assessment.reason is Reason.REPORTS_FACTS


def test_a_finder_whose_weights_are_missing_is_named_and_costs_nobody_else(clip):
    def missing(_weights, _name, _threads):
        raise UnverifiedWeights("finder.onnx is not installed.")

    modules = Registry.load(NO_WEIGHTS.folder)
    modules.find_objects = missing

    with examine(clip, registry=modules, detectors=("motion", "tracking")) as going:
        seen = list(going)

    assert ending(seen, "tracking").assessment == NotAssessed(
        Reason.DETECTOR_MISSING, "finder.onnx is not installed."
    )
    assert ending(seen, "motion").assessment.reason is Reason.REPORTS_FACTS
    assert seen[-1].outcome.limit == "Object tracking was missing."


@pytest.mark.parametrize(
    "fields",
    [
        {"consumes": Consumes.FOOTAGE, "by_default": False},
        {"consumes": Consumes.FOOTAGE, "forensic": False},
        {"consumes": Consumes.FRAMES, "follows": True},
    ],
)
def test_a_card_that_says_otherwise_is_refused(fields):
    with pytest.raises(UnsoundCard):
        registry(Plain(card(**fields)))


def test_a_plan_on_record_names_who_found_objects_for_those_who_follow_them(clip):
    (prepared,) = of(Prepared, watch(clip, Plain()))
    plan = Plan.parse(json.loads(json.dumps(prepared.plan.as_json())))

    assert plan == prepared.plan
    assert plan.of(tracking.cards()[0]).object_finder == ("drawn", "1", "")
    assert plan.of(card()).object_finder is None
    other = replace(plan, object_finder=("drawn", "2", ""))
    assert looked_otherwise(plan, other, tracking.cards()[0]) == [
        "Objects were found by drawn 1 then, by drawn 2 now."
    ]


def test_a_plan_of_before_there_was_footage_can_still_be_read(clip):
    (prepared,) = of(Prepared, watch(clip, Plain(), detectors=()))
    old = {name: value for name, value in prepared.plan.as_json().items() if name != "object_finder"}

    assert Plan.parse(old) == prepared.plan
