"""The published nets find in real pictures what their original implementations find."""

from concurrent.futures import ThreadPoolExecutor

import cv2
import numpy as np
import pytest

from analysis.engine.analytics.detection import best_finder
from analysis.engine.weights import WeightStore
from tests.analysis.engine.analytics.drawn_footage import ground

# the car of the golden file's detections, in pixels of 1024 x 640
CAR = (229.643234, 60.6617699, 779.575928, 406.526978)


@pytest.fixture(scope="module")
def car(media_dir):
    return read(media_dir / "plates" / "us_wts-lg-000021.jpg")


@pytest.fixture(scope="module")
def street(media_dir):
    return read(media_dir / "plates" / "cn_hyperlpr_test.jpg")


@pytest.fixture(scope="module")
def store(weights_dir):
    return WeightStore(weights_dir)


def read(path):
    return np.ascontiguousarray(cv2.imread(str(path))[:, :, ::-1])


def in_pixels(box, rgb):
    return tuple(side * size for side, size in zip(box, rgb.shape[1::-1] * 2, strict=True))


def test_yolox_finds_the_car_where_the_original_does(store, car):
    (found,) = best_finder(store, name="yolox-nano").find(car)

    # a box may be half a pixel off, as the golden file allows
    assert in_pixels(found.box, car) == pytest.approx(CAR, abs=0.5)
    assert (found.class_name, found.confidence) == ("car", pytest.approx(0.828927636, abs=1e-3))


def test_fastestdet_finds_the_car_where_the_original_does(store, car):
    found = best_finder(store, name="fastestdet").find(car)

    # the original cuts to whole pixels: 239, 55, 758, 397
    assert in_pixels(found[0].box, car) == pytest.approx((239, 55, 758, 397), abs=1)
    assert (found[0].class_name, found[0].confidence) == ("car", pytest.approx(0.760428429, abs=1e-3))


def cars(found):
    return [one for one in found if one.class_name == "car" and one.confidence >= 0.5]


@pytest.mark.parametrize("name", ["yolox-nano", "fastestdet"])
def test_the_same_picture_gives_the_same_in_any_company(store, car, street, name):
    finder = best_finder(store, name=name, threads=2)
    alone = [finder.find(rgb) for rgb in (car, street)]

    with ThreadPoolExecutor(4) as pool:
        together = list(pool.map(finder.find, [car, street] * 6))

    assert together == alone * 6


@pytest.mark.parametrize("name", ["yolox-nano", "fastestdet"])
def test_the_number_of_threads_changes_nothing(store, street, name):
    one, two = (best_finder(store, name=name, threads=threads).find(street) for threads in (1, 2))

    assert [found.class_name for found in one] == [found.class_name for found in two]
    # sums are added in another order
    assert [found.box for found in two] == [pytest.approx(found.box, abs=1e-5) for found in one]


@pytest.mark.parametrize("name", ["yolox-nano", "fastestdet"])
@pytest.mark.parametrize("shape", [(1, 1), (1, 4000), (4000, 1), (7, 5)])
def test_odd_shapes_are_looked_at_all_the_same(store, name, shape):
    found = best_finder(store, name=name).find(np.full((*shape, 3), 200, np.uint8))

    assert isinstance(found, tuple)


def test_views_of_a_frame_are_pictures_too(store, car):
    finder = best_finder(store, name="yolox-nano")
    mirrored = car[:, ::-1]

    (found,) = [one for one in finder.find(mirrored) if one.confidence > 0.5]

    left, _, right, _ = in_pixels(found.box, car)
    # a mirrored car is another picture to the net: near the mirrored place, not on it
    assert (1024 - right, 1024 - left) == pytest.approx((CAR[0], CAR[2]), abs=25)


@pytest.mark.parametrize("name", ["yolox-nano", "fastestdet"])
def test_a_small_car_in_a_large_picture_is_found_in_its_parts_alone(store, car, name):
    large = ground(seed=9, width=2560, height=1440).copy()
    # the photograph at 1 / 3.2 of its size, in which the car is some 110 pixels high
    large[600:800, 1500:1820] = cv2.resize(car, (320, 200), interpolation=cv2.INTER_AREA)

    whole = cars(best_finder(store, name=name).find(large))
    parts = cars(best_finder(store, name=f"{name}-tiled").find(large))

    assert whole == []
    (found,) = parts
    left, top, right, bottom = (side / 3.2 for side in CAR)
    # a tenth of its width is near enough
    assert in_pixels(found.box, large) == pytest.approx(
        (1500 + left, 600 + top, 1500 + right, 600 + bottom), abs=17
    )
