"""Plates are found on drawn cars, read, and told from other writing; each belongs to its vehicle."""

import numpy as np
import pytest

from analysis.engine.analytics.plates.finding import PlateFinder, Vehicle, holding
from analysis.engine.analytics.plates.formats import built_in
from tests import plates
from tests.plates import View

AT = (320, 345)
CAR = Vehicle((0.15, 0.18, 0.85, 0.95), "car", 1)


def texts(found):
    return [one.reading.text for one in found]


def car_with(text, layout, view, *, colour=(120, 30, 35)):
    return plates.put(plates.car(colour=colour), text, layout, view, centre=AT)


def overlap(one, box, size=(640, 480)):
    left, top, right, bottom = (value * side for value, side in zip(one, size * 2, strict=True))
    across = max(0.0, min(right, box[2]) - max(left, box[0]))
    down = max(0.0, min(bottom, box[3]) - max(top, box[1]))
    both = (right - left) * (bottom - top) + (box[2] - box[0]) * (box[3] - box[1])
    return across * down / (both - across * down)


@pytest.mark.parametrize(
    ("text", "layout", "country"),
    [
        ("M AB 1234", plates.GERMANY, "DE"),
        ("RK 708AC", plates.SLOVAKIA, "SK"),
        ("AB12 CDE", plates.BRITAIN, "GB"),
        ("AB 123 CD", plates.FRANCE, "FR"),
        ("PJB 2414", plates.BRAZIL, "BR"),
        ("CWW 2245", plates.TEXAS, "US"),
    ],
)
def test_plates_of_many_countries_are_read_and_located(finder, text, layout, country):
    colour = (225, 225, 225) if layout.strip else (120, 30, 35)
    picture, box = car_with(text, layout, View(px_per_mm=0.35, yaw=15, pitch=8, noise=4), colour=colour)

    [found] = finder.everywhere(picture)

    assert found.reading.text == text.replace(" ", "")
    assert country in {one.region for one in found.reading.formats}
    assert overlap(found.box, box) > 0.6


@pytest.mark.parametrize(
    ("text", "layout"), [("ABC|1234", plates.MOTORCYCLE), ("M AB|1234", plates.GERMAN_TWO_ROWS)]
)
def test_two_rows_are_one_plate(finder, text, layout):
    picture, box = car_with(text, layout, View(px_per_mm=0.35))

    [found] = finder.everywhere(picture)

    assert found.reading.text == text.replace("|", "").replace(" ", "")
    assert overlap(found.box, box) > 0.5


def test_a_small_plate_is_read_on_its_enlarged_vehicle(reader):
    street = np.full((1080, 1920, 3), 110, np.uint8)
    small, _ = plates.put(
        plates.car((240, 180)), "AB12 CDE", plates.BRITAIN, View(px_per_mm=0.13), centre=(120, 129)
    )
    street[600:780, 900:1140] = small
    vehicle = Vehicle((900 / 1920, 600 / 1080, 1140 / 1920, 780 / 1080), "car", 4)
    finder = PlateFinder(reader, built_in())

    on_vehicle = finder.on_vehicle(street, vehicle, (vehicle,))
    everywhere = finder.everywhere(street, (vehicle,))

    assert texts(on_vehicle) == texts(everywhere) == ["AB12CDE"]
    assert on_vehicle[0].vehicle == vehicle


def test_each_of_several_plates_belongs_to_its_vehicle(finder):
    left, _ = car_with("M AB 1234", plates.GERMANY, View(px_per_mm=0.35))
    right, _ = car_with("AB12 CDE", plates.BRITAIN, View(px_per_mm=0.35))
    picture = np.hstack([left, right])
    lorry = Vehicle((0.0, 0.0, 1.0, 1.0), "truck", 3)
    cars = (Vehicle((0.05, 0.1, 0.45, 0.95), "car", 1), Vehicle((0.55, 0.1, 0.95, 0.95), "car", 2))

    found = finder.everywhere(picture, (lorry, *cars))

    assert {(one.reading.text, one.vehicle.track) for one in found} == {("MAB1234", 1), ("AB12CDE", 2)}
    assert texts(finder.on_vehicle(picture, cars[1], (lorry, *cars))) == ["AB12CDE"]


def test_the_smallest_vehicle_that_holds_it_has_the_plate():
    lorry, car = Vehicle((0, 0, 1, 1), "truck"), Vehicle((0.4, 0.4, 0.6, 0.6), "car")

    assert holding((lorry, car), (0.45, 0.5, 0.5, 0.52)) == car
    assert holding((lorry, car), (0.1, 0.1, 0.2, 0.12)) == lorry
    assert holding((car,), (0.1, 0.1, 0.2, 0.12)) is None


@pytest.mark.parametrize(
    "words",
    [
        ["2014-05-12 06:30:01"],
        ["06:30:01"],
        ["(314) 429-5800"],
        ["Tel 0711 123456"],
        ["CAFE CENTRAL"],
        ["Ausfahrt 24"],
        ["ROAD CLOSED", "AB12 CDE", "KEEP LEFT"],
    ],
)
def test_other_writing_is_no_plate(finder, words):
    picture = plates.car()
    for row, text in enumerate(words):
        picture = plates.writing(picture, text, (320, 40 + 42 * row), 26)

    assert finder.everywhere(picture) == []


def test_the_same_row_on_a_plate_is_one(finder):
    picture, _ = plates.put(plates.car(), "AB12 CDE", plates.BRITAIN, View(px_per_mm=0.35), centre=(320, 345))

    assert texts(finder.everywhere(picture)) == ["AB12CDE"]


def test_writing_on_the_windscreen_is_no_plate(finder):
    picture = plates.writing(plates.car(), "AB12 CDE", (320, 160), 26)

    assert texts(finder.everywhere(picture)) == ["AB12CDE"]
    assert finder.everywhere(picture, (CAR,)) == []


def test_lookalikes_are_settled_by_the_countries_that_were_given(reader):
    picture, _ = car_with("BA 302OZ", plates.SLOVAKIA, View(px_per_mm=0.35))

    [found] = PlateFinder(reader, built_in().only(["SK"])).everywhere(picture)

    assert found.reading.text == "BA302OZ"
    assert [one.sign for one in found.reading.characters if one.settled] in (["O"], ["O", "Z"])


def test_the_same_picture_gives_the_same_plates(finder):
    picture, _ = car_with("M AB 1234", plates.GERMANY, View(px_per_mm=0.25, blur_px=1.2, noise=8))

    first = finder.everywhere(picture)
    finder.everywhere(plates.car(seed=3))

    assert finder.everywhere(picture) == first


@pytest.mark.parametrize("size", [(1, 1), (3, 5000), (5000, 3), (9, 9)])
def test_pictures_of_any_size_have_an_answer(finder, size):
    picture = np.zeros((*size, 3), np.uint8)

    assert finder.everywhere(picture, (CAR,)) == []
    assert finder.on_vehicle(picture, CAR, (CAR,)) == []


def test_a_vehicle_of_no_pixels_has_no_plate(finder):
    speck = Vehicle((0.5, 0.5, 0.5001, 0.5001), "car", 9)

    assert finder.on_vehicle(plates.car(), speck, (speck,)) == []
