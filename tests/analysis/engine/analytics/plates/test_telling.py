"""A plate is told from other writing by its shape, its place and its text, and the reason is given."""

import pytest

from analysis.engine.analytics.plates.formats import built_in
from analysis.engine.analytics.plates.reading import read_of, understood
from analysis.engine.analytics.plates.telling import told

CAR = (0.25, 0.2, 0.75, 0.9)
# 128 by 29 of 1280 by 720 pixels, in the middle of the car's lower half
PLATE = (0.45, 0.7, 0.55, 0.74)


def judged(text, box=PLATE, *, vehicle=CAR, confidence=0.9):
    read = read_of(text, confidence, pts_seconds=0, frame=0)
    return told(understood(read.characters, built_in()), box, width_px=1280, height_px=720, vehicle=vehicle)


def test_a_plate_on_a_car_is_one():
    found = judged("R 589789")

    assert found.plate
    assert (
        found.reason
        == "it is 4.4 times as wide as high; R589789 fits the plates of US; it is where vehicles have their plates"
    )


def test_a_plate_needs_no_vehicle_where_a_grammar_fits():
    assert judged("RK-115AN", vehicle=None).plate


@pytest.mark.parametrize(
    "box",
    [
        (0.45, 0.7, 0.55, 0.735),  # Europe, 520 by 110 mm
        (0.45, 0.7, 0.55, 0.757),  # Brazil, 400 by 130 mm
        (0.45, 0.7, 0.55, 0.789),  # United States, 305 by 152 mm
        (0.45, 0.7, 0.55, 0.848),  # a motorcycle's, 240 by 200 mm
        (0.45, 0.7, 0.55, 0.725),  # the text alone
        (0.30, 0.7, 0.34, 0.74),  # at the side, seen from there
    ],
)
def test_the_shapes_of_plates_pass(box):
    assert judged("RK115AN", box).plate


@pytest.mark.parametrize(
    ("text", "box", "reason"),
    [
        ("RK115AN", (0.3, 0.7, 0.7, 0.74), "it is 17.8 times as wide as high, as no plate is"),
        ("RK115AN", (0.45, 0.7, 0.47, 0.78), "it is 0.4 times as wide as high, as no plate is"),
        ("RK115AN", (0.45, 0.7, 0.48, 0.71), "it is 7 pixels high, too small to be read"),
        ("RK115AN", (0.8, 0.7, 0.9, 0.74), "it is not on the vehicle"),
        (
            "RK115AN",
            (0.45, 0.22, 0.55, 0.26),
            "it is at the top of the vehicle, where roof signs and windscreens are",
        ),
        ("RK115AN", (0.3, 0.6, 0.7, 0.75), "it is 80% as wide as the vehicle, as writing on its side is"),
        ("POLIZEI", PLATE, "it is a word: letters alone"),
        ("BOSCH", PLATE, "it is a word: letters alone"),
        ("0800 1234567", PLATE, "it has 11 signs; a plate has 4 to 9"),
        ("012345", PLATE, "it is a number: digits alone"),
        ("V8", PLATE, "it has 2 signs; a plate has 4 to 9"),
        ("", PLATE, "it has 0 signs; a plate has 4 to 9"),
    ],
)
def test_other_writing_is_none_and_says_why(text, box, reason):
    assert judged("RK115AN").plate

    found = judged(text, box)

    assert (found.plate, found.reason) == (False, reason)


@pytest.mark.parametrize("word", ["BIZSOS", "OOOBIZO", "SIBOBIZ", "0110123", "8800512"])
def test_a_word_or_number_that_a_grammar_could_make_a_plate_of_is_none(word):
    read = read_of(word, 0.9, pts_seconds=0, frame=0)

    assert any(one.region for one in understood(read.characters, built_in()).formats)
    assert not judged(word).plate


def test_a_text_of_no_grammar_needs_a_vehicle():
    assert judged("X1Y2Z3W4").plate
    found = judged("X1Y2Z3W4", vehicle=None)

    assert not found.plate
    assert found.reason == "it fits no country's grammar, and stands on no vehicle that was found"


def test_what_was_hardly_read_is_none():
    assert judged("RK115AN", confidence=0.29).reason == "a sign was hardly read"


@pytest.mark.parametrize(
    "box",
    [(0.5, 0.5, 0.5, 0.6), (0.6, 0.5, 0.5, 0.6), (0, 0, 1, 1.1), (float("nan"), 0, 1, 1), (-0.1, 0, 1, 1)],
)
def test_what_is_no_box_is_refused(box):
    with pytest.raises(ValueError, match="No box"):
        judged("RK115AN", box)
    with pytest.raises(ValueError, match="No box"):
        judged("RK115AN", vehicle=box)
