"""Objects in drawn footage of known truth, found, followed, counted and pictured through whole examinations."""

import io
from dataclasses import dataclass, replace

import numpy as np
import pytest
from PIL import Image

from analysis.engine.analytics.objects import Detection, TrackerSettings
from analysis.engine.analytics.zones import Line, Polygon, Zone
from analysis.engine.detectors.track_counts import LEAST_FRAMES
from analysis.engine.pipeline import examine
from analysis.engine.registry import Registry
from analysis.engine.types import Pixels, Reason, SnapshotPolicy
from tests import clips
from tests.analysis.engine.footage import COLOURS, DrawnFinder, Mover, film, pictures, tracks, watch
from tests.analysis.engine.plugins import ending

ABOUT = 0.15  # frames of footage are a tenth of a second apart
# two cars to the right, one after the other, and a person to the left below them
FIRST = Mover("car", (-0.07, 0.3), (0.285, 0.0), enters=1.0)
SECOND = Mover("car", (-0.07, 0.3), (0.285, 0.0), enters=7.0)
PERSON = Mover("person", (1.07, 0.7), (-0.285, 0.0), enters=4.0, size=(20, 40))
GATE = Line("gate", (0.5, 1.0), (0.5, 0.0))  # seen from below: whoever goes right crosses to the right
YARD = Zone("yard", Polygon(((0.25, 0.0), (0.75, 0.0), (0.75, 1.0), (0.25, 1.0))))
TOP = ((0.0, 0.0), (1.0, 0.0), (1.0, 0.5), (0.0, 0.5))


@pytest.fixture(scope="module")
def clip(tmp_path_factory):
    return film(tmp_path_factory.mktemp("clips") / "clip.mp4", 14.0, FIRST, SECOND, PERSON)


@pytest.fixture(scope="module")
def seen(clip):
    return seen_in(clip)


def seen_in(path, **settings):
    return watch(path, detectors=("tracking",), **settings)


def facts(seen):
    return ending(seen, "tracking").assessment.facts


def test_each_object_enters_once_and_leaves_once(seen):
    entered, left = tracks(seen, "entered"), tracks(seen, "left")
    assert [(one.track, one.class_name) for one in entered] == [(1, "car"), (2, "person"), (3, "car")]
    assert sorted((one.track, one.class_name) for one in left) == [(1, "car"), (2, "person"), (3, "car")]
    # told with the third sighting
    assert [one.pts_seconds for one in entered] == pytest.approx([1.35, 4.3, 7.35], abs=ABOUT)
    assert [one.pts_seconds for one in left] == pytest.approx([4.9, 7.9, 10.9], abs=ABOUT)
    assert [one.dwell_seconds for one in left] == pytest.approx([3.8, 3.8, 3.8], abs=2 * ABOUT)
    assert {one.model for one in tracks(seen)} == {("drawn", "1")}


def test_updates_come_about_once_a_second_and_name_their_frame(seen):
    told = [one for one in tracks(seen) if one.track == 1]

    assert [one.action for one in told] == ["entered", "updated", "updated", "updated", "left"]
    assert all(one.frame == round(one.pts_seconds * 25) for one in told)
    # where the box was drawn in that frame
    for one in told[1:-1]:
        middle = (one.box[0] + one.box[2]) / 2
        assert middle == pytest.approx(-0.07 + 0.285 * (one.frame / 25 - 1.0), abs=0.01)


def test_the_ending_counts_by_class(seen):
    assessment = ending(seen, "tracking").assessment

    assert assessment.reason is Reason.REPORTS_FACTS
    assert assessment.detail == "2 cars and 1 person were followed."
    told = assessment.facts
    assert (told["tracks"], told["classes"], told["most_at_once"]) == (3, {"car": 2, "person": 1}, 2)
    assert told["finder"]["name"] == "drawn"
    assert told["finder"]["cannot_see"] == DrawnFinder().blind


def test_who_crosses_a_line_is_counted_by_direction(clip):
    seen = seen_in(clip, lines=(GATE,))

    crossings = [one for one in tracks(seen, "updated") if one.line]
    assert [(one.track, one.line) for one in crossings] == [
        (1, ("gate", "to_right")),
        (2, ("gate", "to_left")),
        (3, ("gate", "to_right")),
    ]
    assert [one.pts_seconds for one in crossings] == pytest.approx([3.0, 6.0, 9.0], abs=ABOUT)
    assert facts(seen)["lines"] == {"gate": {"to_right": 2, "to_left": 1}}


def test_a_zone_is_entered_and_left_after_a_while(clip):
    seen = seen_in(clip, zones=(YARD,))

    visits = [(one.track, one.zone[1], one.pts_seconds) for one in tracks(seen, "updated") if one.zone]
    assert [visit[:2] for visit in visits if visit[0] == 1] == [(1, "entered"), (1, "left")]
    assert [at for track, _, at in visits if track == 1] == pytest.approx([2.1, 3.9], abs=2 * ABOUT)
    inside = [one.zone[2] for one in tracks(seen, "updated") if one.zone and one.zone[1] == "left"]
    assert inside == pytest.approx([1.75, 1.75, 1.75], abs=ABOUT)
    told = facts(seen)["zones"]["yard"]
    assert (told["visits"], told["classes"]) == (3, {"car": 2, "person": 1})


def test_who_stays_in_a_zone_leaves_it_when_the_footage_ends(tmp_path):
    path = film(tmp_path / "stays.mp4", 4.0, Mover("person", (0.5, 0.5), enters=1.0))

    seen = seen_in(path, zones=(YARD,))

    told = [(one.action, one.zone and one.zone[1]) for one in tracks(seen)]
    assert told[0] == ("entered", None)
    assert told[-2:] == [("updated", "left"), ("left", None)]
    assert tracks(seen)[-1].pts_seconds == pytest.approx(3.92)


def test_only_the_classes_that_were_asked_for_are_followed(clip):
    seen = seen_in(clip, classes=frozenset({"person"}))

    assert [one.class_name for one in tracks(seen, "entered")] == ["person"]
    assert ending(seen, "tracking").assessment.detail == "1 person was followed."


@dataclass
class Mistaken(DrawnFinder):
    """Takes every car for furniture."""

    classes: frozenset[str] = frozenset({"couch", "person"})

    def find(self, rgb: Pixels) -> tuple[Detection, ...]:
        found = super().find(rgb)
        return tuple(replace(one, class_name="couch") if one.class_name == "car" else one for one in found)


@pytest.mark.parametrize(
    ("wished", "followed"), [(frozenset(), {"person"}), (frozenset({"couch"}), {"couch"})]
)
def test_furniture_is_followed_only_where_it_was_named(clip, wished, followed):
    seen = seen_in(clip, finder=Mistaken(), classes=wished)

    assert {one.class_name for one in tracks(seen, "entered")} == followed


def test_what_stands_in_a_mask_is_not_looked_at(clip):
    seen = seen_in(clip, masks=(TOP,))

    assert [one.class_name for one in tracks(seen, "entered")] == ["person"]


@pytest.mark.parametrize("least", [0.0, 2.0])
def test_what_dwells_too_short_does_not_enter(tmp_path, least):
    passing = Mover("person", (0.5, 0.5), enters=1.0, leaves=2.0)
    path = film(tmp_path / "short.mp4", 4.0, passing, Mover("car", (0.2, 0.5)))

    seen = seen_in(path, least_dwell_seconds=least)

    assert [one.class_name for one in tracks(seen, "entered")] == ["car", "person"][: 1 if least else 2]


@pytest.mark.parametrize(
    ("rate", "looks"), [({"max_fps": 25.0}, 350), ({"max_fps": 5.0}, 70), ({"frame_skip": 1}, 70)]
)
def test_the_same_objects_are_counted_at_any_rate(clip, rate, looks):
    finder = DrawnFinder()

    seen = seen_in(clip, finder=finder, lines=(GATE,), **rate)

    assert finder.looks == looks
    assert facts(seen)["classes"] == {"car": 2, "person": 1}
    assert facts(seen)["lines"] == {"gate": {"to_right": 2, "to_left": 1}}


def test_a_picture_is_told_by_what_is_in_it(tmp_path):
    (picture,) = pictures(1, Mover("car", (0.3, 0.3)), Mover("person", (0.7, 0.7)), fps=1)
    path = tmp_path / "still.png"
    Image.fromarray(picture).save(path)

    seen = seen_in(path, least_dwell_seconds=5.0)

    told = [(one.action, one.class_name, one.frame, one.dwell_seconds) for one in tracks(seen)]
    assert sorted(told) == [("entered", "car", 0, 0.0), ("entered", "person", 0, 0.0)]
    assert ending(seen, "tracking").assessment.detail == "1 car and 1 person were in the picture."
    assert all(one.snapshot for one in tracks(seen, "entered"))


def test_a_picture_with_nothing_in_it_says_so(tmp_path):
    seen = seen_in(clips.write_image(tmp_path / "still.png"))

    assert tracks(seen) == []
    assert ending(seen, "tracking").assessment.detail == "No object was in the picture."


def opened(content):
    return np.asarray(Image.open(io.BytesIO(content)).convert("RGB"), np.int16)


def test_snapshots_show_the_very_frame_that_is_named(clip):
    told = [one for one in tracks(seen_in(clip, snapshots=SnapshotPolicy.ALL)) if one.snapshot]
    truth = list(pictures(14.0, FIRST, SECOND, PERSON))

    assert {one.action for one in told} == {"entered", "updated", "left"}
    for one in told:
        clean = opened(one.snapshot.clean)
        near = range(max(0, one.frame - 30), min(350, one.frame + 30))
        apart = {number: float(np.abs(clean - truth[number]).mean()) for number in near}
        assert min(apart, key=apart.get) == one.frame
        left, top, right, bottom = one.box
        inside = clean[
            round(top * 180) + 3 : round(bottom * 180) - 3, round(left * 320) + 3 : round(right * 320) - 3
        ]
        if inside.size:
            assert np.abs(inside.mean(axis=(0, 1)) - COLOURS[one.class_name]).max() < 40


@pytest.mark.parametrize(("policy", "pictured"), [("none", set()), ("first", {"entered"})])
def test_snapshots_are_taken_as_they_are_wanted(clip, policy, pictured):
    told = tracks(seen_in(clip, snapshots=SnapshotPolicy(policy)))

    assert {one.action for one in told if one.snapshot} == pictured


def test_a_crowd_gets_no_more_than_a_few_snapshots_a_second(tmp_path):
    # one more each fifth of a second
    crowd = [
        Mover("person", (0.1 + 0.08 * (n % 11), 0.2 + 0.4 * (n // 11)), enters=1 + n / 5, size=(12, 30))
        for n in range(20)
    ]
    path = film(tmp_path / "crowd.mp4", 6.0, *crowd)

    told = tracks(seen_in(path, snapshots=SnapshotPolicy.ALL))

    assert len([one for one in told if one.action == "entered"]) == 20
    pictured = {one.frame for one in told if one.snapshot}
    assert all(sum(second <= frame / 25 < second + 1 for frame in pictured) <= 5 for second in range(6))
    assert len(pictured) >= 8


def test_nothing_found_is_nothing_followed(tmp_path):
    seen = seen_in(film(tmp_path / "empty.mp4", 2.0))

    assert ending(seen, "tracking").assessment.detail == "No object was followed."


def test_the_card_names_the_finder_that_is_in_use(tmp_path):
    told = Registry.load(tmp_path).state("tracking").card.preprocessing

    assert "Objects found by opencv-people (upright people only) unless another is named." in told


def test_the_card_names_the_best_finder_whose_weights_are_here(weights_dir):
    told = Registry.load(weights_dir).state("tracking").card.preprocessing

    assert "Objects found by YOLOX-nano (object finder) 695e750a5d57 unless another is named." in told


def test_people_in_a_real_picture_are_told(media_dir, weights_dir):
    path = media_dir / "image" / "deepface_selfie_many_people_real.jpg"

    with examine(path, registry=Registry.load(weights_dir), detectors=["tracking"]) as going:
        seen = list(going)

    told = facts(seen)
    assert told["classes"]["person"] >= 3
    assert told["finder"]["name"] == "yolox-nano"
    assert {one.model[0] for one in tracks(seen)} == {"yolox-nano"}


def test_where_nothing_could_have_been_followed_nothing_is_said_of_objects(tmp_path):
    path = film(tmp_path / "clip.mp4", 0.1, Mover("car", (0.5, 0.3), (0.0, 0.0)))
    told = ending(seen_in(path), "tracking").assessment

    assert told.reason is Reason.TOO_SHORT
    assert "an object is followed from the 3rd on" in told.detail
    assert TrackerSettings().confirm_hits == LEAST_FRAMES
