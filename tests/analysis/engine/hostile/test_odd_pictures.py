"""Pictures nobody expects are examined by every detector: each scores or says why not, and none fails."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from analysis.engine.conformance import drawing
from analysis.engine.types import Consumes, OutcomeName, Reason
from tests import clips
from tests.analysis.engine.hostile.sweep import FILMS, PICTURES, UNREAD, others, sweep

HIGH, WIDE = 160, 240
SCENE = Image.fromarray(drawing.scene(HIGH, WIDE))
FACES = {"meso4", "mesoinception4", "classnseg", "minifasnet"}


def save(picture: Image.Image, name: str, **options: object) -> Callable[[Path], Path]:
    def write(folder: Path) -> Path:
        picture.save(folder / name, **options)  # type: ignore[arg-type]  # whatever Pillow takes
        return folder / name

    return write


def flat(side: tuple[int, int], shade: int = 128) -> Image.Image:
    return Image.new("RGB", side, (shade, shade, shade))


def with_alpha(mode: str) -> Image.Image:
    picture = SCENE.convert(mode)
    picture.putalpha(Image.linear_gradient("L").resize(SCENE.size))
    return picture


def deep(values: np.ndarray) -> Image.Image:
    return Image.fromarray(values)


def palette() -> Image.Image:
    return SCENE.quantize(64)


def turned() -> Image.Exif:
    exif = Image.Exif()
    exif[0x0112] = 6
    return exif


def poisoned() -> np.ndarray:
    """A scene of floating point numbers, some of which are none."""
    values = np.asarray(SCENE.convert("L"), np.float32) / 255
    values[::7, ::5], values[1::7, ::5], values[2::7, ::5] = np.nan, np.inf, -np.inf
    return values


GREY_16 = (np.asarray(SCENE.convert("L"), np.uint16) << 8) + 17
TINY = {
    "one pixel": save(flat((1, 1)), "odd.png"),
    "one pixel of JPEG": save(flat((1, 1)), "odd.jpg"),
    "two pixels square": save(flat((2, 2)), "odd.png"),
    "a strip one pixel high": save(flat((20_000, 1)), "odd.png"),
    "a strip one pixel wide": save(Image.fromarray(drawing.grain(20_000, 1, seed=5)), "odd.png"),
    "a strip of JPEG": save(Image.fromarray(drawing.grain(9, 20_000, seed=5)), "odd.jpg"),
}
ODD = {
    "palette with transparency": save(palette(), "odd.png", transparency=3),
    "palette with alpha for each colour": save(palette(), "odd.png", transparency=bytes(range(64))),
    "grey of 16 bits": save(deep(GREY_16), "odd.png"),
    "grey of 32 bits": save(deep(GREY_16.astype(np.int32) << 8), "odd.tiff"),
    "floating point with NaN": save(deep(poisoned()), "odd.tiff"),
    "nothing but NaN": save(deep(np.full((HIGH, WIDE), np.nan, np.float32)), "odd.tiff"),
    "grey": save(SCENE.convert("L"), "odd.jpg"),
    "grey with alpha": save(with_alpha("LA"), "odd.png"),
    "colour with alpha": save(with_alpha("RGBA"), "odd.webp", lossless=True),
    "wholly transparent": save(Image.new("RGBA", (WIDE, HIGH), (0, 0, 0, 0)), "odd.png"),
    "CMYK": save(SCENE.convert("CMYK"), "odd.jpg", quality=90),
    "CMYK of TIFF": save(SCENE.convert("CMYK"), "odd.tiff"),
    "Lab": save(Image.new("LAB", (WIDE, HIGH), (200, 3, 250)), "odd.tiff"),
    "one bit": save(SCENE.convert("1"), "odd.png"),
    "turned by EXIF": save(SCENE, "odd.jpg", exif=turned(), quality=95),
    "progressive": save(SCENE, "odd.jpg", progressive=True, quality=30),
    "quality 1": save(SCENE, "odd.jpg", quality=1),
    "all black": save(flat((WIDE, HIGH), 0), "odd.jpg"),
    "all white": save(flat((WIDE, HIGH), 255), "odd.png"),
    "noise": save(
        Image.fromarray(np.random.default_rng(3).integers(0, 256, (HIGH, WIDE, 3), np.uint8)), "odd.png"
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", ODD)
def test_every_detector_scores_or_says_why_not(name, registry, tmp_path):
    swept = sweep(ODD[name](tmp_path), registry)

    assert others(swept, PICTURES) == {}
    assert {swept.reasons.get(who, Reason.NO_FACE) for who in FACES} == {Reason.NO_FACE}


@pytest.mark.parametrize("name", TINY)
def test_a_picture_with_hardly_a_pixel_has_no_score(name, registry, tmp_path):
    swept = sweep(TINY[name](tmp_path), registry)

    assert others(swept, PICTURES) == {}
    assert swept.scores == {}
    assert swept.outcome.name is OutcomeName.NOT_ASSESSABLE
    # those whose weights are not installed are told as missing before anybody looks
    looking = {
        card.name for card in registry.cards() if card.consumes is Consumes.FRAMES
    } & swept.reasons.keys()
    assert looking
    assert {swept.reasons[name] for name in looking} <= {
        Reason.OUTSIDE_DOMAIN,
        Reason.NO_SOUND,
    }


@pytest.mark.parametrize(("suffix", "frames"), [(".gif", 2), (".webp", 3), (".png", 3)])
def test_an_animation_of_a_few_frames_is_a_film_too_short_for_most(suffix, frames, registry, tmp_path):
    path = clips.write_animation(tmp_path / f"odd{suffix}", frames=frames)

    swept = sweep(path, registry)

    assert others(swept, FILMS) == {}
    assert (swept.reasons["gop"], swept.reasons["repeats"]) == (Reason.OUTSIDE_DOMAIN, Reason.TOO_SHORT)
    assert not swept.scores.keys() & {"pulse", "blink", "border", "landmark-jitter"}


@pytest.mark.parametrize("suffix", [".gif", ".webp", ".png"])
def test_an_animation_that_breaks_off_shows_what_came_before(suffix, registry, tmp_path):
    path = clips.write_animation(tmp_path / f"odd{suffix}", frames=6)
    content = path.read_bytes()
    path.write_bytes(content[: len(content) * 3 // 5])

    swept = sweep(path, registry)

    assert others(swept, FILMS | UNREAD) == {}
    assert swept.outcome.name is OutcomeName.NOT_ASSESSABLE


@pytest.mark.parametrize(
    ("name", "share"),
    [
        ("odd.jpg", 0.02),
        ("odd.jpg", 0.95),
        ("odd.png", 0.5),
        ("odd.webp", 0.5),
        ("odd.tiff", 0.95),
        ("odd.gif", 0.5),
        ("odd.bmp", 0.95),
    ],
)
def test_a_picture_that_breaks_off_is_not_assessed(name, share, registry, tmp_path):
    path = save(SCENE, name)(tmp_path)
    content = path.read_bytes()
    path.write_bytes(content[: round(len(content) * share)])

    swept = sweep(path, registry)

    assert others(swept, PICTURES | UNREAD) == {}
    assert swept.outcome.name is OutcomeName.NOT_ASSESSABLE
    assert Reason.DECODE_ERROR in swept.reasons.values()


@pytest.mark.parametrize("content", [b"", b"\0", b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff\xd9", b"GIF89a"])
def test_a_file_with_nothing_in_it_cannot_be_read_and_says_so(content, registry, tmp_path):
    path = tmp_path / "odd.png"
    path.write_bytes(content)

    swept = sweep(path, registry)

    assert set(swept.reasons.values()) == {Reason.DECODE_ERROR}
    assert swept.outcome.name is OutcomeName.NOT_ASSESSABLE
    assert "could not be read" in swept.outcome.sentence
