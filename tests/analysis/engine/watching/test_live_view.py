"""The picture of a live view: as large as it need be."""

from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from analysis.engine.types import FootageFrame
from analysis.engine.watching.live_view import MOST_SIDE, view_of


@pytest.mark.parametrize(
    ("size", "shown"), [((360, 640), (360, 640)), ((2160, 3840), (720, 1280)), ((4000, 10), (1280, 3))]
)
def test_larger_frames_are_made_smaller_and_others_stay(
    size: tuple[int, int], shown: tuple[int, int]
) -> None:
    view = view_of(FootageFrame(0, 0.0, np.zeros((*size, 3), np.uint8)))

    with Image.open(BytesIO(view.clean)) as picture:
        assert (picture.height, picture.width) == shown
    assert max(shown) <= MOST_SIDE
