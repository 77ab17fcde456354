"""A region saved at another quality before shows in a JPEG; a picture nobody edited shows nothing."""

import io

import numpy as np
import pytest
from PIL import Image, ImageOps
from scipy import ndimage

from analysis.engine.detectors import jpeg
from analysis.engine.media import jpeg as traces
from analysis.engine.plots import described
from analysis.engine.types import FileFacts, MediaKind, NotAssessed, Probe, Reason, Source, Verdict

PROBE = Probe(MediaKind.IMAGE, "jpeg")


def texture(width=640, height=480):
    rough = ndimage.gaussian_filter(np.random.default_rng(1).standard_normal((height, width)), 1.5)
    return (128 + rough / rough.std() * 40).clip(0, 255).astype(np.uint8)


def saved(pixels, quality):
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "JPEG", quality=quality)
    return buffer.getvalue()


def once_saved(pixels, quality):
    return np.asarray(Image.open(io.BytesIO(saved(pixels, quality))))


def examine(tmp_path, data):
    path = tmp_path / "picture"
    path.write_bytes(data)
    session = jpeg.make("jpeg", None, "cpu").open(Source(PROBE, 0.0, 1))
    list(session.feed(FileFacts({"jpeg": traces.read(path, PROBE)})))
    return session, session.finish()


def test_an_inserted_region_of_another_quality_is_found_where_it_lies(tmp_path):
    pixels = texture()
    pixels[96:256, 160:400] = once_saved(texture(), 60)[96:256, 160:400]

    session, verdict = examine(tmp_path, saved(pixels, 90))

    assert verdict.score > 0.7
    assert verdict.facts["ghost_quality"] == 60
    grid = np.array(session.traces["ghosts"]["map"])
    cell = len(pixels) / len(grid)
    rows, columns = (places * cell for places in np.nonzero(grid > 0.5))
    assert 96 - cell <= rows.min() and rows.max() <= 256
    assert 160 - cell <= columns.min() and columns.max() <= 400


@pytest.mark.parametrize("quality", [70, 80, 90, 97])
def test_a_picture_nobody_edited_scores_nothing(tmp_path, quality):
    _, verdict = examine(tmp_path, saved(texture(), quality))

    assert verdict.score < 0.1


def test_saving_the_whole_picture_twice_is_a_fact_and_not_a_sign(tmp_path):
    _, verdict = examine(tmp_path, saved(once_saved(texture(), 60), 90))

    assert verdict.facts["earlier_quality"] == 60
    assert verdict.score < 0.1


def test_other_files_are_outside_the_domain(tmp_path):
    buffer = io.BytesIO()
    Image.fromarray(texture()).save(buffer, "PNG")

    session, assessment = examine(tmp_path, buffer.getvalue())

    assert isinstance(assessment, NotAssessed)
    assert assessment.reason == Reason.OUTSIDE_DOMAIN
    assert list(session.evidence()) == []


def test_a_flat_picture_gives_no_score(tmp_path):
    _, assessment = examine(tmp_path, saved(np.full((480, 640), 90, np.uint8), 90))

    assert isinstance(assessment, NotAssessed)


@pytest.mark.parametrize(
    ("quality", "reason"), [(30, Reason.OUTSIDE_DOMAIN), (50, Reason.OUTSIDE_DOMAIN), (51, None)]
)
def test_a_picture_of_which_no_lower_quality_can_be_asked_gives_no_score(tmp_path, quality, reason):
    session, assessment = examine(tmp_path, saved(texture(), quality))

    assert getattr(assessment, "reason", None) == reason
    assert assessment.facts["quality"] == quality
    assert list(session.evidence()) == []


def test_the_map_of_a_large_picture_is_no_larger_than_what_is_kept(tmp_path):
    pixels = np.tile(texture(), (3, 3))
    pixels[96:512, 160:800] = once_saved(pixels, 60)[96:512, 160:800]
    session, _ = examine(tmp_path, saved(pixels, 90))

    (evidence,) = session.evidence()

    assert described(evidence.plot).kind == "map"


@pytest.mark.parametrize(
    ("width", "height", "inserted"),
    [
        (4000, 252, (2000, 136, 3000, 252)),  # below the only row of whole square cells
        (3006, 1003, (2800, 800, 3006, 1003)),  # at the borders behind the last whole cells
        (128, 4600, (0, 2000, 128, 2800)),  # narrower than one square cell
    ],
)
def test_the_map_shows_a_ghost_where_it_lies_in_pictures_of_any_shape(tmp_path, width, height, inserted):
    left, top, right, bottom = inserted
    pixels = texture(width, height)
    pixels[top:bottom, left:right] = once_saved(pixels, 60)[top:bottom, left:right]

    session, verdict = examine(tmp_path, saved(pixels, 90))

    assert verdict.score > 0.5
    (evidence,) = session.evidence()
    assert max(Image.open(io.BytesIO(evidence.content)).size) == 640
    assert evidence.plot.region == (0.0, 0.0, width // 8 * 8 / width, height // 8 * 8 / height)
    grid = np.array(evidence.plot.rows)
    down, across = height // 8 * 8 / grid.shape[0], width // 8 * 8 / grid.shape[1]
    rows, columns = np.nonzero(grid > 0.5)
    assert rows.min() * down == pytest.approx(top, abs=down)
    assert (rows.max() + 1) * down == pytest.approx(bottom, abs=down)
    assert columns.min() * across == pytest.approx(left, abs=across)
    assert (columns.max() + 1) * across == pytest.approx(right, abs=across)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_the_map_lies_over_whole_blocks_however_the_picture_is_turned(tmp_path, orientation):
    exif = Image.Exif()
    exif[0x0112] = orientation
    buffer = io.BytesIO()
    Image.fromarray(texture(165, 133)).save(buffer, "JPEG", quality=90, exif=exif)

    session, _ = examine(tmp_path, buffer.getvalue())

    whole = np.zeros((133, 165), np.uint8)
    whole[:128, :160] = 255
    marked = Image.fromarray(whole)
    marked.getexif()[0x0112] = orientation
    upright = ImageOps.exif_transpose(marked)  # Pillow turns it as viewers do
    left, top, right, bottom = session.traces["ghosts"]["region"]
    width, height = upright.size
    assert upright.getbbox() == pytest.approx((left * width, top * height, right * width, bottom * height))


def test_the_evidence_is_the_ghost(tmp_path):
    pixels = texture()
    pixels[96:256, 160:400] = once_saved(texture(), 60)[96:256, 160:400]
    session, _ = examine(tmp_path, saved(pixels, 90))

    pictures = list(session.evidence())

    assert [picture.kind for picture in pictures] == ["ghost"]
    assert all(picture.content.startswith(b"\x89PNG") for picture in pictures)


def test_photographs_as_cameras_and_sites_saved_them_score_nothing(tmp_path, media_dir):
    names = ["prnu_camera_real.jpg", "exif_iphone_hdr_no.jpg", "deepface_img32_real.jpg", "tpdne_0139.jpg"]

    assessments = [examine(tmp_path, (media_dir / "image" / name).read_bytes())[1] for name in names]

    assert [a.score for a in assessments if isinstance(a, Verdict)] == [0.0] * 4


@pytest.mark.parametrize("orientation", range(1, 9))
def test_what_is_shown_lies_as_the_picture_does(tmp_path, orientation):
    pixels = texture()
    pixels[96:256, 64:240] = once_saved(texture(), 60)[96:256, 64:240]
    exif = Image.Exif()
    exif[0x0112] = orientation
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "JPEG", quality=90, exif=exif)

    session, _ = examine(tmp_path, buffer.getvalue())

    inserted = np.zeros(pixels.shape, np.uint8)
    inserted[96:256, 64:240] = 255
    marked = Image.fromarray(inserted)
    marked.getexif()[0x0112] = orientation
    expected = np.asarray(ImageOps.exif_transpose(marked))  # Pillow turns it as viewers do
    grid = np.array(session.traces["ghosts"]["map"])
    cell = expected.shape[0] // grid.shape[0]
    assert grid.shape == tuple(side // cell for side in expected.shape)
    rows, columns = ((places.mean() + 0.5) * cell for places in np.nonzero(grid > 0.5))
    assert expected[int(rows), int(columns)] == 255
