"""Grammars are data: what they say is held, and what they may not say is refused when they are loaded."""

import pytest

from analysis.engine.analytics.plates.formats import InvalidFormats, built_in, load
from analysis.engine.analytics.plates.reading import read_of, understood


def countries(text):
    read = read_of(text, 0.9, pts_seconds=0.0, frame=0)
    return {one.region for one in understood(read.characters, built_in()).formats}


@pytest.mark.parametrize(
    ("plate", "country"),
    [
        ("W 12345 A", "AT"),
        ("1-ABC-234", "BE"),
        ("JIY-4434", "BR"),
        ("BRA2E19", "BR"),
        ("CA 1234 AB", "BG"),
        ("ZH 123456", "CH"),
        ("5AU 5341", "CZ"),
        ("BSE 55-79", "CZ"),
        ("M AB 1234", "DE"),
        ("HH XY 12E", "DE"),
        ("AB 12 345", "DK"),
        ("123 ABC", "EE"),
        ("1234 BCD", "ES"),
        ("M-1234-AB", "ES"),
        ("ABC-123", "FI"),
        ("AB-123-CD", "FR"),
        ("1234 AB 75", "FR"),
        ("12 ABC 2A", "FR"),
        ("AB12 CDE", "GB"),
        ("P123 ABC", "GB"),
        ("ABC 123P", "GB"),
        ("AIG 1234", "GB"),
        ("YKE-1234", "GR"),
        ("ZG 1234-AB", "HR"),
        ("AA BB-123", "HU"),
        ("191-D-12345", "IE"),
        ("AB 123CD", "IT"),
        ("ABC 123", "LT"),
        ("AB 1234", "LU"),
        ("AB-1234", "LV"),
        ("12-BCD-3", "NL"),
        ("G-123-BB", "NL"),
        ("AB 12345", "NO"),
        ("WA 56660", "PL"),
        ("WPR A123", "PL"),
        ("AA-12-BB", "PT"),
        ("B 123 ABC", "RO"),
        ("ABC 12D", "SE"),
        ("RK-115AN", "SK"),
        ("7AWV401", "US"),
        ("CWW 2245", "US"),
        ("R 589789", "US"),
    ],
)
def test_plates_fit_their_country(plate, country):
    assert country in countries(plate)


@pytest.mark.parametrize(
    ("plate", "country"),
    [
        ("AB-123-CO", "FR"),  # no O, and 0 is no letter
        ("1234 ABC", "ES"),  # no vowels
        ("5OU 5341", "CZ"),  # no region O
        ("M AB 0123", "DE"),  # no leading zero
        ("BQ12 CDI", "GB"),
        ("WPR B123", "PL"),
        ("12-AEI-3", "NL"),
    ],
)
def test_letters_an_office_never_gives_out_do_not_fit(plate, country):
    assert country not in countries(plate)


def test_a_plate_of_no_country_fits_the_fallback_only():
    read = read_of("H3LL0W", 0.9, pts_seconds=0.0, frame=0)

    assert [one.name for one in understood(read.characters, built_in()).formats] == ["any other plate"]


def test_a_camera_may_be_told_its_countries():
    grammar = built_in().only(["FR", "SK"])

    assert grammar.regions == ("FR", "SK")


def test_an_unknown_country_is_refused_with_those_known():
    with pytest.raises(InvalidFormats, match=r"No plate formats for XX, ZZ\. Known: AT, BE, "):
        built_in().only(["ZZ", "FR", "XX"])


GOOD = '[[format]]\nname = "x"\nregion = "XX"\nshapes = ["L[L]-D[D]"]\n'


def test_what_stands_in_brackets_may_be_missing():
    (one,) = load(GOOD).formats

    assert sorted(len(template.places) for template in one.templates) == [2, 3, 3, 4]
    assert (one.separated("AB12"), one.separated("AB1"), one.separated("A12")) == ("AB-12", "AB-1", "A-12")


def test_a_class_of_its_own_narrows_a_place():
    grammar = load(GOOD.replace("L[L]-D[D]", "NLL") + 'classes = { N = "12", L = "XY" }\n')

    ((_, template),) = grammar.of_length(3)

    assert template.places == (frozenset("12"), frozenset("XY"), frozenset("XY"))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("name = ", "are no TOML"),
        ("x = " + "[" * 5000, "are no TOML"),
        ("colour = 1", "Unknown field 'colour' in the file"),
        ("format = 3", r"tables \[\[format\]\]"),
        (GOOD + 'regex = ".*"\n', "Unknown field 'regex' in the plate format 'x'"),
        (GOOD.replace('"x"', "1"), "no name"),
        (GOOD.replace("XX", "X1"), "no region"),
        (GOOD.replace('region = "XX"\n', ""), "no region"),
        (GOOD + GOOD, "Two plate formats are called 'x'"),
        (GOOD.replace("L[L]-D[D]", "LQ"), "has 'Q' in a shape"),
        (GOOD.replace("L[L]-D[D]", "L.*"), r"has '\.' in a shape"),
        (GOOD.replace("L[L]-D[D]", "L[L"), "brackets"),
        (GOOD.replace("L[L]-D[D]", "L]L"), "brackets"),
        (GOOD.replace("L[L]-D[D]", "L[L[D]]"), "brackets"),
        (GOOD.replace("L[L]-D[D]", ""), "2 to 10 signs"),
        (GOOD.replace("L[L]-D[D]", "L" * 11), "2 to 10 signs"),
        (GOOD.replace("L[L]-D[D]", "L" * 61), "60 characters"),
        (GOOD.replace("L[L]-D[D]", "L" + "[LLL]" * 9), "more than 400 ways"),
        (GOOD.replace('["L[L]-D[D]"]', "[]"), "list of 1 to 40 shapes"),
        (GOOD.replace('["L[L]-D[D]"]', "[7]"), "no text"),
        (GOOD + "classes = 7\n", "are no table"),
        (GOOD + 'classes = { NN = "1" }\n', "'NN', which is no capital"),
        (GOOD + 'classes = { N = "1ä" }\n', "holds no letters and digits"),
        (GOOD + 'classes = { N = "" }\n', "holds no letters and digits"),
        (GOOD + "most_signs = true\n", "most_signs"),
        (GOOD + "most_signs = 99\n", "most_signs"),
        (GOOD.replace("[[format]]", "[[fallback]]"), "Unknown field 'region'"),
        ("#" * 1_000_001, "1000000 characters"),
    ],
)
def test_a_file_that_says_something_else_is_refused(text, said):
    assert load(GOOD).regions == ("XX",)

    with pytest.raises(InvalidFormats, match=said):
        load(text)
