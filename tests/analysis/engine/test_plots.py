"""The data behind pictures of evidence: what is kept of it, and what is refused."""

import json
import math

import pytest

from analysis.engine.plots import (
    Band,
    Curves,
    Map,
    Panel,
    Plot,
    Span,
    Spectrogram,
    Strip,
    StripFace,
    StripTrack,
    UnsoundPlot,
    described,
)

WHOLE = (0.0, 0.0, 1.0, 1.0)


def test_curves_are_kept_with_axes_gaps_reference_and_marks() -> None:
    panel = Panel(
        "pulse over seconds", [0.0, 0.5, 1.0], {"forehead": [0.1, None, 0.123456789]},
        across_name="media time", across_unit="s", up_name="pulse", band=Band("usual", [0, 0, 0], [1, 1, 1]),
        marks=[(0.5, "jump")], spans=[Span(0.0, 0.5, "high")], gaps=[Span(0.5, 1.0, "no_face")], scale=(0, 1),
    )  # fmt: skip

    kept = described(Curves((panel,)))

    assert (kept.kind, kept.begins_seconds, kept.ends_seconds, kept.box) == ("curves", 0.0, 1.0, None)
    assert kept.data["panels"][0] == {
        "title": "pulse over seconds",
        "across": {"name": "media time", "unit": "s", "values": [0.0, 0.5, 1.0]},
        "up": {"name": "pulse", "unit": ""},
        "curves": [{"name": "forehead", "values": [0.1, None, 0.123457]}],
        "band": {"name": "usual", "low": [0, 0, 0], "high": [1, 1, 1]},
        "marks": [{"at": 0.5, "label": "jump"}],
        "spans": [{"begins": 0.0, "ends": 0.5, "label": "high"}],
        "gaps": [{"begins": 0.5, "ends": 1.0, "label": "no_face"}],
        "scale": [0.0, 1.0],
    }


LATE = 14_399.123457  # near the end of four hours; six digits make it 14,399.1


@pytest.mark.parametrize("unit", ["s", "seconds"])
def test_times_of_curves_are_exact_after_hours(unit: str) -> None:
    panel = Panel(
        "p", [0.0, LATE], {"c": [0.1, 0.2]}, across_unit=unit, marks=[(LATE, "jump")],
        spans=[Span(LATE, LATE + 0.04)], gaps=[Span(LATE, LATE + 0.04)],
    )  # fmt: skip

    kept = described(Curves((panel,))).data["panels"][0]

    assert kept["across"]["values"] == [0.0, LATE]
    assert kept["marks"][0]["at"] == LATE
    for stretch in (*kept["spans"], *kept["gaps"]):
        assert (stretch["begins"], stretch["ends"]) == (LATE, 14_399.163457)


def test_the_frame_of_a_map_is_exact_after_hours() -> None:
    kept = described(Map("mask", [[0.0]], pts_seconds=LATE))

    assert (kept.data["pts_seconds"], kept.begins_seconds, kept.ends_seconds) == (LATE, LATE, LATE)


def test_times_of_sound_and_faces_are_exact_after_hours() -> None:
    after = 14_400.123457
    face = StripFace(LATE, WHOLE, WHOLE)

    sound = described(
        Spectrogram(LATE, after, 8000, WHOLE, [Span(LATE, after)], [(LATE, after, 0.123456789)])
    )
    strip = described(Strip([StripTrack(0, LATE, after, 1, [face], [Span(LATE, after)])]))

    (track,) = strip.data["tracks"]
    assert (sound.begins_seconds, sound.ends_seconds, strip.begins_seconds, strip.ends_seconds) == (
        LATE, after, LATE, after,
    )  # fmt: skip
    assert sound.data["scores"] == [[LATE, after, 0.123457]]
    for stretch in (sound.data["spans"][0], track["gaps"][0]):
        assert (stretch["begins"], stretch["ends"]) == (LATE, after)
    assert track["faces"][0]["pts_seconds"] == LATE


def test_curves_over_frequency_are_of_no_time() -> None:
    kept = described(Curves((Panel("spectrum", [0.0, 8000.0], {"level": [1.0, 2.0]}, across_unit="Hz"),)))

    assert (kept.begins_seconds, kept.ends_seconds) == (None, None)


def test_a_map_says_what_part_of_which_frame_it_lies_over() -> None:
    kept = described(Map("mask", [[0.0, None], [1.0, 0.5]], "%", (0.1, 0.2, 0.5, 0.6), 3.2))

    assert (kept.begins_seconds, kept.ends_seconds, kept.box) == (3.2, 3.2, (0.1, 0.2, 0.5, 0.6))
    assert (kept.data["low"], kept.data["high"], kept.data["rows"]) == (0.0, 1.0, [[0.0, None], [1.0, 0.5]])


def test_a_number_that_is_none_becomes_a_gap() -> None:
    kept = described(Curves((Panel("p", [0, 1, 2], {"c": [math.nan, math.inf, 1]}),)))

    assert kept.data["panels"][0]["curves"][0]["values"] == [None, None, 1.0]
    json.dumps(kept.data, allow_nan=False)


@pytest.mark.parametrize(
    "plot",
    [
        Curves(()),
        Curves((Panel("p", [0, 1], {"c": [1.0]}),)),
        Curves((Panel("p", [0, math.nan], {"c": [1.0, 2.0]}),)),
        Curves((Panel("p", [0.0] * 5000, {"c": [0.0] * 5000}),)),
        Curves((Panel("p", [0], {str(number): [0] for number in range(17)}),)),
        Map("m", [[0.0] * 65]),
        Map("m", [[0.0], [0.0, 1.0]]),
        Map("m", []),
        Map("m", [[0.0]], region=(0, 0, 1, math.nan)),
        Spectrogram(5.0, 1.0, 8000, WHOLE),
        Strip([StripTrack(number, 0, 1, 1, ()) for number in range(9)]),
    ],
    ids=lambda plot: type(plot).__name__,
)
def test_data_that_do_not_fit_or_are_too_large_are_refused(plot: Plot) -> None:
    with pytest.raises(UnsoundPlot):
        described(plot)


def test_the_largest_curves_that_are_kept_stay_small() -> None:
    values = [number / 7 for number in range(1024)]
    panel = Panel("p", values, {f"face {number}": values for number in range(8)})

    assert len(json.dumps(described(Curves((panel,))).data)) < 150_000
