"""A file that is not the published one is never loaded; one that cannot be run ends with a sentence."""

from pathlib import Path

import numpy as np
import pytest

from analysis.engine.analytics.detection import best_finder
from analysis.engine.catalogue import CATALOGUE
from analysis.engine.errors import UnusableWeights, UnverifiedWeights
from analysis.engine.weights import WeightStore
from tests.analysis.engine.analytics.detection import models

PICTURE = np.zeros((60, 80, 3), np.uint8)
GOOD = np.zeros(models.YOLOX_OUT, np.float32)


def test_another_net_under_the_right_name_is_not_loaded(tmp_path):
    path = tmp_path / CATALOGUE["yolox-nano"].file
    path.parent.mkdir()
    path.write_bytes(models.giving(GOOD))

    with pytest.raises(UnverifiedWeights, match=r"yolox_nano\.onnx is not the published file"):
        best_finder(WeightStore(tmp_path), name="yolox-nano")


def test_a_missing_file_says_how_to_install_it(tmp_path):
    with pytest.raises(UnverifiedWeights, match="weights pull fastestdet"):
        best_finder(WeightStore(tmp_path), name="fastestdet")


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "cannot load"),
        (b"\x00" * 4000, "cannot load"),
        (models.giving(GOOD)[:-9000], "cannot load"),
        (models.giving(GOOD, fed=(1, 3, 640, 640)), "another net"),
        (models.giving(np.zeros((1, 8400, 85), np.float32)), "another net"),
        (models.giving(GOOD.astype(np.float64)), "another net"),
        (models.giving(GOOD, outputs=("boxes", "scores")), "another net"),
        (models.reading_elsewhere("/etc/hostname"), "cannot load"),
        (models.reading_elsewhere("secret.bin"), "cannot load"),
    ],
    ids=["empty", "zeroes", "cut", "input", "output", "doubles", "two", "absolute", "relative"],
)
def test_a_file_that_is_no_such_net_is_refused_in_words(tmp_path, monkeypatch, content, why):
    store = models.installed(tmp_path, monkeypatch, "yolox-nano", content)

    with pytest.raises(UnusableWeights, match=why) as refused:
        best_finder(store, name="yolox-nano")

    assert "yolox/yolox_nano.onnx" in str(refused.value)
    assert str(tmp_path) not in str(refused.value)
    assert len(str(refused.value)) < 500


def test_an_output_of_open_shape_is_judged_when_it_comes(tmp_path, monkeypatch):
    content = models.giving_seven_rows()
    finder = best_finder(models.installed(tmp_path, monkeypatch, "yolox-nano", content), name="yolox-nano")

    with pytest.raises(UnusableWeights, match=r"gave \(1, 7, 85\)"):
        finder.find(PICTURE)


def test_of_two_installed_finders_the_better_is_taken(tmp_path, monkeypatch):
    planes = models.giving(np.zeros(models.FASTESTDET_OUT, np.float32), fed=models.FASTESTDET_IN)
    store = models.installed(tmp_path, monkeypatch, "fastestdet", planes)
    first = best_finder(store)
    models.installed(tmp_path, monkeypatch, "yolox-nano", models.giving(GOOD))
    second = best_finder(store)

    assert (first.name, second.name) == ("fastestdet", "yolox-nano")
    assert second.sha256 == CATALOGUE["yolox-nano"].sha256


def test_a_broken_published_file_is_told_and_not_passed_over(tmp_path, monkeypatch):
    store = models.installed(tmp_path, monkeypatch, "yolox-nano", b"broken")

    with pytest.raises(UnusableWeights):
        best_finder(store)


def test_a_finder_starts_no_more_threads_than_it_may(tmp_path, monkeypatch):
    store = models.installed(tmp_path, monkeypatch, "yolox-nano", models.giving(GOOD))
    best_finder(store, threads=1).find(PICTURE)
    before = threads_of_this_process()

    finder = best_finder(store, threads=1)
    finder.find(PICTURE)

    assert threads_of_this_process() == before


def threads_of_this_process():
    return len(list(Path("/proc/self/task").iterdir()))
