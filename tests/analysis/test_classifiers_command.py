"""`manage.py classifiers`: a model becomes a detector, or it is said why not, and nothing stays behind."""

import io
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from analysis.engine.pipeline import examine
from analysis.engine.registry import Registry
from analysis.engine.types import Band, Concluded, DetectorEnded, OutcomeName, Verdict
from tests.analysis.engine.classifiers import models
from tests.clips import write_image


@pytest.fixture
def weights(tmp_path: Path, settings: Any) -> Path:
    folder = tmp_path / "weights"
    settings.ASSAY_WEIGHTS = folder
    return folder


@pytest.fixture
def source(tmp_path: Path) -> Path:
    return models.save_vit(tmp_path / "tiny-vit")


def run(*words: str) -> str:
    said = io.StringIO()
    call_command("classifiers", *words, stdout=said)
    return said.getvalue()


def add(source: Path, *words: str, name: str = "mine", label: str = "generated") -> str:
    told = ["--name", name, "--consumes", "frames", "--manipulated", label]
    return run("add", str(source), *told, *words)


def test_adding_says_what_was_proven_and_what_was_not(weights: Path, source: Path) -> None:
    said = add(source)

    assert "It loads" in said
    assert "a batch gives the scores its inputs get alone" in said
    assert "Not proven: accuracy." in said
    assert "Ask for it by name: mine" in said


def test_what_was_added_examines_a_picture_and_stays_uncalibrated(
    weights: Path, source: Path, tmp_path: Path
) -> None:
    add(source, "--licence", "MIT", "--title", "Tiny ViT")
    picture = write_image(tmp_path / "a.png")

    seen = list(examine(picture, registry=Registry.load(weights), detectors=["mine"]))

    [ended] = [one for one in seen if isinstance(one, DetectorEnded)]
    [concluded] = [one for one in seen if isinstance(one, Concluded)]
    card = Registry.load(weights).card("mine")
    assert isinstance(ended.assessment, Verdict)
    assert ended.assessment.band is Band.UNCALIBRATED
    assert concluded.outcome.name in {OutcomeName.SOME_SIGNS, OutcomeName.NO_SIGNS}
    assert ended.weights_sha256 == card.weights_sha256
    assert (card.title, card.licence, card.by_default) == ("Tiny ViT", "MIT", False)


def test_a_label_the_model_does_not_have_leaves_nothing_behind(weights: Path, source: Path) -> None:
    with pytest.raises(CommandError, match="camera, generated, not deepfake"):
        add(source, label="deepfake")

    assert list(weights.glob("classifiers/*")) == []


def test_a_name_of_ours_is_refused(weights: Path, source: Path) -> None:
    with pytest.raises(CommandError, match="comes with Assay"):
        add(source, name="spectrum")


def test_the_list_names_state_licence_and_polarity(weights: Path, source: Path) -> None:
    add(source, "--licence", "MIT")
    add(source, name="other")
    (weights / "classifiers/other/config.json").write_text("{}")

    said = run("list")

    assert "mine" in said
    assert "MIT" in said
    assert "ready" in said
    assert "manipulated: generated" in said
    assert "other/config.json is not the file that was added" in said


def test_adding_again_replaces_and_removing_removes(weights: Path, source: Path) -> None:
    add(source, "--title", "First")
    add(source, "--title", "Second")
    title = Registry.load(weights).card("mine").title

    run("remove", "mine")

    assert title == "Second"
    assert list(weights.glob("classifiers/*")) == []
    with pytest.raises(CommandError, match="no classifier 'mine'"):
        run("remove", "mine")


@pytest.mark.parametrize("words", [["--size", "64x64"], ["--device", "cuda"]])
def test_what_cannot_be_run_is_not_added_and_replaces_nothing(
    weights: Path, source: Path, words: list[str]
) -> None:
    add(source, "--title", "Works")

    with pytest.raises(CommandError):
        add(source, *words)

    assert Registry.load(weights).card("mine").title == "Works"
    assert sorted(path.name for path in (weights / "classifiers").iterdir()) == ["mine"]


def test_checking_proves_it_again(weights: Path, source: Path) -> None:
    add(source)

    assert "It repeats itself" in run("check", "mine")


@pytest.mark.parametrize(
    "words", [["--size", "big"], ["--head", "linear"], ["--mean", "0", "0", "0"], ["--head-window", "0"]]
)
def test_what_cannot_be_meant_is_said(weights: Path, source: Path, words: list[str]) -> None:
    with pytest.raises(CommandError):
        add(source, *words)


def test_a_head_over_time_is_proven_too(weights: Path, source: Path) -> None:
    from analysis.engine.classifiers.description import Head

    models.save_head(source, Head(kind="lstm", features=16, hidden=8, window=6))
    words = ["--head", "lstm", "--head-features", "16", "--head-hidden", "8", "--head-window", "6"]

    said = run("add", str(source), "--name", "mine", "--consumes", "frames", *words)

    assert "It answers" in said


def test_the_conformance_kit_tries_what_was_added(weights: Path, source: Path) -> None:
    add(source)
    said = io.StringIO()

    call_command("conformance", "mine", stdout=said)

    assert "mine conforms" in said.getvalue(), said.getvalue()


def test_another_polarity_is_another_version(weights: Path, source: Path) -> None:
    add(source, name="one")
    add(source, name="two", label="camera")
    registry = Registry.load(weights)

    assert registry.card("one").version != registry.card("two").version
    assert registry.card("one").weights_sha256 != registry.card("two").weights_sha256
