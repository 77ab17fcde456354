"""`manage.py classifiers train`: from folders of drawn files to a detector that gives the same scores."""

import hashlib
import io
import json
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from django.core.management import CommandError, call_command
from django.test import override_settings
from PIL import Image

from analysis.engine.calibrating.fit import Minimum
from analysis.engine.classifiers.description import read
from analysis.engine.classifiers.training import collecting, train
from analysis.engine.classifiers.training.features import FileFeatures
from analysis.engine.pipeline import examine
from analysis.engine.registry import Registry
from analysis.engine.types import Assessment, Band, DetectorEnded, Verdict
from tests.analysis.engine.classifiers import models
from tests.clips import write_samples

SOURCES = ("phone", "scan", "web")
FILES = 2


def draw(path: Path, brightness: int, seed: int) -> None:
    """A grainy picture of that brightness; no two are the same file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    grain = np.random.default_rng(seed).normal(brightness, 4, (48, 64, 3))
    Image.fromarray(np.clip(grain, 0, 255).astype(np.uint8)).save(path)


@dataclass(frozen=True)
class Desk:
    """A desk where one training was done, what was said meanwhile, and what the engine made."""

    weights: Path
    said: str
    trained: train.Trained


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Dark ones without and bright ones with manipulation, from three sources, and what lies about in folders."""
    root = tmp_path_factory.mktemp("pictures")
    for number, source in enumerate(SOURCES):
        for at in range(FILES):
            draw(root / "real" / source / f"{at}.png", 30 + 10 * number, seed=at + 10 * number)
            draw(root / "fake" / source / f"{at}.png", 210 + 10 * number, seed=100 + at + 10 * number)
    whole = (root / "real/phone/0.png").read_bytes()
    (root / "real/phone/cut.png").write_bytes(whole[:60])
    (root / "real/phone/again.png").write_bytes(whole)
    (root / "real/phone/notes.txt").write_text("no media")
    (root / "fake/web/loop.png").symlink_to("loop.png")
    write_samples(root / "fake/web/sound.wav", np.zeros(16_000, np.float32))
    Image.new("RGB", (20, 20)).save(root / "fake/web/\x1b[31mtiny.png")
    return root


@pytest.fixture(scope="module")
def backbone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return models.save_vit(tmp_path_factory.mktemp("models") / "tiny-vit")


@pytest.fixture(autouse=True, scope="module")
def few_will_do() -> Iterator[None]:
    """Each file costs a child process, so that these tests train on fewer than the product accepts."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(train, "Minimum", lambda: Minimum(files=6, sources=3))
        yield


@pytest.fixture(scope="module")
def desk(pictures: Path, backbone: Path, tmp_path_factory: pytest.TempPathFactory) -> Desk:
    """Trained once for all who only look, on a classifier that was added before."""
    weights = tmp_path_factory.mktemp("desk")
    made: list[train.Trained] = []
    with override_settings(ASSAY_WEIGHTS=weights), pytest.MonkeyPatch.context() as patch:
        patch.setattr(train, "train", _remembered(train.train, made))
        added = ["--name", "base", "--consumes", "frames", "--manipulated", "generated", "--licence", "MIT"]
        call_command("classifiers", "add", str(backbone), *added, "--size", "32x32", stdout=io.StringIO())
        said = teach(pictures, "base", "--title", "Mine", "--seed", "5")
    return Desk(weights, said, made[0])


def teach(root: Path, backbone: object, *words: str, name: str = "mine") -> str:
    said = io.StringIO()
    labels = ["--real", str(root / "real"), "--fake", str(root / "fake")]
    call_command("classifiers", "train", name, "--backbone", str(backbone), *labels, *words, stdout=said)
    return said.getvalue()


def _remembered(call: Callable[..., Any], into: list[Any]) -> Callable[..., Any]:
    def remembered(*args: Any, **options: Any) -> Any:
        into.append(call(*args, **options))
        return into[-1]

    return remembered


@pytest.fixture
def weights(tmp_path: Path, settings: Any) -> Path:
    settings.ASSAY_WEIGHTS = tmp_path / "weights"
    return tmp_path / "weights"


def assessed(weights: Path, path: Path, name: str = "mine") -> Assessment:
    seen = examine(path, registry=Registry.load(weights), detectors=[name])
    [ended] = [one for one in seen if isinstance(one, DetectorEnded)]
    return ended.assessment


def left_behind(weights: Path) -> list[str]:
    return [path.name for path in weights.glob("classifiers/*")]


def test_what_was_trained_tells_files_it_has_not_seen_and_stays_uncalibrated(
    desk: Desk, tmp_path: Path
) -> None:
    draw(tmp_path / "bright.png", 225, seed=900)
    draw(tmp_path / "dark.png", 35, seed=901)

    bright, dark = (assessed(desk.weights, tmp_path / name) for name in ("bright.png", "dark.png"))

    assert isinstance(bright, Verdict)
    assert isinstance(dark, Verdict)
    assert bright.score > 0.5 > dark.score
    assert bright.band is Band.UNCALIBRATED


def test_the_card_says_what_it_was_trained_on_and_what_came_of_it(desk: Desk) -> None:
    card = Registry.load(desk.weights).card("mine")

    assert (card.title, card.licence, card.by_default) == ("Mine", "MIT", False)
    assert "6 unmanipulated files from 3 sources and 6 manipulated ones from 3" in card.accuracy
    assert "AUC 1.00" in card.accuracy
    assert "Not calibrated" in card.accuracy
    assert "frozen features of base" in card.looks_at


def test_figures_of_sources_left_out_are_told_with_their_numbers(desk: Desk) -> None:
    # Clopper-Pearson, none of 6: one minus 0.025 ** (1 / 6)
    assert "0 of 6 (0% to 46%) unmanipulated files" in desk.said
    assert "scan left out: 0 of 2 false alarms, 0 of 2 missed" in desk.said
    assert "It is uncalibrated: use manage.py calibrate with files of other sources" in desk.said


def test_the_detector_scores_as_the_training_did(desk: Desk) -> None:
    for one in desk.trained.files[:3]:
        verdict = assessed(desk.weights, one.file.path)
        assert isinstance(verdict, Verdict)
        assert verdict.score == pytest.approx(one.score(desk.trained.line), abs=1e-5)


def test_the_record_holds_digests_and_no_names(desk: Desk, pictures: Path) -> None:
    folder = desk.weights / "classifiers/mine"
    record = json.loads((folder / "trained-on.json").read_text())
    told = read(folder).training

    real = {hashlib.sha256(path.read_bytes()).hexdigest() for path in (pictures / "real/scan").iterdir()}
    model = hashlib.sha256((folder / "model.safetensors").read_bytes()).hexdigest()
    assert told is not None
    assert (told.seed, told.backbone_sha256) == (5, model)
    assert [one["source"] for one in record["sources"]] == list(SOURCES)
    assert {*record["sources"][1]["real"]} == real
    assert ".png" not in (folder / "trained-on.json").read_text()


def test_the_preprocessing_of_a_backbone_that_was_added_is_kept(desk: Desk) -> None:
    told = read(desk.weights / "classifiers/mine")

    assert told.preprocessing is not None
    assert told.preprocessing == read(desk.weights / "classifiers/base").preprocessing


def test_bad_files_are_named_with_their_reason_and_left_out(desk: Desk) -> None:
    assert "4 files were left out" in desk.said
    assert "real/phone/cut.png: " in desk.said
    assert "is the same file as real/phone/" in desk.said
    assert "sound.wav: no_picture" in desk.said
    assert "tiny.png: outside_domain: the pictures are under 32 px on a side" in desk.said
    assert "\x1b" not in desk.said


def test_a_second_training_gives_the_same_head_and_version(desk: Desk, pictures: Path, settings: Any) -> None:
    settings.ASSAY_WEIGHTS = desk.weights

    teach(pictures, "base", name="again")

    once, again = (desk.weights / f"classifiers/{name}/head.safetensors" for name in ("mine", "again"))
    registry = Registry.load(desk.weights)
    assert again.read_bytes() == once.read_bytes()
    assert registry.card("again").version == registry.card("mine").version


def test_a_file_with_both_labels_is_refused(
    weights: Path, backbone: Path, pictures: Path, tmp_path: Path
) -> None:
    root = shutil.copytree(pictures, tmp_path / "mixed", ignore=shutil.ignore_patterns("loop.png"))
    shutil.copy(root / "real/phone/0.png", root / "fake/web/same.png")

    with pytest.raises(CommandError, match="are the same file, and have both labels"):
        teach(root, backbone)

    assert left_behind(weights) == []


def untold(desk: Desk) -> list[FileFeatures]:
    """Those files with the label of one in two turned round, so that nothing tells the labels apart."""
    turned = []
    for one in desk.trained.files:
        label = one.file.manipulated is not one.file.name.endswith("0.png")
        turned.append(replace(one, file=replace(one.file, manipulated=label)))
    return turned


def test_a_head_that_learnt_nothing_is_not_added(
    desk: Desk, weights: Path, backbone: Path, pictures: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(collecting, "collect", lambda *_args, **_options: (untold(desk), []))

    with pytest.raises(CommandError, match=r"Not added: .* AUC 0\.\d\d \(95 % interval .*--even-so"):
        teach(pictures, backbone)

    assert left_behind(weights) == []


def test_a_head_that_learnt_nothing_is_added_even_so_where_asked_and_its_card_says_so(
    desk: Desk, weights: Path, backbone: Path, pictures: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(collecting, "collect", lambda *_args, **_options: (untold(desk), []))

    said = teach(pictures, backbone, "--even-so")

    assert "Added. Ask for it by name: mine" in said
    accuracy = Registry.load(weights).card("mine").accuracy
    assert "does not tell the labels apart" in accuracy
    assert "It was added even so" in accuracy


@pytest.mark.parametrize("at", ["collect", "save"])
def test_an_interrupted_training_leaves_nothing(
    desk: Desk, weights: Path, backbone: Path, pictures: Path, monkeypatch: pytest.MonkeyPatch, at: str
) -> None:
    def interrupt(*_args: object, **_options: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(collecting, "collect", lambda *_args, **_options: (desk.trained.files, []))
    monkeypatch.setattr(*{"collect": (collecting, "collect"), "save": (train, "save_file")}[at], interrupt)

    with pytest.raises(SystemExit) as left:
        teach(pictures, backbone)

    assert left.value.code == 130
    assert left_behind(weights) == []


def test_sources_may_come_from_a_list(weights: Path, backbone: Path, pictures: Path, tmp_path: Path) -> None:
    names = sorted({path.relative_to(pictures / "real").as_posix() for path in pictures.glob("real/*/*.png")})
    listed = tmp_path / "sources.csv"
    listed.write_text("\n".join(["file,source", *(f"{name},everywhere" for name in names)]))

    with pytest.raises(CommandError, match=r"all unmanipulated files come from one source \(everywhere\)"):
        teach(pictures, backbone, "--sources", str(listed))


def test_too_few_files_are_refused_before_any_is_looked_at(
    weights: Path, pictures: Path, backbone: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(train, "Minimum", Minimum)
    looked: list[object] = []
    monkeypatch.setattr(collecting, "collect", lambda *args, **_options: looked.append(args))

    with pytest.raises(CommandError, match="8 unmanipulated files can be used, 30 are needed"):
        teach(pictures, backbone)

    assert looked == []


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("mine", "There is a classifier mine already"),
        ("spectrum", "comes with Assay"),
        ("../other", "name: String should match pattern"),
    ],
)
def test_a_name_that_cannot_be_had_is_refused(
    weights: Path, backbone: Path, pictures: Path, name: str, said: str
) -> None:
    (weights / "classifiers/mine").mkdir(parents=True)

    with pytest.raises(CommandError, match=said):
        teach(pictures, backbone, name=name)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--size", "4x4"), "preprocessing cannot be used: width: .* 8"),
        (("--size", "32x32", "--std", "0", "0", "0"), "std must be above 0"),
        (("--window-seconds", "nan"), "from 0.5 to 60"),
    ],
)
def test_what_cannot_be_is_refused_in_words(
    weights: Path, backbone: Path, pictures: Path, words: tuple[str, ...], said: str
) -> None:
    with pytest.raises(CommandError, match=said):
        teach(pictures, backbone, *words)

    assert left_behind(weights) == []


@pytest.mark.parametrize(
    ("part", "said"), [("model.safetensors", "cannot load"), ("config.json", "not JSON")]
)
def test_a_broken_backbone_is_refused(
    weights: Path, backbone: Path, pictures: Path, tmp_path: Path, part: str, said: str
) -> None:
    broken = shutil.copytree(backbone, tmp_path / "broken")
    (broken / part).write_bytes(b"\x00" * 50)

    with pytest.raises(CommandError, match=said):
        teach(pictures, broken)

    assert left_behind(weights) == []


def test_where_no_face_is_found_no_head_is_trained_on_faces(
    weights: Path, backbone: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(train, "Minimum", lambda: Minimum(files=1, sources=1))
    draw(tmp_path / "real/phone/0.png", 30, seed=1)
    draw(tmp_path / "fake/phone/0.png", 200, seed=2)

    with pytest.raises(CommandError, match="0 unmanipulated files can be used") as refused:
        teach(tmp_path, backbone, "--faces")

    assert "no_face" in str(refused.value)


def test_a_head_over_sound_is_trained_and_scores_windows(
    weights: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(train, "Minimum", lambda: Minimum(files=3, sources=3))
    backbone = models.save_wav2vec2(tmp_path / "tiny-wav2vec2")
    for number, source in enumerate(SOURCES):
        for label, hz in (("real", 120), ("fake", 2400)):
            path = tmp_path / "heard" / label / source / "0.wav"
            path.parent.mkdir(parents=True, exist_ok=True)
            write_samples(path, tone(hz + 7 * number))

    said = teach(tmp_path / "heard", backbone, "--sound", "--window-seconds", "1", name="voice")

    fake = assessed(weights, tmp_path / "heard/fake/scan/0.wav", "voice")
    real = assessed(weights, tmp_path / "heard/real/scan/0.wav", "voice")
    assert "AUC 1.00" in said
    assert isinstance(fake, Verdict)
    assert isinstance(real, Verdict)
    assert fake.score > 0.5 > real.score
    assert fake.coverage.unit == "windows"


def tone(hz: float) -> np.ndarray:
    at = np.arange(24_000) / 16_000
    return np.float32(0.3 * np.sin(2 * np.pi * hz * at) * (1 + 0.5 * np.sin(2 * np.pi * 3 * at)))
