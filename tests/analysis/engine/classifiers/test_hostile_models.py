"""What must not be loaded is not, and says why."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file

from analysis.engine.classifiers import folder as folders
from analysis.engine.classifiers.description import FILE, BadDescription
from analysis.engine.errors import UnusableWeights, UnverifiedWeights
from analysis.engine.registry import Registry
from tests.analysis.engine.classifiers import models


@pytest.fixture
def source(tmp_path: Path) -> Path:
    return models.save_vit(tmp_path / "source")


def add(tmp_path: Path, source: Path, **declared: Any) -> Path:
    given = {"name": "mine", "consumes": "frames", "manipulated": ["generated"]} | declared
    return folders.add(tmp_path, source, **given)[0]


def edit(path: Path, **changes: Any) -> None:
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))


def change_weights(source: Path, change: Callable[[dict[str, torch.Tensor]], None]) -> None:
    weights = load_file(source / "model.safetensors")
    change(weights)
    save_file(weights, source / "model.safetensors", metadata={"format": "pt"})


def test_a_pickle_is_named_and_not_taken(tmp_path: Path, source: Path) -> None:
    (source / "model.safetensors").rename(source / "pytorch_model.bin")

    with pytest.raises(UnverifiedWeights, match=r"pytorch_model\.bin could run code"):
        add(tmp_path, source)

    assert not (tmp_path / "classifiers" / "mine").exists()


def test_code_of_the_models_own_is_never_run(tmp_path: Path, source: Path) -> None:
    edit(source / "config.json", auto_map={"AutoModel": "evil.Model"})

    with pytest.raises(UnverifiedWeights, match="auto_map"):
        add(tmp_path, source)


@pytest.mark.parametrize("name", ["model.safetensors", "config.json", "preprocessor_config.json"])
def test_a_part_that_was_changed_afterwards_is_not_loaded(tmp_path: Path, source: Path, name: str) -> None:
    folder = add(tmp_path, source)
    (folder / name).write_bytes((folder / name).read_bytes() + b" ")

    state = Registry.load(tmp_path).state("mine")

    assert not state.available
    assert f"{name} is not the file that was added" in state.reason
    with pytest.raises(UnverifiedWeights):
        Registry.load(tmp_path).detector("mine")


def test_weights_that_are_cut_short_are_refused(tmp_path: Path, source: Path) -> None:
    path = source / "model.safetensors"
    path.write_bytes(path.read_bytes()[:-100])
    add(tmp_path, source)

    with pytest.raises(UnverifiedWeights, match="cannot load mine"):
        Registry.load(tmp_path).detector("mine")


def test_a_net_whose_last_layer_would_be_random_is_refused(tmp_path: Path, source: Path) -> None:
    change_weights(source, lambda weights: weights.pop("classifier.weight"))
    add(tmp_path, source)

    with pytest.raises(UnverifiedWeights, match=r"would be random \(classifier\.weight"):
        Registry.load(tmp_path).detector("mine")


def test_weights_with_nan_are_refused(tmp_path: Path, source: Path) -> None:
    change_weights(source, lambda weights: weights["classifier.weight"].fill_(float("nan")))
    add(tmp_path, source)

    with pytest.raises(UnusableWeights, match=r"NaN or infinity in classifier\.weight"):
        Registry.load(tmp_path).detector("mine")


@pytest.mark.parametrize(
    ("labels", "reason"),
    [
        (["fake"], "this model has camera, generated, not fake"),
        (["camera", "generated"], "leave some that do not"),
    ],
)
def test_polarity_is_held_against_the_models_labels(
    tmp_path: Path, source: Path, labels: list[str], reason: str
) -> None:
    add(tmp_path, source, manipulated=labels)

    with pytest.raises(UnverifiedWeights, match=reason):
        Registry.load(tmp_path).detector("mine")


def test_a_model_whose_labels_are_all_the_same_is_refused(tmp_path: Path) -> None:
    source = models.save_vit(tmp_path / "same", labels={0: "fake", 1: "fake"})
    add(tmp_path, source, manipulated=["fake"])

    with pytest.raises(UnverifiedWeights, match="leave some that do not"):
        Registry.load(tmp_path).detector("mine")


@pytest.mark.parametrize(
    ("declared", "reason"),
    [
        ({"manipulated": []}, "which labels mean manipulated"),
        ({"name": "../up"}, "name"),
        ({"name": "UPPER"}, "name"),
        ({"colour": "red"}, "colour"),
        ({"batch": 0}, "batch"),
        ({"preprocessing": {"width": 32, "height": 32, "std": [0, 1, 1]}}, "std must be above 0"),
        ({"head": {"kind": "linear", "features": 16}}, "a head needs head.safetensors"),
    ],
)
def test_a_description_that_cannot_be_meant_is_refused(
    tmp_path: Path, source: Path, declared: dict[str, Any], reason: str
) -> None:
    with pytest.raises(BadDescription, match=reason):
        add(tmp_path, source, **declared)


@pytest.mark.parametrize("content", [b"{", b"[]", b'{"format": 2}', b"[" * 100_000, b" " * 100_000])
def test_a_broken_description_costs_no_other_detector(tmp_path: Path, source: Path, content: bytes) -> None:
    (add(tmp_path, source) / FILE).write_bytes(content)

    registry = Registry.load(tmp_path)

    assert not registry.state("plug-in:mine").available
    assert (
        "assay.json" in registry.state("plug-in:mine").reason
        or "description" in registry.state("plug-in:mine").reason
    )
    assert registry.state("spectrum").available


def test_sound_at_another_rate_is_refused(tmp_path: Path) -> None:
    source = models.save_wav2vec2(tmp_path / "sound", rate_hz=8_000)
    add(tmp_path, source, consumes="sound")

    with pytest.raises(UnverifiedWeights, match="8000 Hz; 16000 is given"):
        Registry.load(tmp_path).detector("mine")


def test_an_onnx_file_that_is_none_is_refused(tmp_path: Path, source: Path) -> None:
    (source / "model.safetensors").unlink()
    (source / "model.onnx").write_bytes(b"\x08\x07nothing")
    add(tmp_path, source)

    with pytest.raises(UnverifiedWeights, match="ONNX Runtime cannot load mine"):
        Registry.load(tmp_path).detector("mine")
