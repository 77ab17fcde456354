"""Plates that people wrote down of photographs fit, are told as plates, and have their lookalikes settled."""

from dataclasses import dataclass

import pytest
from PIL import Image

from analysis.engine.analytics.plates.formats import built_in
from analysis.engine.analytics.plates.reading import read_of, understood
from analysis.engine.analytics.plates.signs import LOOKALIKE
from analysis.engine.analytics.plates.telling import told

# test_* and eu10 are Slovak, Polish and Czech; what each is was looked up on the photographs
COUNTRIES = {"br": ["BR"], "us": ["US"], "eu": ["CZ", "PL", "SK"]}


@dataclass(frozen=True)
class Truth:
    name: str
    text: str
    box: tuple[float, float, float, float]
    width_px: int
    height_px: int

    @property
    def countries(self):
        return COUNTRIES[self.name[:2]]


@pytest.fixture(scope="module")
def truths(media_dir):
    found = [_truth(path) for path in sorted((media_dir / "plates").glob("*.txt"))]
    if not found:
        pytest.skip("no photographs of plates are installed")
    return found


def _truth(path):
    _, x, y, width, height, text = path.read_text().split()
    with Image.open(path.with_suffix(".jpg")) as picture:
        across, down = picture.size
    left, top = int(x), int(y)
    box = (left / across, top / down, (left + int(width)) / across, (top + int(height)) / down)
    return Truth(path.stem, text, box, across, down)


def reading(text, grammar):
    return understood(read_of(text, 0.9, pts_seconds=0, frame=0).characters, grammar)


def test_each_fits_a_grammar_of_its_country_as_it_is(truths):
    found = {one.name: reading(one.text, built_in().only(one.countries)) for one in truths}

    assert [one.name for one in truths if found[one.name].text != one.text] == []
    assert [name for name, one in found.items() if one.formats[0].region == ""] == []


def test_each_is_told_as_a_plate_with_no_vehicle_to_go_by(truths):
    findings = {
        one.name: told(reading(one.text, built_in()), one.box, width_px=one.width_px, height_px=one.height_px)
        for one in truths
    }

    assert {name: one.reason for name, one in findings.items() if not one.plate} == {}


def doubtful(truths):
    """Every plate with one sign read as its lookalike, for every such sign."""
    return [
        (one, one.text[:place] + LOOKALIKE[sign] + one.text[place + 1 :])
        for one in truths
        for place, sign in enumerate(one.text)
        if sign in LOOKALIKE
    ]


def test_a_lookalike_is_settled_rightly_or_left_as_it_was_read(truths):
    doubts = doubtful(truths)

    wrong = [
        (one.text, text, found)
        for grammar in (built_in(), built_in().only(["BR", "CZ", "PL", "SK", "US"]))
        for one, text in doubts
        if (found := reading(text, grammar).text) not in {one.text, text}
    ]

    assert len(doubts) >= 60
    assert wrong == []


def test_most_lookalikes_are_settled_where_the_countries_are_known(truths):
    found = [reading(text, built_in().only(one.countries)).text == one.text for one, text in doubtful(truths)]

    assert sum(found) / len(found) >= 0.6  # in the others the lookalike makes another plate of the country
