"""Several reads become one plate, whatever their order and length."""

from itertools import permutations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.engine.analytics.plates.consensus import consensus
from analysis.engine.analytics.plates.formats import built_in
from analysis.engine.analytics.plates.reading import read_of

SLOVAKIA = built_in().only(["SK"])


def read(text, confidence, frame=0):
    return read_of(text, confidence, pts_seconds=frame / 25, frame=frame)


def agreed(*reads, grammar=SLOVAKIA):
    return consensus(
        [read(text, confidence, frame) for frame, (text, confidence) in enumerate(reads)], grammar
    )


def test_reads_that_agree_are_told_with_their_confidence():
    found = agreed(("RK115AN", 0.9), ("RK115AN", 0.9), ("RK115AN", 0.9))

    assert (found.reading.text, found.reading.region, found.doubt) == ("RK115AN", "SK", "")
    assert [one.confidence for one in found.reading.characters] == pytest.approx([0.9] * 7)
    assert found.confidence == pytest.approx(0.9)


def test_a_blurred_first_read_does_not_win():
    found = agreed(("BX775AM", 0.5), ("RK115AN", 0.9))

    assert found.reading.text == "RK115AN"


def test_many_blurred_reads_that_differ_do_not_outvote_a_sharp_one():
    found = agreed(("BX775AM", 0.4), ("RX116AN", 0.4), ("PK175AW", 0.4), ("RK115AN", 0.95))

    assert found.reading.text == "RK115AN"


@pytest.mark.parametrize(
    "others",
    [
        ["K115AN", "RK115A"],  # cut at an end
        ["RK15AN", "RK11AN"],  # a sign overlooked
        ["IRK115AN", "RK115ANI"],  # the frame of the plate read as a sign
        ["RKK115AN", "SKRK115AN"],
    ],
)
def test_reads_of_other_lengths_are_aligned(others):
    found = agreed(("RK115AN", 0.9), *((text, 0.8) for text in others), ("RK115AN", 0.8))

    assert found.reading.text == "RK115AN"


def test_no_read_has_to_be_right_everywhere():
    found = agreed(("XK115AN", 0.8), ("RK715AN", 0.8), ("RK115AW", 0.8), ("K115AN", 0.7))

    assert found.reading.text == "RK115AN"
    assert found.doubt == "3 reads have to agree on RK115AN; so far 0"


def test_the_order_of_the_reads_decides_nothing():
    reads = [
        read(*one)
        for one in [("RX1I5AN", 0.5, 0), ("RK115AN", 0.9, 1), ("K115AN", 0.8, 2), ("RK115ANI", 0.8, 3)]
    ]

    found = {(one.reading.text, one.best.frame, one.candidates) for one in map(_of, permutations(reads))}

    assert len(found) == 1


def _of(reads):
    return consensus(reads, SLOVAKIA)


def test_a_sign_that_reads_disagree_on_is_less_sure_than_the_others():
    found = agreed(("RK115AN", 0.9), ("RK115AN", 0.9), ("RK715AN", 0.9))

    shares = [round(one.confidence, 2) for one in found.reading.characters]
    assert shares == [0.9, 0.9, 0.6, 0.9, 0.9, 0.9, 0.9]
    assert round(found.reading.characters[2].alternatives["7"], 2) == 0.3


def test_reads_of_0_and_of_o_are_votes_for_one_shape_and_marked():
    found = agreed(("RKO15AN", 0.9), ("RKO15AN", 0.9), ("RK015AN", 0.9))

    third = found.reading.characters[2]
    assert (found.reading.text, third.settled, third.read) == ("RK015AN", True, "O")
    assert third.confidence == pytest.approx(0.9)
    assert found.doubt == ""


def test_the_frame_of_the_best_read_that_says_it_is_kept():
    found = agreed(("RK115AN", 0.7), ("BX775AM", 0.95), ("RK115AN", 0.92), ("RK115AN", 0.8))

    assert found.reading.text == "RK115AN"
    assert (found.best.frame, found.best.pts_seconds, found.best.text) == (2, 0.08, "RK115AN")


def test_candidates_are_listed_the_told_one_first():
    found = agreed(("RK115AN", 0.9), ("RK115AN", 0.9), ("RK775AN", 0.9), ("RK116AN", 0.6))

    assert [one.text for one in found.candidates] == ["RK115AN", "RK775AN", "RK116AN"]
    assert [round(one.share, 2) for one in found.candidates] == [0.58, 0.29, 0.13]


@pytest.mark.parametrize(
    ("reads", "doubt"),
    [
        ([("RK115AN", 0.99)] * 2, "3 reads have to agree on RK115AN; so far 2"),
        ([("RK115AN", 0.5)] * 3, "the weakest sign has a confidence of 0.50, below 0.6"),
        (
            [("RK115AN", 0.9)] * 3 + [("RK175AN", 0.9)] * 3,
            "the weakest sign has a confidence of 0.45, below 0.6",
        ),
    ],
)
def test_what_is_not_good_enough_says_why(reads, doubt):
    assert agreed(*reads).doubt == doubt


def test_a_text_the_grammars_disagree_on_is_not_good_enough():
    found = agreed(*[("B0B1234", 0.9)] * 3, grammar=built_in().only(["BR", "US"]))

    assert found.doubt.startswith("the grammars allow B0B1234 and ")
    assert {"BOB1234", "B081234"} <= {one.text for one in found.candidates}


@pytest.mark.parametrize("texts", [[], ["", "—"], ["A" * 17]])
def test_where_nothing_was_read_there_is_no_plate(texts):
    assert consensus([read(text, 0.9) for text in texts], SLOVAKIA) is None


def test_of_very_many_reads_the_surest_count():
    found = consensus(
        [read("BX775AM", 0.5, frame) for frame in range(5000)] + [read("RK115AN", 0.9)] * 16, SLOVAKIA
    )

    assert (found.reading.text, found.reads) == ("RK115AN", 16)


def test_noise_of_a_reader_is_voted_away():
    rng = np.random.default_rng(7)
    truth, signs = "RK115AN", list("ABCDEFGHKLMNPRSTXYZ0123456789")
    right = 0
    for _ in range(40):
        swapped, other = rng.random((9, 7)) < 0.15, rng.choice(signs, (9, 7))
        noisy = np.where(swapped, other, list(truth))
        right += agreed(*(("".join(line), 0.8) for line in noisy)).reading.text == truth

    assert right >= 39  # of the single reads a third is right


READS = st.lists(st.tuples(st.text("AB8O01I", max_size=20), st.floats(0, 1)), max_size=6)


@settings(max_examples=60, deadline=None)
@given(READS)
def test_whatever_reads_there_are_shares_stay_shares(reads):
    found = agreed(*reads, grammar=built_in())

    signs = found.reading.characters if found else ()
    assert all(0 <= one.confidence <= 1 and one.sign for one in signs)
    assert all(0 <= share <= 1 for one in signs for share in one.alternatives.values())
