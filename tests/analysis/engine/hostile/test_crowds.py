"""Many faces, turned faces: who is judged is bounded, and who is not is told."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from analysis.engine.pipeline import examine
from analysis.engine.registry import Registry
from analysis.engine.types import Concluded, Consumes, Reason, ScoresMeasured
from tests import clips
from tests.analysis.engine.hostile.sweep import FILMS, PICTURES, of_faces, others, sweep
from tests.analysis.engine.plugins import Plain, card, of

ROWS, COLUMNS, SIDE = 5, 8, 128
JUDGED = 16  # faces of a frame, the largest first; docs/detectors.md says so


@pytest.fixture(scope="module")
def portrait(media_dir: Path) -> Image.Image:
    """A face that nobody has, of about 600 px in 1024."""
    return Image.open(media_dir / "image" / "tpdne_0139.jpg").convert("RGB")


@pytest.fixture(scope="module")
def crowd(portrait: Image.Image) -> np.ndarray:
    """40 times that face."""
    return np.tile(np.asarray(portrait.resize((SIDE, SIDE))), (ROWS, COLUMNS, 1))


@pytest.fixture(scope="module")
def crowded(crowd: np.ndarray, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("crowd") / "crowd.png"
    Image.fromarray(crowd).save(path)
    return path


def test_of_40_faces_16_are_judged_and_the_outcome_says_so(crowded, registry, weights_dir):
    swept = sweep(crowded, registry)

    assert others(swept, PICTURES | {Reason.FACE_TOO_SMALL, Reason.FACE_TOO_BLURRED}) == {}
    assert "only the 16 largest faces of a frame are judged; up to 40 were found in 1 of 1 frames" in (
        swept.outcome.limit
    )
    boxes = [p.box for one in of(ScoresMeasured, swept.seen) for p in one.points if p.box]
    assert boxes and all(0 <= side <= 1 for box in boxes for side in box)


def test_no_more_faces_than_that_reach_a_detector(crowded, weights_dir):
    looks = Plain(card("looks", consumes=Consumes.FACES))
    known = Registry.load(weights_dir)
    known._add(looks, "tests")

    with examine(crowded, registry=known, detectors=["looks"]) as going:
        seen = list(going)

    (batch,) = looks.batches
    assert len(batch.faces) == JUDGED
    assert len({face.track for face in batch.faces}) == JUDGED
    assert isinstance(seen[-1], Concluded)


def test_a_crowd_in_a_film_is_told_by_its_fullest_frame(crowd, portrait, registry, weights_dir, tmp_path):
    one = np.full_like(crowd, 90)
    one[:512, :512] = np.asarray(portrait.resize((512, 512)))
    frames = [crowd] * 2 + [one] * 2
    path = clips.write_video(
        tmp_path / "crowd.mp4", width=COLUMNS * SIDE, height=ROWS * SIDE, frames=frames, seconds=0.8, fps=5
    )

    swept = sweep(path, registry, of_faces(registry))

    assert others(swept, FILMS | {Reason.FACE_TOO_SMALL, Reason.FACE_TOO_BLURRED}) == {}
    assert "were found in 2 of 4 frames" in swept.outcome.limit


def test_a_single_face_needs_no_such_remark(portrait, registry, tmp_path):
    portrait.resize((512, 512)).save(tmp_path / "one.png")

    swept = sweep(tmp_path / "one.png", registry, of_faces(registry))

    assert "largest faces" not in swept.outcome.limit


@pytest.mark.parametrize("turned", [90, 180])
def test_a_turned_face_is_scored_or_not_found_and_nothing_fails(turned, portrait, registry, tmp_path):
    portrait.resize((512, 512)).rotate(turned).save(tmp_path / "turned.png")

    swept = sweep(tmp_path / "turned.png", registry, of_faces(registry))

    assert others(swept, PICTURES | {Reason.FACE_TOO_SMALL, Reason.FACE_TOO_BLURRED}) == {}


def test_a_face_that_only_its_metadata_turns_is_judged_as_the_upright_one(portrait, registry, tmp_path):
    small = portrait.resize((512, 512))
    exif = Image.Exif()
    exif[0x0112] = 3
    small.save(tmp_path / "upright.png")
    small.rotate(180).save(tmp_path / "turned.png", exif=exif)

    faces = of_faces(registry)
    upright, turned = (sweep(tmp_path / name, registry, faces) for name in ("upright.png", "turned.png"))

    assert turned.scores == upright.scores
    assert turned.reasons == upright.reasons
