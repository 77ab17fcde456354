"""Plates in drawn footage are told once, of the frame in which they were read best, with the vehicle they are on."""

import io
from collections.abc import Iterable

import numpy as np
import pytest
from PIL import Image

from analysis.engine.analytics.objects import Track, TrackAction, TrackEvent
from analysis.engine.analytics.plates.rapid import RapidReader
from analysis.engine.detectors.anpr_session import PlateSession
from analysis.engine.types import (
    FootageBatch,
    FootageFrame,
    FootageSettings,
    PlateTold,
    Reason,
    SnapshotPolicy,
)
from tests import clips, plates
from tests.analysis.engine.footage import COLOURS, watch
from tests.analysis.engine.plugins import ending
from tests.plates import Layout, View

SIZE = (400, 300)
PLATE_AT = (200, 215)
CAR = (0.14, 0.18, 0.86, 0.95)
CLEAR = View(px_per_mm=0.25)
BLURRED = View(px_per_mm=0.25, blur_px=2.5)


@pytest.fixture(scope="module")
def reader():
    return RapidReader()


def picture(text: str = "AB12 CDE", layout: Layout = plates.BRITAIN, view: View = CLEAR) -> np.ndarray:
    return plates.put(plates.car(SIZE), text, layout, view, centre=PLATE_AT)[0]


def track(number: int, at: float, box=CAR, name: str = "car") -> Track:
    return Track(number, name, 0.9, box, at, box, 0.0)


def frame(number: int, rgb: np.ndarray, *tracks: Track, left: Iterable[Track] = ()) -> FootageFrame:
    events = tuple(TrackEvent(TrackAction.LEFT, one) for one in left)
    return FootageFrame(number, number / 5, rgb, tracks, events)


def told(session: PlateSession, *frames: FootageFrame, left: Iterable[Track] = ()) -> list[PlateTold]:
    ends = tuple(TrackEvent(TrackAction.LEFT, one) for one in left)
    seen = [one for each in frames for one in session.feed(FootageBatch((each,)))]
    return [*seen, *session.feed(FootageBatch((), ends)), *session.drain()]


def test_a_plate_is_told_once_with_its_signs_vehicle_and_frame(reader):
    session = PlateSession(reader, FootageSettings(), still=False)
    frames = [frame(number, picture(), track(1, number / 5)) for number in range(6)]

    [plate] = told(session, *frames, left=[track(1, 1.0)])

    assert (plate.plate, plate.track, plate.vehicle_class, plate.vehicle_box) == ("AB12CDE", 1, "car", CAR)
    assert [one.sign for one in plate.signs] == list("AB12CDE")
    assert all(one.confidence > 0.9 for one in plate.signs)
    assert plate.reads == 3
    assert plate.doubt == ""
    assert "GB" in plate.regions
    assert plate.pts_seconds == plate.frame / 5
    middle = (plate.box[0] + plate.box[2]) / 2, (plate.box[1] + plate.box[3]) / 2
    assert middle == pytest.approx((0.5, 215 / 300), abs=0.03)


def test_a_blurred_first_read_never_wins(reader):
    session = PlateSession(reader, FootageSettings(), still=False)
    # as a reader takes what is blurred: another sign, and less sure
    misread = picture("AB12 CUE", view=BLURRED)
    blurred = [frame(number, misread, track(1, number / 5)) for number in range(2)]
    clear = [frame(number, picture(), track(1, number / 5)) for number in range(2, 9)]

    [plate] = told(session, *blurred, *clear, left=[track(1, 1.6)])

    assert plate.plate == "AB12CDE"
    assert plate.frame >= 2
    assert [text for text, _ in plate.candidates] == ["AB12CUE"]


def test_the_snapshot_is_the_very_frame_of_the_read(reader):
    session = PlateSession(reader, FootageSettings(), still=False)
    frames = [frame(number, shade(picture(), number), track(1, number / 5)) for number in range(6)]

    [plate] = told(session, *frames)

    clean = np.asarray(Image.open(io.BytesIO(plate.snapshot.clean)).convert("RGB"))
    boxed = np.asarray(Image.open(io.BytesIO(plate.snapshot.boxed)).convert("RGB"))
    assert round(float(clean[:20, :20].mean()) / 20) == plate.frame
    assert clean.shape == boxed.shape
    assert not np.array_equal(clean, boxed)


def shade(rgb: np.ndarray, number: int) -> np.ndarray:
    """The picture with its number as the brightness of a corner."""
    rgb[:20, :20] = 20 * number
    return rgb


def test_no_snapshot_is_kept_where_none_is_wanted(reader):
    session = PlateSession(reader, FootageSettings(snapshots=SnapshotPolicy.NONE), still=False)

    [plate] = told(session, *(frame(number, picture(), track(1, number / 5)) for number in range(4)))

    assert plate.snapshot is None


def test_the_same_plate_on_another_track_waits_for_the_cooldown(reader):
    def seen_again_at(second: int) -> int:
        session = PlateSession(reader, FootageSettings(plate_cooldown_seconds=30.0), still=False)
        numbers = (*range(3), *range(second * 5, second * 5 + 3))
        frames = [frame(one, picture(), track(1 if one < 3 else 2, one / 5)) for one in numbers]
        return len(told(session, *frames))

    assert seen_again_at(20) == 1
    assert seen_again_at(40) == 2


def test_a_vehicle_that_leaves_after_one_read_is_told_with_a_doubt(reader):
    session = PlateSession(reader, FootageSettings(), still=False)

    [plate] = told(
        session, frame(0, picture(), track(1, 0.0)), frame(1, plates.car(SIZE), left=[track(1, 0.0)])
    )

    assert plate.plate == "AB12CDE"
    assert plate.doubt == "3 reads have to agree on AB12CDE; so far 1"
    assert plate.frame == 0


def test_each_of_two_cars_has_its_plate(reader):
    session = PlateSession(reader, FootageSettings(), still=False)
    both = np.hstack([picture(), picture("M AB 1234", plates.GERMANY)])
    boxes = ((0.07, 0.18, 0.43, 0.95), (0.57, 0.18, 0.93, 0.95))
    frames = [
        frame(number, both, *(track(1 + one, number / 5, box) for one, box in enumerate(boxes)))
        for number in range(8)
    ]

    seen = told(session, *frames)

    assert {(one.plate, one.track) for one in seen} == {("AB12CDE", 1), ("MAB1234", 2)}


LOWER_HALF = ((0.0, 0.5), (1.0, 0.5), (1.0, 1.0), (0.0, 1.0))


@pytest.mark.parametrize("still", [True, False])
def test_what_a_mask_hides_is_never_read(reader, still):
    tracks = (track(1, 0.0),) if still else ()
    shown, hidden = (
        PlateSession(reader, FootageSettings(masks=masks), still=still) for masks in ((), (LOWER_HALF,))
    )
    frames = [FootageFrame(number, number / 5, picture(), tracks) for number in range(1 if still else 5)]

    assert len(told(shown, *frames)) == 1
    assert told(hidden, *frames) == []
    assert hidden.finish().facts["reads"] == 0


def test_a_mask_hides_nothing_beside_it_and_nothing_of_the_snapshot(reader):
    masks = (((0.0, 0.0), (0.5, 0.0), (0.0, 0.4)), ((0.0, 0.0), (0.5, 0.0), (0.5, 0.4)))
    session = PlateSession(reader, FootageSettings(masks=masks), still=True)
    rgb = picture()
    before = rgb.copy()

    [plate] = told(session, FootageFrame(0, 0.0, rgb, (track(1, 0.0),)))

    clean = np.asarray(Image.open(io.BytesIO(plate.snapshot.clean)).convert("RGB"))
    assert plate.plate == "AB12CDE"
    assert np.array_equal(rgb, before)
    assert clean[:100, :100].mean() > 100


class Counting:
    """The reader, and in how many pictures it looked for rows."""

    def __init__(self, reader: RapidReader) -> None:
        self._reader, self.finds, self.name = reader, 0, reader.name

    def find(self, rgb):
        self.finds += 1
        return self._reader.find(rgb)

    def read(self, rows):
        return self._reader.read(rows)


def test_of_many_vehicles_one_is_looked_at_in_a_frame(reader):
    counting = Counting(reader)
    session = PlateSession(counting, FootageSettings(), still=False)
    cars = [track(number, 0.0) for number in range(1, 7)]
    rgb = plates.car(SIZE)

    for number in range(6):
        told(session, FootageFrame(number, number / 5, rgb, tuple(cars)))

    assert counting.finds == 6


def test_a_plate_without_a_vehicle_is_not_looked_at_once_its_reads_agree(reader):
    counting = Counting(reader)
    session = PlateSession(counting, FootageSettings(), still=False)
    rgb = picture()

    for number in range(20):
        list(session.feed(FootageBatch((FootageFrame(number, number / 5, rgb),))))

    assert counting.finds <= 4


def test_where_no_vehicle_is_known_the_frame_is_read(reader):
    session = PlateSession(reader, FootageSettings(), still=False)
    frames = [FootageFrame(number, number / 5, picture()) for number in range(8)]

    [plate] = told(session, *frames)

    assert (plate.plate, plate.track, plate.vehicle_box) == ("AB12CDE", None, None)
    assert plate.doubt == "it stands on no vehicle that was found"


@pytest.mark.parametrize("words", ["CAM 01", "GATE 12", "ISO 9001"])
def test_words_burnt_into_footage_are_no_plates(reader, words):
    session = PlateSession(reader, FootageSettings(), still=False)
    street = plates.writing(plates.car(SIZE), words, (80, 280), 22)

    assert told(session, *(FootageFrame(number, number / 5, street) for number in range(7))) == []


def test_a_frame_around_words_that_stand_still_makes_no_plate_of_them(reader):
    session = PlateSession(reader, FootageSettings(), still=False)
    boxed = plates.put(plates.car(SIZE), "AB12 CDE", plates.BRITAIN, CLEAR, centre=(80, 280))[0]

    def at(number: int) -> FootageFrame:
        rgb = boxed.copy()
        rgb[100:200, 20 * number : 20 * number + 60] = 250
        return FootageFrame(number, number / 5, rgb)

    assert told(session, *map(at, range(15))) == []


def test_a_plate_without_a_vehicle_that_drives_on_is_told_once(reader):
    session = PlateSession(reader, FootageSettings(), still=False)
    frames = [
        FootageFrame(number, number / 5, np.roll(picture(), 12 * number, axis=1)) for number in range(8)
    ]

    [plate] = told(session, *frames)

    assert (plate.plate, plate.doubt) == ("AB12CDE", "it stands on no vehicle that was found")
    assert session.finish().facts["reads"] <= 4


def test_a_taxis_number_is_not_told_in_place_of_its_plate(reader):
    session = PlateSession(reader, FootageSettings(), still=False)
    taxi = plates.writing(picture("AB12 CDE"), "TAXI 123", (200, 150), 22)

    [plate] = told(session, *(frame(number, taxi, track(1, number / 5)) for number in range(8)))

    assert plate.plate == "AB12CDE"


def test_a_taxis_number_alone_is_told_with_a_doubt(reader):
    session = PlateSession(reader, FootageSettings(), still=True)

    [taxi] = told(session, FootageFrame(0, 0.0, picture("TAXI 123"), (track(1, 0.0),)))

    assert (taxi.plate, taxi.doubt) == (
        "TAXI123",
        "it spells TAXI, as vehicles are lettered beside their plate",
    )


def test_people_are_no_vehicles(reader):
    session = PlateSession(reader, FootageSettings(), still=False)
    frames = [frame(number, picture(), track(1, number / 5, name="person")) for number in range(8)]

    [plate] = told(session, *frames)

    assert (plate.track, plate.vehicle_class) == (None, "")


def test_of_a_picture_one_read_suffices(reader):
    session = PlateSession(reader, FootageSettings(), still=True)

    [plate] = told(session, FootageFrame(0, 0.0, picture(), (track(1, 0.0),)))

    assert (plate.plate, plate.reads, plate.doubt, plate.track) == ("AB12CDE", 1, "", 1)


def test_what_several_countries_spell_differently_is_a_doubt_until_one_is_chosen(reader):
    either = picture("BA 302OZ", plates.SLOVAKIA)

    [chosen] = told(
        PlateSession(reader, FootageSettings(plate_regions=("SK",)), still=True),
        FootageFrame(0, 0.0, either),
    )

    assert chosen.plate == "BA302OZ"
    assert chosen.region == "SK"
    assert [one.sign for one in chosen.signs if one.read_as] in (["O"], ["O", "Z"], [])


def test_a_burnt_in_clock_is_no_plate(reader):
    session = PlateSession(reader, FootageSettings(), still=False)
    street = plates.writing(plates.car(SIZE), "2014-05-12 06:30:01", (200, 20), 18)

    assert told(session, *(FootageFrame(number, number / 5, street) for number in range(7))) == []


def test_a_vehicle_is_read_a_few_times_a_second_and_no_more_once_it_is_told(reader):
    session = PlateSession(reader, FootageSettings(), still=False)
    rgb = picture()
    frames = [FootageFrame(number, number / 50, rgb, (track(1, number / 50),)) for number in range(60)]

    told(session, *frames)

    assert session.finish().facts["reads"] == 3


def test_it_ends_with_what_it_read(reader):
    session = PlateSession(reader, FootageSettings(), still=True)
    told(session, FootageFrame(0, 0.0, picture()))

    ended = session.finish()

    assert ended.reason is Reason.REPORTS_FACTS
    assert ended.detail == "1 number plate was read."
    assert ended.facts["plates"] == 1
    assert ended.facts["read"][0]["plate"] == "AB12CDE"


def test_a_whole_examination_of_a_picture_tells_its_plate_on_its_vehicle(tmp_path):
    path = tmp_path / "car.png"
    rgb = plates.put(
        plates.car(SIZE, colour=COLOURS["car"]), "AB12 CDE", plates.BRITAIN, CLEAR, centre=PLATE_AT
    )[0]
    Image.fromarray(rgb).save(path)

    seen = watch(path, detectors=("anpr",))

    [plate] = [one for one in seen if isinstance(one, PlateTold)]
    assert (plate.plate, plate.vehicle_class, plate.frame) == ("AB12CDE", "car", 0)
    assert plate.vehicle_box[0] < plate.box[0] and plate.box[2] < plate.vehicle_box[2]
    assert ending(seen, "anpr").assessment.facts["plates"] == 1


def test_a_whole_examination_of_a_video_tells_the_plate_once(tmp_path):
    rgb = plates.put(
        plates.car((320, 180), colour=COLOURS["car"]), "AB12 CDE", plates.BRITAIN, CLEAR, centre=(160, 128)
    )[0]
    path = clips.write_video(
        tmp_path / "car.mp4", seconds=2.0, fps=10, frames=[rgb] * 20, width=320, height=180
    )

    seen = watch(path, detectors=("anpr",))

    [plate] = [one for one in seen if isinstance(one, PlateTold)]
    assert (plate.plate, plate.track, plate.doubt) == ("AB12CDE", 1, "")
    assert ending(seen, "anpr").assessment.detail == "1 number plate was read."


@pytest.mark.parametrize("size", [(1, 1), (2, 900), (900, 2)])
def test_frames_of_any_size_are_survived(reader, size):
    session = PlateSession(reader, FootageSettings(), still=False)
    rgb = np.zeros((*size, 3), np.uint8)

    assert told(session, frame(0, rgb, track(1, 0.0)), FootageFrame(1, 0.2, rgb)) == []
