"""The bundled samples are drawn by our own code, the same each time, and teach what they promise."""

import pytest

from analysis.engine.registry import Registry
from analysis.engine.sample import MESH, SAMPLES, drawn, sample_clip
from analysis.engine.types import MediaKind, Probed, ScoresMeasured
from tests.analysis.engine.plugins import ending, of


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("samples")


def examined(path, folder):
    from analysis.engine.pipeline import examine

    return list(examine(path, registry=Registry.load(folder), detectors=["spectrum"]))


def test_the_clip_is_a_short_video_with_sound(folder):
    seen = examined(sample_clip(folder), folder)

    (probed,) = of(Probed, seen)
    assert probed.probe.kind == MediaKind.VIDEO
    assert probed.probe.duration_seconds == pytest.approx(8.0, abs=0.1)
    assert (probed.probe.width, probed.probe.height, probed.probe.has_sound) == (640, 360, True)


def test_the_spectrum_detector_tells_its_halves_apart(folder):
    seen = examined(sample_clip(folder), folder)

    points = [point for measured in of(ScoresMeasured, seen) for point in measured.points]
    assert max(point.score for point in points if point.pts_seconds < 3.9) < 0.3
    assert min(point.score for point in points if point.pts_seconds > 4.1) > 0.6


def test_the_mesh_is_the_mistake_it_is_said_to_be(folder):
    seen = examined(drawn(MESH, folder), folder)

    assert ending(seen, "spectrum").assessment.score > 0.9


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample.file)
def test_drawing_twice_gives_the_same_small_file(sample, tmp_path):
    first, second = drawn(sample, tmp_path / "one"), drawn(sample, tmp_path / "other")

    assert first.read_bytes() == second.read_bytes()
    assert first.stat().st_size < 4_000_000


def test_a_drawn_sample_is_kept(tmp_path):
    path = drawn(MESH, tmp_path)
    before = path.stat().st_mtime_ns

    assert drawn(MESH, tmp_path).stat().st_mtime_ns == before
    assert [entry.name for entry in tmp_path.iterdir()] == [MESH.file]
