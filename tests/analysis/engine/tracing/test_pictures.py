"""A map has a picture that it covers: the piece itself, or what the net was given of it."""

import io

import numpy as np
from PIL import Image

from analysis.engine.detectors.base import Attention, Window
from analysis.engine.tracing.pictures import ground_made
from analysis.engine.types import Frame

WIDE = np.random.default_rng(1).integers(0, 255, (60, 120, 3), np.uint8)
MAP = np.ones((4, 4), np.float32)
FRAME = Frame(0, 0.0, WIDE)


def test_what_was_cut_for_the_net_is_kept_with_its_own_proportions():
    made = ground_made("cutting", FRAME, Attention(MAP, WIDE[:, 30:90], "m"))

    assert made is not None
    assert (made.kind, made.caption) == ("ground", "What the map covers, 60 x 60 px.")
    with Image.open(io.BytesIO(made.content)) as picture:
        assert picture.size == (256, 256)


def test_a_map_of_the_piece_itself_needs_no_second_picture():
    sound = Window(0.0, np.zeros(1600, np.float32))

    assert ground_made("whole", FRAME, Attention(MAP, WIDE.copy(), "m")) is None
    assert ground_made("whole", FRAME, Attention(MAP, None, "m")) is None
    assert ground_made("heard", sound, Attention(MAP[:1], None, "m")) is None
