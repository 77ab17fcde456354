"""Frames are upright 8-bit RGB with the colours that were drawn."""

import numpy as np
import pytest
from PIL import Image, ImageCms

from tests import clips

CORNER = (300, 30)  # ground, whatever the frame


def corners(rgb: np.ndarray) -> list[str]:
    """Which of the four marks lies in each corner, clockwise from the top left."""
    spots = [rgb[12, 12], rgb[12, -12], rgb[-12, -12], rgb[-12, 12]]
    return [MARKS[int(np.argmin([np.abs(spot.astype(int) - c).sum() for c in COLOURS]))] for spot in spots]


MARKS = ["red", "green", "blue", "white"]
COLOURS = [(250, 0, 0), (0, 250, 0), (0, 0, 250), (250, 250, 250)]


def marked(width: int = 320, height: int = 240) -> np.ndarray:
    rgb = np.full((height, width, 3), 90, np.uint8)
    size = 60
    for at, colour in zip([(0, 0), (0, -1), (-1, -1), (-1, 0)], COLOURS, strict=True):
        rows = slice(0, size) if at[0] == 0 else slice(-size, None)
        columns = slice(0, size) if at[1] == 0 else slice(-size, None)
        rgb[rows, columns] = colour
    return rgb


@pytest.mark.parametrize(
    ("degrees", "size", "expected"),
    [
        (0, (320, 240), ["red", "green", "blue", "white"]),
        (90, (240, 320), ["white", "red", "green", "blue"]),
        (180, (320, 240), ["blue", "white", "red", "green"]),
        (270, (240, 320), ["green", "blue", "white", "red"]),
    ],
)
def test_a_turned_video_is_upright(read, tmp_path, degrees, size, expected):
    path = clips.write_video(tmp_path / "turned.mp4", frames=[marked()] * 5, seconds=0.2, rotation=degrees)

    found = read(path)

    assert (found.probe.width, found.probe.height, found.probe.rotation_degrees) == (*size, degrees)
    assert corners(found.frames[0].rgb) == expected


ORIENTED = {  # EXIF 2.32, table 6: what the stored picture must undergo to be upright
    1: ["red", "green", "blue", "white"],
    2: ["green", "red", "white", "blue"],
    3: ["blue", "white", "red", "green"],
    4: ["white", "blue", "green", "red"],
    5: ["red", "white", "blue", "green"],
    6: ["white", "red", "green", "blue"],
    7: ["blue", "green", "red", "white"],
    8: ["green", "blue", "white", "red"],
}


@pytest.mark.parametrize(("tag", "expected"), ORIENTED.items())
@pytest.mark.parametrize("suffix", ["jpg", "png", "tiff", "avif"])
def test_a_picture_with_an_orientation_is_upright(read, tmp_path, suffix, tag, expected):
    path = tmp_path / f"turned.{suffix}"
    exif = Image.Exif()
    exif[0x0112] = tag
    Image.fromarray(marked()).save(path, exif=exif)

    found = read(path)

    assert corners(found.frames[0].rgb) == expected
    assert (found.probe.height, found.probe.width) == found.frames[0].rgb.shape[:2]


@pytest.mark.parametrize(
    ("name", "how", "depth"),
    [
        ("8bit.mp4", {}, 8),
        ("10bit.mp4", {"pixel_format": "yuv420p10le"}, 10),
        ("hevc10bit.mp4", {"codec": "libx265", "pixel_format": "yuv420p10le"}, 10),
        ("444.mp4", {"pixel_format": "yuv444p"}, 8),
        ("full.mp4", {"pixel_format": "yuvj420p"}, 8),
        ("prores.mov", {"codec": "prores", "pixel_format": "yuv422p10le"}, 10),
        ("hd.mp4", {"bt709": True}, 8),
        ("odd.mp4", {"pixel_format": "yuv444p", "width": 321, "height": 241}, 8),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_colours_come_back_whatever_the_depth_range_and_matrix(read, tmp_path, name, how, depth):
    path = clips.write_video(tmp_path / name, seconds=0.2, **how)

    found = read(path)

    rgb = found.frames[0].rgb
    assert found.probe.bit_depth == depth
    assert rgb.shape == (found.probe.height, found.probe.width, 3)
    assert np.abs(rgb[200, 300].astype(int) - clips.GROUND).max() <= 4  # limited-range rounding, lossy
    assert np.abs(rgb[40, 16].astype(int) - clips.SQUARE).max() <= 6


def test_transparent_parts_lie_on_middle_grey(read, tmp_path):
    path = tmp_path / "see_through.png"
    layer = np.zeros((60, 80, 4), np.uint8)
    layer[:, :40] = (200, 10, 10, 255)
    layer[:, 40:] = (10, 200, 10, 0)
    Image.fromarray(layer, "RGBA").save(path)

    rgb = read(path).frames[0].rgb

    assert rgb[30, 10].tolist() == [200, 10, 10]
    assert rgb[30, 70].tolist() == [128, 128, 128]


@pytest.mark.parametrize("suffix", ["png", "tiff"])
def test_sixteen_bit_grey_keeps_its_upper_half(read, tmp_path, suffix):
    path = tmp_path / f"deep.{suffix}"
    ramp = np.tile(np.linspace(0, 65_535, 256).astype(np.uint16), (20, 1))
    Image.fromarray(ramp).save(path)

    found = read(path)

    assert found.probe.bit_depth == 16
    assert found.frames[0].rgb[10, :, 1].tolist() == list(range(256))


def test_a_cmyk_picture_has_the_colours_that_its_inks_make(read, tmp_path):
    path = tmp_path / "inks.jpg"
    Image.new("CMYK", (64, 64), (0, 255, 255, 0)).save(path, quality=95)  # magenta and yellow: red

    rgb = read(path).frames[0].rgb

    assert np.abs(rgb[32, 32].astype(int) - (255, 0, 0)).max() <= 4  # lossy


def test_the_profile_of_an_rgb_picture_does_not_change_its_pixels(read, tmp_path):
    path = tmp_path / "profiled.png"
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB")).tobytes()
    Image.new("RGB", (32, 32), (200, 100, 50)).save(path, icc_profile=profile)

    assert read(path).frames[0].rgb[16, 16].tolist() == [200, 100, 50]


@pytest.mark.parametrize("mode", ["1", "L", "P", "LA"])
def test_any_mode_becomes_rgb(read, tmp_path, mode):
    path = tmp_path / "mode.png"
    Image.new("L", (40, 30), 255).convert(mode).save(path)

    assert read(path).frames[0].rgb[15, 20].tolist() == [255, 255, 255]


@pytest.mark.parametrize("suffix", ["webp", "png"])
def test_an_animation_with_an_orientation_is_upright(read, tmp_path, suffix):
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned 90 degrees clockwise
    path = clips.write_animation(tmp_path / f"animation.{suffix}", exif=exif, lossless=True)

    found = read(path)

    assert (found.probe.width, found.probe.height) == (120, 160)
    coded = clips.scene(0, 160, 120)
    assert (found.frames[0].rgb == np.rot90(coded, -1)).all()
