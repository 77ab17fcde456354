"""Our nets give what the original implementations give, on a golden file's inputs."""

import json
import os
import subprocess
import sys

import pytest

from analysis.engine.golden.compare import compare
from analysis.engine.weights import WeightStore

PORTED = {
    "Meso4_DF": 8,
    "Meso4_F2F": 8,
    "MesoInception_DF": 8,
    "MesoInception_F2F": 8,
    "AASIST": 7,
    "AASIST-L": 7,
    "YuNet": 5,
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


def test_every_port_equals_the_original(golden, weights_dir, media_dir):
    nets = {net.net: net for net in compare(golden, WeightStore(weights_dir))}

    assert {name: nets[name].cases for name in PORTED} == PORTED
    assert [net.beyond for net in nets.values() if net.beyond] == []


def test_a_net_without_a_port_is_named(golden, weights_dir):
    nets = {net.net: net for net in compare(golden, WeightStore(weights_dir))}

    assert nets["LPRNet"].skipped == ["no port of this net here"]


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


def test_the_command_fails_beyond_tolerance(altered, weights_dir, tmp_path):
    def change(entry):
        entry["cases"] = entry["cases"][:1]
        entry["cases"][0]["outputs"]["logit_before_sigmoid"] += 0.01

    command = [sys.executable, "manage.py", "weights", "verify", "--golden", str(altered("Meso4_DF", change))]
    env = os.environ | {"ASSAY_WEIGHTS": str(weights_dir)}
    done = subprocess.run(command, env=env, capture_output=True, text=True, check=False)

    assert done.returncode != 0
    assert "beyond" in done.stdout
