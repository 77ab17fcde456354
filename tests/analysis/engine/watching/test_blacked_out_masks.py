"""What masks of a watched source hide is black to whoever looks, and in the live view, if its settings say so."""

from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from analysis.engine.types import FootageFrame
from analysis.engine.watching.watch import LiveSource
from tests.analysis.engine.watching.seer import Seer
from tests.clips import write_video
from tests.waiting import wait_until

LEFT_HALF = ((0.0, 0.0), (0.5, 0.0), (0.5, 1.0), (0.0, 1.0))
TOP = ((0.0, 0.0), (1.0, 0.0), (1.0, 0.25), (0.0, 0.25))


@pytest.fixture
def white(tmp_path):
    frames = (np.full((120, 160, 3), 235, np.uint8) for _ in range(25))
    return write_video(tmp_path / "white.mp4", seconds=1.0, width=160, height=120, frames=frames)


def brightness(rgb):
    """Of the left, the right, and the upper edge of the right, away from edges."""
    return tuple(int(rgb[part].max()) for part in (np.s_[:, :76], np.s_[40:, 84:], np.s_[:26, 84:]))


@pytest.mark.parametrize("black_out", [True, False])
def test_no_detector_is_shown_what_they_hide(begin, white, black_out):
    seen: list[tuple[int, ...]] = []
    seer = Seer(on_frame=lambda frame: seen.append(brightness(frame.rgb)))

    begin(
        LiveSource("file", path=white, pace="fast"),
        seer,
        masks=(LEFT_HALF, TOP),
        black_out_masks=black_out,
    ).to_the_end()

    assert len(seen) == 25
    assert all(right > 200 for _, right, _ in seen)
    assert {(left > 200, top > 200) for left, _, top in seen} == {(not black_out, not black_out)}
    assert not black_out or max(max(left, top) for left, _, top in seen) == 0


def test_nor_does_the_live_view_show_it(begin, white):
    held: list[FootageFrame] = []
    watch = begin(
        LiveSource("file", path=white, loop=True),
        Seer(on_frame=held.append),
        masks=(LEFT_HALF,),
        black_out_masks=True,
    )

    view = wait_until(watch.watching.latest)

    # JPEG rings at the edge
    for picture in (view.clean, view.boxed):
        rgb = np.asarray(Image.open(BytesIO(picture)))
        assert rgb[:, :64].max() < 8
        assert rgb[:, 96:].min() > 200
