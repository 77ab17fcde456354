"""Our nets give what the original implementations give, on a golden file's inputs."""

import json
import os
import subprocess
import sys

import pytest

from analysis.engine.golden.compare import compare
from analysis.engine.golden.inputs import MissingInput, find
from analysis.engine.weights import WeightStore

PORTED = {
    "Meso4_DF": 8,
    "Meso4_F2F": 8,
    "MesoInception_DF": 8,
    "MesoInception_F2F": 8,
    "ClassNSeg_full": 10,
    "ClassNSeg_finetune": 10,
    "MiniFASNetV2": 5,
    "MiniFASNetV1SE": 5,
    "AASIST": 7,
    "AASIST-L": 7,
    "RawGAT-ST": 7,
    "LFCC-LCNN-LSTM_toy": 7,
    "YuNet": 5,
    "YOLOX-nano": 5,
    "FastestDet": 5,
}


@pytest.fixture(scope="module")
def golden(weights_dir):
    path = weights_dir / "GOLDEN.json"
    if not path.is_file():
        pytest.skip(f"no {path.name} beside the weights")
    return path


@pytest.fixture
def altered(golden, tmp_path):
    """Writes a copy of one net's golden entry, changed by the test, and gives its path."""

    def write(net, change):
        entry = json.loads(golden.read_text())["nets"][net]
        change(entry)
        path = tmp_path / "golden.json"
        path.write_text(json.dumps({"nets": {net: entry}}))
        return path

    return write


@pytest.mark.parametrize(("net", "cases"), PORTED.items())
def test_every_port_equals_the_original(altered, weights_dir, media_dir, net, cases):
    golden = altered(net, lambda entry: None)
    (golden.parent / "media").symlink_to(media_dir.resolve())

    (found,) = compare(golden, WeightStore(weights_dir))

    assert (found.cases, found.beyond) == (cases, [])


def test_a_net_without_a_port_is_named(altered, weights_dir):
    (found,) = compare(altered("LPRNet", lambda entry: None), WeightStore(weights_dir))

    assert found.skipped == ["no port of this net here"]


def test_a_net_of_two_files_needs_both(altered, tmp_path, weights_dir):
    (tmp_path / "classnseg").mkdir()
    encoder = tmp_path / "classnseg" / "full_encoder_46.pt"
    encoder.symlink_to(weights_dir.resolve() / "classnseg" / encoder.name)

    (net,) = compare(altered("ClassNSeg_full", lambda entry: None), WeightStore(tmp_path))

    assert net.cases == 0
    assert "full_decoder_46.pt is not installed" in net.skipped[0]


def test_a_wrong_value_is_beyond(altered, weights_dir):
    def change(entry):
        entry["cases"] = entry["cases"][:1]
        entry["cases"][0]["outputs"]["logit_before_sigmoid"] += 0.01

    (net,) = compare(altered("Meso4_DF", change), WeightStore(weights_dir))

    assert [line.split(":")[0] for line in net.beyond] == ["noise7 logit_before_sigmoid"]


def test_another_seed_is_drawn_from_the_formula(altered, weights_dir):
    def change(entry):
        case = entry["cases"][0]
        case["input"]["formula"] = case["input"]["formula"].replace("default_rng(7)", "default_rng(8)")
        entry["cases"] = [case]

    (net,) = compare(altered("Meso4_DF", change), WeightStore(weights_dir))

    assert net.cases == 1
    assert net.beyond != []


def test_a_missing_input_is_named_and_does_not_fail(altered, weights_dir):
    def change(entry):
        entry["cases"] = entry["cases"][2:3]
        entry["cases"][0]["input"]["file"] = "media/image/nobody.jpg"

    (net,) = compare(altered("Meso4_DF", change), WeightStore(weights_dir))

    assert (net.cases, net.beyond) == (0, [])
    assert "nobody.jpg" in net.skipped[0]


@pytest.mark.parametrize(
    ("net", "value", "wrong"),
    [
        ("Meso4_DF", "p_fake", 0.99),
        ("Meso4_DF", "sigmoid_probability_real", 0.01),
        ("AASIST-L", "softmax", [0.5, 0.5]),
        ("ClassNSeg_full", "decision", "original"),
        ("ClassNSeg_full", "softmax_of_the_two", [0.491208464, 0.508791566]),
        ("ClassNSeg_finetune", "seg_share_of_pixels_ch1_ge_0.5", 0.5),
        ("MiniFASNetV2", "softmax_3", [0.0, 1.0, 0.0]),
    ],
)
def test_every_output_of_a_case_is_compared(altered, weights_dir, net, value, wrong):
    def change(entry):
        entry["cases"] = entry["cases"][:1]
        entry["cases"][0]["outputs"] = {value: wrong}
        entry["cases"][0].pop("layers", None)
        entry["cases"][0].pop("layers_nhwc", None)

    (found,) = compare(altered(net, change), WeightStore(weights_dir))

    assert [line.split(":")[0].split()[-1] for line in found.beyond] == [value]


def test_a_case_without_a_known_value_is_not_compared(altered, weights_dir):
    def change(entry):
        entry["cases"] = entry["cases"][:1]
        entry["cases"][0]["outputs"] = {"something_else": 1.0}
        entry["cases"][0].pop("layers_nhwc")

    (net,) = compare(altered("Meso4_DF", change), WeightStore(weights_dir))

    assert (net.cases, net.values) == (0, 0)
    assert net.skipped == ["noise7: it states no value that our net gives"]


@pytest.mark.parametrize("box", [[0, 0, 5000, 5000], [-10, -10, 100, 100], [200, 200, 100, 100]])
def test_a_crop_outside_the_picture_is_named(altered, weights_dir, media_dir, box):
    def change(entry):
        entry["cases"] = entry["cases"][2:3]
        entry["cases"][0]["input"]["crop_xyxy_px"] = box
        entry["cases"][0]["input"]["file"] = "media/image/meso_real00240_real.jpg"

    golden = altered("Meso4_DF", change)
    (golden.parent / "media").symlink_to(media_dir.resolve())

    (net,) = compare(golden, WeightStore(weights_dir))

    assert "lies outside the picture" in net.skipped[0]


def test_media_may_be_a_link_beside_the_golden_file(altered, weights_dir, media_dir):
    def change(entry):
        entry["cases"] = entry["cases"][2:3]

    golden = altered("Meso4_DF", change)
    (golden.parent / "media").symlink_to(media_dir.resolve())

    (net,) = compare(golden, WeightStore(weights_dir))

    assert (net.cases, net.skipped, net.beyond) == (1, [], [])


@pytest.mark.parametrize("name", ["../secret.jpg", "/etc/hostname", "media/../../secret.jpg"])
def test_a_path_out_of_the_folder_is_refused(tmp_path, name):
    (tmp_path / "inner").mkdir()
    (tmp_path / "secret.jpg").write_bytes(b"secret")

    with pytest.raises(MissingInput, match="not a path below"):
        find(name, tmp_path / "inner")


def test_a_net_that_does_not_run_on_its_input_fails(altered, weights_dir):
    def change(entry):
        case = entry["cases"][0]
        case["input"]["formula"] = case["input"]["formula"].replace("256, 256", "64, 64")
        entry["cases"] = [case]

    (net,) = compare(altered("Meso4_DF", change), WeightStore(weights_dir))

    assert "does not run" in net.beyond[0]


def verify(path, weights_dir):
    command = [sys.executable, "manage.py", "weights", "verify", "--golden", str(path)]
    env = os.environ | {"ASSAY_WEIGHTS": str(weights_dir)}
    return subprocess.run(command, env=env, capture_output=True, text=True, check=False)


def test_the_command_does_not_fail_when_everything_was_skipped(altered, weights_dir):
    def change(entry):
        entry["cases"] = entry["cases"][2:3]
        entry["cases"][0]["input"]["file"] = "media/image/nobody.jpg"

    done = verify(altered("Meso4_DF", change), weights_dir)

    assert done.returncode == 0
    assert "nobody.jpg" in done.stdout
    assert "Nothing was compared" in done.stdout


def test_the_command_does_not_fail_for_a_net_without_a_port(altered, weights_dir):
    done = verify(altered("LPRNet", lambda entry: None), weights_dir)

    assert done.returncode == 0
    assert "no port of this net here" in done.stdout


def test_the_command_fails_beyond_tolerance(altered, weights_dir):
    def change(entry):
        entry["cases"] = entry["cases"][:1]
        entry["cases"][0]["outputs"]["logit_before_sigmoid"] += 0.01

    done = verify(altered("Meso4_DF", change), weights_dir)

    assert done.returncode != 0
    assert "beyond" in done.stdout


@pytest.mark.parametrize(
    ("net", "value", "where"),
    [
        ("YOLOX-nano", "detections_xyxy_px_score_class", (0, 2)),
        ("YOLOX-nano", "detections_xyxy_px_score_class", (0, 5)),
        ("FastestDet", "detections_x1_y1_x2_y2_score_class_thr_0.5", (0, 2)),
    ],
    ids=["a box of YOLOX", "a class of YOLOX", "a box of FastestDet"],
)
def test_an_object_found_elsewhere_or_called_otherwise_is_beyond(
    altered, weights_dir, media_dir, net, value, where
):
    def change(entry):
        entry["cases"] = entry["cases"][2:3]
        row, column = where
        entry["cases"][0]["outputs"][value][row][column] += 2

    golden = altered(net, change)
    (golden.parent / "media").symlink_to(media_dir.resolve())

    (found,) = compare(golden, WeightStore(weights_dir))

    assert [line.split(":")[0] for line in found.beyond] == [f"us_wts-lg-000021.jpg {value}"]


@pytest.mark.parametrize(("crop", "differing"), [([900, 600, 1024, 640], 0), ([0, 0, 1024, 640], 1)])
def test_nothing_found_equals_nothing_and_not_a_car(altered, weights_dir, media_dir, crop, differing):
    def change(entry):
        entry["cases"] = entry["cases"][2:3]
        entry["cases"][0]["input"] |= {"crop_xyxy_px": crop, "check_uint8_bgr_hwc": None}
        entry["cases"][0]["outputs"] = {"detections_x1_y1_x2_y2_score_class_thr_0.5": []}

    golden = altered("FastestDet", change)
    (golden.parent / "media").symlink_to(media_dir.resolve())

    (compared,) = compare(golden, WeightStore(weights_dir))

    assert (compared.cases, len(compared.beyond)) == (1, differing)
