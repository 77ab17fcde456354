"""Weight files that are not what they should be switch their detector off with a reason, and run nothing."""

import os
import pickle
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

from analysis.engine.catalogue import CATALOGUE
from analysis.engine.classifiers import folder as folders
from analysis.engine.conformance import drawing
from analysis.engine.pipeline import examine
from analysis.engine.registry import Registry
from analysis.engine.types import DetectorEnded, NotAssessed, Reason, Verdict
from analysis.engine.weights import WeightStore, sha256_of
from tests.analysis.engine.classifiers import models
from tests.analysis.engine.hostile.sweep import assert_sound, everybody, sweep
from tests.analysis.engine.plugins import of


class Payload:
    """Makes a folder when it is unpickled."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __reduce__(self) -> tuple[Callable[..., None], tuple[str]]:
        return os.mkdir, (str(self.folder),)


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    return drawing.write_picture(tmp_path / "scene.png", drawing.scene(160, 240))


def endings(picture: Path, registry: Registry, *names: str) -> dict[str, DetectorEnded]:
    with examine(picture, registry=registry, detectors=names) as going:
        return {one.detector: one for one in of(DetectorEnded, going)}


def fill(folder: Path, content: bytes) -> None:
    for published in CATALOGUE.values():
        path = folder / published.file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)


@pytest.mark.parametrize("kind", ["nothing", "noise", "a payload"])
def test_foreign_files_in_every_place_switch_off_what_needs_them_and_run_nothing(kind, picture, tmp_path):
    content = {
        "nothing": b"",
        "noise": np.random.default_rng(7).bytes(5_000),
        "a payload": pickle.dumps(Payload(tmp_path / "ran")),
    }[kind]
    fill(tmp_path / "weights", content)
    registry = Registry.load(tmp_path / "weights")

    swept = sweep(picture, registry)

    needing = {card.name for card in registry.cards() if card.weights}
    missing = {
        name: one.detail
        for name, one in swept.assessments.items()
        if isinstance(one, NotAssessed) and one.reason is Reason.DETECTOR_MISSING
    }
    assert missing.keys() >= needing
    assert all("is not the published file" in told for told in missing.values())
    assert not (tmp_path / "ran").exists()
    assert isinstance(swept.assessments["spectrum"], Verdict)


def changed(path: Path, how: str, ran: Path) -> None:
    """The file of a net, spoilt in one way."""
    held = torch.load(path, map_location="cpu", weights_only=True)
    first = next(name for name, value in held.items() if value.is_floating_point() and value.ndim > 1)
    if how == "cut short":
        path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
        return
    spoilt = {
        "of another shape": lambda: held | {first: torch.zeros(3, 3)},
        "with NaN": lambda: held | {first: torch.full_like(held[first], float("nan"))},
        "with infinity": lambda: held | {first: torch.full_like(held[first], float("inf"))},
        "with a payload": lambda: held | {first: Payload(ran)},
        "lacking a layer": lambda: {name: value for name, value in held.items() if name != first},
    }[how]
    torch.save(spoilt(), path)


@pytest.mark.parametrize(
    "how",
    ["cut short", "of another shape", "with NaN", "with infinity", "with a payload", "lacking a layer"],
)
def test_a_spoilt_file_that_passes_for_the_published_one_switches_its_detector_off(
    how, weights_dir, tmp_path, monkeypatch
):
    """The last line of defence: as if the catalogue itself named the wrong digest."""
    store = WeightStore(tmp_path / "weights")
    path = store.install("aasist-l", weights_dir / CATALOGUE["aasist-l"].file)
    changed(path, how, tmp_path / "ran")
    monkeypatch.setitem(CATALOGUE, "aasist-l", replace(CATALOGUE["aasist-l"], sha256=sha256_of(path)))
    sound = drawing.write_sound(tmp_path / "voice.wav", drawing.voice(5.0))

    ended = endings(sound, Registry.load(store.folder), "aasist-l", "hum")["aasist-l"]

    assert isinstance(ended.assessment, NotAssessed)
    assert ended.assessment.reason is Reason.DETECTOR_MISSING
    assert "AASIST-L.pth" in ended.assessment.detail
    assert_sound(ended, path)
    assert not (tmp_path / "ran").exists()


def own_classifier(tmp_path: Path, spoil: Callable[[Path], None]) -> Registry:
    source = models.save_vit(tmp_path / "source")
    spoil(source)
    folders.add(tmp_path / "weights", source, name="mine", consumes="frames", manipulated=["generated"])
    return Registry.load(tmp_path / "weights")


def with_nan(source: Path) -> None:
    weights = load_file(source / "model.safetensors")
    weights["classifier.weight"].fill_(float("nan"))
    save_file(weights, source / "model.safetensors", metadata={"format": "pt"})


def edited(**changes: object) -> Callable[[Path], None]:
    import json

    def edit(source: Path) -> None:
        path = source / "config.json"
        path.write_text(json.dumps(json.loads(path.read_text()) | changes))

    return edit


SPOILT = {
    "weights with NaN": (with_nan, "NaN or infinity"),
    "no labels": (edited(id2label=None, label2id=None), "labels"),
    "other labels": (edited(id2label={"0": "cat", "1": "dog"}), "labels"),
    "labels without numbers": (edited(id2label={"zero": "camera", "one": "generated"}), "label"),
    "labels that are a list": (edited(id2label=["camera", "generated"]), "label"),
    "no kind": (edited(model_type=None), "mine"),
    "an unknown kind": (edited(model_type="nobody-knows"), "mine"),
    "another shape": (edited(hidden_size=32), "mine"),
    "a shape of no size": (edited(hidden_size=0), "mine"),
    "weights cut short": (
        lambda source: (source / "model.safetensors").write_bytes(
            (source / "model.safetensors").read_bytes()[:500]
        ),
        "mine",
    ),
    "another preprocessing": (
        lambda source: (source / "preprocessor_config.json").write_text('{"image_processor_type": 7}'),
        "mine",
    ),
}


@pytest.mark.parametrize("name", SPOILT)
def test_a_spoilt_model_of_a_users_own_is_missing_with_the_reason(name, picture, tmp_path):
    spoil, told = SPOILT[name]
    registry = own_classifier(tmp_path, spoil)

    ended = endings(picture, registry, "mine", "spectrum")

    assessment = ended["mine"].assessment
    assert isinstance(assessment, NotAssessed)
    assert (assessment.reason, ended["mine"].error_type) == (Reason.DETECTOR_MISSING, None)
    assert told in assessment.detail
    assert_sound(ended["mine"], picture)
    assert isinstance(ended["spectrum"].assessment, Verdict)


def test_a_whole_model_of_a_users_own_is_among_everybody(picture, tmp_path):
    registry = own_classifier(tmp_path, lambda source: None)

    swept = sweep(picture, registry)

    assert "mine" in everybody(registry)
    assert 0 <= swept.scores["mine"] <= 1
