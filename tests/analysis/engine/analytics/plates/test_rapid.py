"""The reader finds rows of writing and says of each sign how sure it is, whatever picture it gets."""

import numpy as np
import pytest

from analysis.engine.analytics.plates import rapid
from analysis.engine.analytics.plates.rows import cut, middle
from tests import plates
from tests.plates import View


def row_of(reader, picture):
    [quad] = reader.find(picture)
    return quad


def test_a_row_is_found_where_it_stands_and_read(reader):
    picture, box = plates.seen_with_box("AB12 CDE", plates.BRITAIN, View(px_per_mm=0.5))

    quad = row_of(reader, picture)
    [said] = reader.read([cut(picture, quad)])

    x, y = middle(quad)
    assert (x, y) == pytest.approx(((box[0] + box[2]) / 2, (box[1] + box[3]) / 2), abs=6)
    assert said.text.replace(" ", "") == "AB12CDE"
    assert len(said.confidences) == len(said.alternatives) == len(said.places) == len(said.text)
    assert all(0.9 < confidence <= 1 for confidence in said.confidences)
    assert list(said.places) == sorted(said.places)
    assert said.places[0] < 0.25 and said.places[-1] > 0.75


def test_a_turned_row_tells_its_angle(reader):
    from analysis.engine.analytics.plates.writing import Line

    picture = plates.seen("AB12 CDE", plates.BRITAIN, View(px_per_mm=0.5, roll=12))

    quad = row_of(reader, picture)

    [said] = reader.read([cut(picture, quad)])
    assert abs(Line(quad, said).angle_degrees) == pytest.approx(12, abs=3)


def test_a_spoilt_sign_is_less_sure_and_names_what_else_it_may_be(reader):
    clear = plates.seen("AB12 CDE", plates.BRITAIN, View(px_per_mm=0.5))
    blurred = plates.seen("AB12 CDE", plates.BRITAIN, View(px_per_mm=0.2, blur_px=3.2))
    quad = row_of(reader, clear)
    small = tuple((320 + (x - 320) * 0.4, 240 + (y - 240) * 0.4) for x, y in quad)

    [sure], [unsure] = reader.read([cut(clear, quad)]), reader.read([cut(blurred, small)])

    assert min(unsure.confidences) < min(sure.confidences)
    assert any(unsure.alternatives)


def test_a_row_is_read_alike_alone_and_in_company(reader):
    picture = plates.seen("M AB 1234", plates.GERMANY, View(px_per_mm=0.3, blur_px=1.0))
    row = cut(picture, row_of(reader, picture))
    long = np.zeros((20, 900, 3), np.uint8)

    [alone] = reader.read([row])
    beside, _ = reader.read([row, long])

    assert alone == beside


@pytest.mark.parametrize("size", [(1, 1), (1, 4000), (4000, 1), (7, 7), (2400, 3200)])
def test_pictures_of_any_size_are_survived(reader, size):
    noise = np.random.default_rng(1).integers(0, 255, (*size, 3), np.uint8)

    quads = reader.find(noise)

    assert len(quads) <= rapid.MOST_ROWS
    assert len(reader.read([noise[:64]])) == 1


def test_an_empty_picture_holds_nothing(reader):
    assert reader.find(np.zeros((0, 10, 3), np.uint8)) == ()
    assert reader.read([np.zeros((0, 10, 3), np.uint8)])[0].text == ""


def test_another_model_than_the_known_one_is_never_run(monkeypatch):
    monkeypatch.setattr(rapid, "FINDER", (rapid.FINDER[0], "0" * 64))

    with pytest.raises(rapid.NoPlateReader, match=r"not that of rapidocr 3\.10"):
        rapid.RapidReader()


def test_a_missing_model_is_named(monkeypatch):
    monkeypatch.setattr(rapid, "READER", ("missing.onnx", "0" * 64))

    with pytest.raises(rapid.NoPlateReader, match=r"missing\.onnx are not installed"):
        rapid.RapidReader()


@pytest.mark.parametrize("left", [0, 20_000, 39_400])
def test_a_row_is_cut_from_a_picture_of_any_width(left):
    plate = plates.seen("AB12 CDE", plates.BRITAIN, View(px_per_mm=0.5))
    wide = np.zeros((480, 40_000, 3), np.uint8)
    wide[:, left : left + 600] = plate[:, :600]
    quad = ((200.0, 210.0), (440.0, 220.0), (440.0, 270.0), (200.0, 260.0))
    moved = tuple((x + left, y) for x, y in quad)

    here, there = cut(plate, quad), cut(wide, moved)

    assert np.abs(here.astype(int) - there).mean() < 1


def test_a_row_that_is_longer_than_can_be_warped_is_cut_too():
    wide = np.zeros((12, 70_000, 3), np.uint8)
    wide[:, 35_000:] = 200

    piece = cut(wide, ((0.0, 0.0), (70_000.0, 0.0), (70_000.0, 12.0), (0.0, 12.0)))

    assert piece.shape[0] == 12
    assert piece[:, :900].max() == 0 and piece[:, -900:].min() == 200


def test_a_quad_outside_the_picture_is_no_error():
    assert (
        cut(np.zeros((20, 20, 3), np.uint8), ((50.0, 50.0), (90.0, 50.0), (90.0, 60.0), (50.0, 60.0))).max()
        == 0
    )


@pytest.mark.parametrize("size", [(600_000, 12), (12, 600_000), (1280, 1280), (4000, 3000), (1, 1)])
def test_what_a_model_sees_is_bounded_whatever_the_shape(size):
    across, down = rapid._looked_size(*size)

    assert across * down <= rapid.MOST_PIXELS
    assert across % 32 == down % 32 == 0 and min(across, down) >= 32
