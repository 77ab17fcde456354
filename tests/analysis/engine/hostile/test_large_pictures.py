"""A picture of 20,000 pixels a side costs bounded time and memory, or is refused by its header."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

from analysis.engine.conformance import drawing
from analysis.engine.types import OutcomeName, Reason
from tests import clips
from tests.analysis.engine.hostile.sweep import sweep
from tests.analysis.engine.plugins import NO_WEIGHTS

pytestmark = pytest.mark.timeout(400)  # a process with its own OpenCV, on shared cores
ROOT = Path(__file__).resolve().parents[4]
SIDE = 20_000
# 60 MB of pixels, held by the reader twice, by the batch once and by whoever looks; the rest are torch and OpenCV
MOST_MB, READER_MB = 2_000, 700


def measured(path: Path, weights: Path) -> dict[str, object]:
    command = [sys.executable, "-m", "tests.analysis.engine.hostile.measured", str(path), str(weights)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    return json.loads(done.stdout.splitlines()[-1])


@pytest.mark.parametrize(("high", "suffix"), [(500, ".jpg")])
def test_a_picture_20_000_pixels_wide_is_examined_in_bounded_memory(high, suffix, tmp_path):
    path = tmp_path / f"wide{suffix}"
    Image.fromarray(drawing.large(high, SIDE)).save(path, compress_level=1)

    took = measured(path, NO_WEIGHTS.folder)

    assert took["peak_mb"] < MOST_MB
    assert took["reader_mb"] < READER_MB
    assert "spectrum" in took["scores"]


@pytest.mark.parametrize("suffix", [".png", ".jpg", ".webp", ".gif"])
def test_one_of_20_000_by_20_000_is_refused_by_its_header_and_the_limit_is_named(suffix, registry, tmp_path):
    path = claimed(tmp_path / f"huge{suffix}")

    swept = sweep(path, registry)

    assert set(swept.reasons.values()) == {Reason.DECODE_ERROR}
    assert swept.outcome.name is OutcomeName.NOT_ASSESSABLE
    assert all(
        "100,000,000 pixels" in one.detail for name, one in swept.assessments.items() if name in swept.reasons
    )


def claimed(path: Path) -> Path:
    """A small picture whose header says 20,000 by 20,000; of WebP, which cannot say that much, 16,383 by 16,383."""
    clips.write_image(path)
    content, side = bytearray(path.read_bytes()), SIDE
    if path.suffix == ".png":
        clips.claim_size(path, side, side)
        return path
    if path.suffix == ".jpg":
        at = content.index(b"\xff\xc0") + 5
        content[at : at + 4] = side.to_bytes(2, "big") * 2
    elif path.suffix == ".gif":
        at = content.index(b"\x2c", 13 + 3 * 2 ** ((content[10] & 7) + 1))
        content[6:10] = side.to_bytes(2, "little") * 2
        content[at + 5 : at + 9] = side.to_bytes(2, "little") * 2
    else:
        at = content.index(b"\x9d\x01\x2a") + 3
        content[at : at + 4] = (16_383).to_bytes(2, "little") * 2
    path.write_bytes(content)
    return path
