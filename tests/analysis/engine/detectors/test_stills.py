"""Detectors of still pictures take every sort of picture the reader opens, or say why not."""

import numpy as np
import pytest
from PIL import Image

from analysis.engine.pipeline import examine
from analysis.engine.registry import Registry
from analysis.engine.types import DetectorEnded, Reason, Verdict
from tests.analysis.engine.detectors.scenes import photo

NAMES = ["jpeg-grid", "error-level", "noise-level", "copy-move", "resampling"]


def endings(path, tmp_path):
    seen = examine(path, registry=Registry.load(tmp_path), detectors=NAMES)
    return {one.detector: one.assessment for one in seen if isinstance(one, DetectorEnded)}


def saved(tmp_path, picture, name, **options):
    picture.save(tmp_path / name, **options)
    return tmp_path / name


@pytest.mark.parametrize(
    ("mode", "name"),
    [("L", "grey.png"), ("CMYK", "cmyk.jpg"), ("I;16", "deep.png"), ("RGBA", "clear.png"), ("P", "few.png")],
)
def test_every_sort_of_picture_is_measured(tmp_path, mode, name):
    rgb = Image.fromarray(photo(320, 240))
    deep = Image.fromarray(np.asarray(rgb.convert("L")).astype(np.uint16) * 257)

    ended = endings(saved(tmp_path, deep if mode == "I;16" else rgb.convert(mode), name), tmp_path)

    assert set(ended) == set(NAMES)
    assert isinstance(ended["copy-move"], Verdict)
    assert ended["error-level"].reason is Reason.REPORTS_FACTS
    assert Reason.DETECTOR_FAILED not in {getattr(one, "reason", None) for one in ended.values()}


def test_one_pixel_is_outside_of_what_they_measure(tmp_path):
    ended = endings(saved(tmp_path, Image.new("RGB", (1, 1)), "pixel.png"), tmp_path)

    assert {one.reason for one in ended.values()} == {Reason.OUTSIDE_DOMAIN}


def test_animated_pictures_are_outside_of_what_they_measure(tmp_path):
    frames = [Image.fromarray(photo(200, 200, seed=seed)) for seed in (1, 2)]
    path = saved(tmp_path, frames[0], "moving.gif", save_all=True, append_images=frames[1:], duration=100)

    ended = endings(path, tmp_path)

    assert {one.reason for one in ended.values()} == {Reason.OUTSIDE_DOMAIN}


def test_what_is_drawn_lies_on_the_upright_picture(tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 6
    path = saved(tmp_path, Image.fromarray(photo(320, 160)), "turned.jpg", exif=exif)

    level = endings(path, tmp_path)["error-level"].facts["map"]

    assert (len(level), len(level[0])) == (40, 20)


@pytest.mark.parametrize("name", NAMES)
def test_a_very_wide_picture_is_measured_in_small_steps(tmp_path, name):
    detector = Registry.load(tmp_path).detector(name)
    wide = np.tile(photo(400, 200), (1, 50, 1))

    steps = sum(1 for _ in detector.examine(wide))

    assert steps >= 8  # a run can be cancelled between them
