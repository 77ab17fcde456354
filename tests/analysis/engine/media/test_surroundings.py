"""What is around a face is cut as published: enlarged about its middle, within the picture, 80 pixels square."""

import numpy as np
import pytest

from analysis.engine.media.surroundings import cut, surroundings


@pytest.fixture
def ramp():
    """A picture whose red says the column and whose green says the row, both divided by 4."""
    rows, columns = np.mgrid[:400, :800]
    return np.stack([columns // 4, rows // 4, rows * 0], axis=-1).astype(np.uint8)


def seen(patch):
    """The columns and rows that the patch shows, from corner to corner."""
    red, green, _ = np.moveaxis(patch.astype(int), 2, 0)
    return 4 * int(red.min()), 4 * int(red.max()), 4 * int(green.min()), 4 * int(green.max())


@pytest.mark.parametrize(
    ("face", "scale", "shown"),
    [
        ((380, 180, 40, 40), 4.0, (320, 480, 120, 280)),
        ((380, 180, 40, 20), 4.0, (320, 480, 150, 230)),  # the box keeps its shape
        ((0, 0, 40, 40), 4.0, (0, 160, 0, 160)),  # moved into the picture
        ((760, 360, 40, 40), 4.0, (639, 799, 239, 399)),
        ((300, 100, 200, 200), 4.0, (200, 599, 0, 399)),  # enlarged no further than the picture is high
    ],
)
def test_the_cut_is_where_it_should_be(ramp, face, scale, shown):
    # 4: what one level of the ramp spans; 6: the middle of the outermost of 80 pixels lies inside
    assert seen(cut(ramp, face, scale)) == pytest.approx(shown, abs=4 + 6)


@pytest.mark.parametrize(
    "face", [(0, 0, 800, 400), (0, 0, 1, 1), (799, 399, 1, 1), (0, 0, 900, 500), (-20, -20, 100, 100)]
)
def test_every_box_gives_a_patch(ramp, face):
    assert cut(ramp, face, 4.0).shape == (80, 80, 3)


def test_both_scales_are_cut_and_keep_no_picture(ramp):
    patches = surroundings(ramp, (0.4, 0.4, 0.5, 0.6))

    assert {scale: patch.shape for scale, patch in patches.items()} == {2.7: (80, 80, 3), 4.0: (80, 80, 3)}
    assert all(patch.base is None for patch in patches.values())
