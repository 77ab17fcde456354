"""How coarsely a file was quantised is measured on the file."""

import numpy as np
import pytest

from analysis.engine.media.limits import Limits, Sampling
from analysis.engine.media.reader import open_media
from tests import clips


def described(path):
    with open_media(path, limits=Limits(), sampling=Sampling(), wants=frozenset()) as reader:
        return reader.described


def grain():
    rng = np.random.default_rng(0)
    for at in range(12):
        yield (clips.scene(at, 160, 120) + rng.integers(0, 20, (120, 160, 3))).clip(0, 255).astype(np.uint8)


@pytest.mark.parametrize("quality", [30, 75, 92])
def test_the_quality_of_a_jpeg(tmp_path, quality):
    path = clips.write_image(tmp_path / "one.jpg", quality=quality)

    assert described(path)["jpeg_quality"] == quality


def test_a_picture_of_another_format_has_none(tmp_path):
    assert described(clips.write_image(tmp_path / "one.png"))["jpeg_quality"] is None


@pytest.mark.parametrize("quantiser", [18, 30, 42])
def test_the_quantiser_of_an_h264_video(tmp_path, quantiser):
    # every macroblock of every picture gets this very QP
    fixed = {"qp": str(quantiser), "x264-params": "ipratio=1:pbratio=1:aq-mode=0:mbtree=0"}
    path = clips.write_video(tmp_path / "one.mp4", frames=grain(), width=160, height=120, options=fixed)

    assert described(path)["quantiser"] == quantiser


def test_a_video_of_another_codec_has_none(tmp_path):
    path = clips.write_video(tmp_path / "one.webm", codec="libvpx-vp9", seconds=0.5, width=160, height=120)

    assert described(path)["quantiser"] is None
