"""Where an embedded thumbnail differs from its picture, what would explain that is named."""

import io

import numpy as np
import pillow_heif
import pytest
from PIL import Image, ImageDraw, ImageOps

from analysis.engine.detectors import metadata
from analysis.engine.media import embedded
from analysis.engine.types import MediaKind, Probe

Turn = Image.Transpose


@pytest.fixture(scope="module")
def scene():
    """Sky, ground, a house and a tree: no two parts of it are alike."""
    sky = np.linspace(250, 150, 480, dtype=np.float32)[:, None] + np.linspace(-20, 0, 640)[None]
    picture = Image.fromarray(np.clip(sky, 0, 255).astype(np.uint8)).convert("RGB")
    draw = ImageDraw.Draw(picture)
    draw.rectangle((0, 330, 640, 480), (60, 110, 50))
    draw.rectangle((80, 200, 260, 380), (160, 60, 40))
    draw.polygon([(70, 200), (170, 120), (270, 200)], (70, 40, 30))
    draw.ellipse((420, 150, 580, 310), (30, 70, 30))
    draw.rectangle((490, 300, 510, 400), (50, 30, 20))
    return picture


@pytest.fixture
def found(tmp_path):
    def of(picture, thumbnail, *, quality=75):
        small = io.BytesIO()
        thumbnail.resize((160, round(160 * thumbnail.height / thumbnail.width))).save(
            small, "JPEG", quality=quality
        )
        exif = Image.Exif()
        exif[0x010E] = "described"
        path = tmp_path / "picture.jpg"
        picture.save(path, exif=exif.tobytes() + small.getvalue(), quality=90)
        return embedded.read(path, Probe(MediaKind.IMAGE, "jpeg"))

    return of


def causes(facts):
    return [one["cause"] for one in facts["thumbnail"]["causes"]]


@pytest.mark.parametrize("quality", [40, 75, 95])
def test_a_true_thumbnail_needs_no_explanation(found, scene, quality):
    facts = found(scene, scene, quality=quality)

    assert causes(facts) == []
    assert not [one for one in metadata.find(facts) if one["kind"] == "thumbnail"]


@pytest.mark.parametrize(
    ("turn", "cause"),
    [
        (Turn.ROTATE_90, "turned"),
        (Turn.ROTATE_180, "turned"),
        (Turn.ROTATE_270, "turned"),
        (Turn.FLIP_LEFT_RIGHT, "mirrored"),
        (Turn.FLIP_TOP_BOTTOM, "mirrored"),
    ],
)
def test_a_picture_that_was_turned_or_mirrored(found, scene, turn, cause):
    assert causes(found(scene.transpose(turn), scene)) == [cause]


def test_a_turn_is_named_in_its_direction(found, scene):
    facts = found(scene.transpose(Turn.ROTATE_90), scene)

    assert "turned by 90° to the left" in facts["thumbnail"]["causes"][0]["words"]


# EXIF 2.32, tag Orientation, and what undoes it
UPRIGHT = {
    2: Turn.FLIP_LEFT_RIGHT,
    3: Turn.ROTATE_180,
    4: Turn.FLIP_TOP_BOTTOM,
    5: Turn.TRANSPOSE,
    6: Turn.ROTATE_270,
    7: Turn.TRANSVERSE,
    8: Turn.ROTATE_90,
}


@pytest.mark.parametrize(("orientation", "turn"), UPRIGHT.items())
def test_a_heic_picture_that_is_stored_turned_was_not_turned_later(tmp_path, scene, orientation, turn):
    assert causes(heic(tmp_path, scene, scene, orientation)) == []
    assert causes(heic(tmp_path, scene.transpose(turn), scene, orientation)) != []


def heic(tmp_path, picture, thumbnail, orientation):
    pillow_heif.register_heif_opener()
    small = io.BytesIO()
    thumbnail.resize((160, 120)).save(small, "JPEG")
    exif = Image.Exif()
    exif[0x0112] = orientation
    path = tmp_path / "picture.heic"
    picture.save(path, exif=exif.tobytes() + small.getvalue(), quality=90)
    return embedded.read(path, Probe(MediaKind.IMAGE, "heif"))


def test_a_picture_that_was_cut_is_found_in_its_thumbnail(found, scene):
    (cause,) = found(scene.crop((320, 120, 640, 360)), scene)["thumbnail"]["causes"]

    assert cause["cause"] == "cut"
    assert cause["box"] == pytest.approx([0.5, 0.25, 1.0, 0.75], abs=0.06)  # the nearest of 13 sizes


def test_a_picture_whose_tones_were_changed(found, scene):
    assert causes(found(scene.point(lambda value: value * 0.45), scene)) == ["tones"]
    assert causes(found(ImageOps.invert(scene), scene)) == ["tones"]


def test_a_part_that_was_changed_is_told_with_its_place(found, scene):
    changed = scene.copy()
    ImageDraw.Draw(changed).rectangle((80, 120, 270, 380), (230, 230, 230))

    facts = found(changed, scene)

    (cause,) = facts["thumbnail"]["causes"]
    assert cause["cause"] == "part"
    assert cause["box"] == pytest.approx([0.125, 0.25, 0.42, 0.79], abs=0.07)  # one block of 16
    sentences = [one["sentence"] for one in metadata.find(facts) if one["kind"] == "thumbnail"]
    assert sentences == ["possible cause: a part of the picture differs from the thumbnail"]


def test_another_picture_is_explained_by_nothing_else(found, scene):
    noise = np.random.default_rng(3).integers(0, 255, (6, 8), np.uint8)
    other = Image.fromarray(noise).resize((640, 480)).convert("RGB")

    facts = found(other, scene)

    assert causes(facts) == ["other"]
    assert "the embedded thumbnail is not a small copy of this picture" in [
        one["sentence"] for one in metadata.find(facts)
    ]


def test_flat_pictures_are_explained_without_a_warning(found):
    white, black = (Image.new("RGB", (640, 480), colour) for colour in ("white", "black"))

    assert causes(found(white, black)) == ["other"]


def test_real_thumbnails_of_cameras_need_no_explanation(media_dir):
    for name in (
        "exif_canon40d.jpg",
        "exif_gps_nikon_DSCN0010.jpg",
        "prnu_D70_0_19929.jpg",
        "prnu_camera_real.jpg",
    ):
        facts = embedded.read(media_dir / "image" / name, Probe(MediaKind.IMAGE, "jpeg"))
        assert causes(facts) == []
