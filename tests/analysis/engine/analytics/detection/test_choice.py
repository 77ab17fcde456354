"""Which finder is taken, and that naming them loads nothing heavy."""

import subprocess
import sys

import numpy as np
import pytest

from analysis.engine.analytics.detection import COCO, NAMES, VEHICLES, WITH_PLATES, best_finder
from analysis.engine.weights import WeightStore


def test_without_weights_people_are_found_by_opencv(tmp_path):
    finder = best_finder(WeightStore(tmp_path))

    assert (finder.name, finder.sha256, finder.classes) == ("opencv-people", None, {"person"})
    assert "upright, wholly visible people" in finder.blind
    assert "no vehicles" in finder.blind


def test_an_unknown_name_is_answered_with_the_known(tmp_path):
    with pytest.raises(ValueError, match=r"No object finder 'yolo9000'. Known: yolox-nano, fastestdet"):
        best_finder(WeightStore(tmp_path), name="yolo9000")


@pytest.mark.parametrize("threads", [0, -1])
def test_a_finder_without_threads_is_refused(tmp_path, threads):
    with pytest.raises(ValueError, match="a thread at least"):
        best_finder(WeightStore(tmp_path), threads=threads)


@pytest.mark.parametrize(
    "hostile",
    [
        np.zeros((4, 4), np.uint8),
        np.zeros((4, 4, 4), np.uint8),
        np.zeros((4, 4, 3), np.float32),
        np.zeros((0, 4, 3), np.uint8),
        b"no picture",
    ],
    ids=["grey", "alpha", "float", "empty", "bytes"],
)
def test_what_is_no_picture_is_refused(tmp_path, hostile):
    with pytest.raises(ValueError, match="A picture"):
        best_finder(WeightStore(tmp_path)).find(hostile)


def test_vehicles_and_those_with_plates_are_classes_of_coco():
    assert len(set(COCO)) == 80
    assert {"bicycle", "car", "motorcycle", "bus", "truck"} == VEHICLES
    assert {"car", "motorcycle", "bus", "truck"} == WITH_PLATES
    assert set(COCO) > VEHICLES


def test_names_and_classes_are_known_without_loading_what_runs_them():
    code = (
        "import sys, analysis.engine.analytics.detection;"
        "print([name for name in sys.argv[1:] if name in sys.modules])"
    )

    told = subprocess.run(
        [sys.executable, "-c", code, "numpy", "cv2", "onnxruntime", "torch"],
        capture_output=True,
        text=True,
        check=True,
    )

    assert told.stdout.strip() == "[]"
    assert "opencv-people" in NAMES
