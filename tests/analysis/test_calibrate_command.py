"""`manage.py calibrate` and `evaluate`, from drawn files to the outcome of the next one."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from PIL import Image

from analysis import models
from analysis.calibrations import load_calibrations, store
from analysis.engine.calibrating import fit
from analysis.engine.calibration import UnsoundCalibration
from analysis.engine.pipeline import examine
from analysis.engine.registry import Registry
from analysis.engine.types import Assessment, Concluded, Coverage, FrameBatch, OutcomeName, Verdict
from analysis.management.commands.calibrate import Command
from tests.analysis.engine.plugins import Plain, card, registry
from tests.calibrations import good_calibration

pytestmark = pytest.mark.django_db

SOURCES = ("phone", "scan", "web")
FILES = 2


class Brightness(Plain):
    """Takes bright pictures for manipulated ones."""

    def feed(self, batch: Any) -> Any:
        assert isinstance(batch, FrameBatch)
        self.units += len(batch.frames)
        self.score = float(np.mean([frame.rgb.mean() for frame in batch.frames]) / 255)
        return ()

    def finish(self) -> Assessment:
        return Verdict(self.score, Coverage(1, 1))


def draw(path: Path, brightness: int) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("L", (64, 48), brightness).save(path)
    return path


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Dark pictures without and bright ones with manipulation, from three sources."""
    root = tmp_path_factory.mktemp("labelled")
    for source in SOURCES:
        for at in range(FILES):
            draw(root / "real" / source / f"{at}.png", 30 + 10 * at)
            draw(root / "fake" / source / f"{at}.png", 200 + 10 * at)
    return root


@pytest.fixture
def detector(monkeypatch: pytest.MonkeyPatch) -> Registry:
    """A desk with one detector."""
    found = registry(Brightness(card("brightness", unit="pictures")))
    for command in ("calibrate", "evaluate"):
        monkeypatch.setattr(f"analysis.management.commands.{command}.load_registry", lambda: found)
    return found


@pytest.fixture
def few_will_do(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each file costs a child process, so that these tests calibrate on fewer than the product accepts."""
    monkeypatch.setattr(
        fit.calibrate, "__kwdefaults__", fit.calibrate.__kwdefaults__ | {"minimum": fit.Minimum(6, 3)}
    )
    monkeypatch.setattr("analysis.engine.banding.ROW_FILES", 6)


def labels(folders: Path) -> list[str]:
    return ["--real", str(folders / "real"), "--fake", str(folders / "fake")]


def lines(captured: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in captured.splitlines()]


@pytest.mark.usefixtures("few_will_do")
def test_from_drawn_files_to_the_outcome_of_the_next_and_a_table(
    detector: Registry, folders: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rates = ["--false-positive-rate", "0.2", "--miss-rate", "0.2"]
    call_command("calibrate", "--detector", "brightness", *labels(folders), *rates)
    said = capsys.readouterr().out

    found = load_calibrations()["brightness"]
    assert (found.files.manipulated, found.sources.unmanipulated, found.auc.value) == (6, 3, 1.0)
    assert "shorter side in px below 360: 0 of 6 false alarms, 0 of 6 missed" in said

    bright = draw(tmp_path / "bright.png", 240)
    *_, last = examine(bright, registry=detector, calibrations=load_calibrations())
    assert isinstance(last, Concluded)
    assert last.outcome.name is OutcomeName.STRONG_SIGNS

    call_command("evaluate", *labels(folders), "--json")
    brightness, fusion = lines(capsys.readouterr().out)
    assert (brightness["auc"]["value"], brightness["calibrated"], brightness["mistakes"]) == (1.0, 12, [])
    assert (fusion["name"], fusion["false_alarms"]["count"], fusion["misses"]["count"]) == ("fusion", 0, 0)


def test_too_few_files_stay_uncalibrated_and_nothing_is_kept(
    detector: Registry, folders: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folders / "fake" / "phone" / "broken.png").write_bytes(b"\x89PNG\r\n\x1a\nno more")
    try:
        with pytest.raises(SystemExit) as ended:
            call_command("calibrate", "--detector", "brightness", *labels(folders), "--json")
    finally:
        (folders / "fake" / "phone" / "broken.png").unlink()

    (told,) = lines(capsys.readouterr().out)
    assert ended.value.code == 2
    assert told["uncalibrated"] == [
        "6 unmanipulated files have a score, 30 are needed",
        "6 manipulated files have a score, 30 are needed",
    ]
    assert told["abstained"] == [{"manipulated": True, "reason": "decode_error", "files": 1}]
    assert load_calibrations() == {}


def test_mistakes_are_listed_by_file(
    detector: Registry, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    draw(tmp_path / "a.png", 200)
    draw(tmp_path / "b.png", 20)
    (tmp_path / "labels.csv").write_text("file,label,source\na.png,real,one\nb.png,fake,two\n")

    call_command("evaluate", "--labels", str(tmp_path / "labels.csv"), "--markdown")

    said = capsys.readouterr().out
    assert "| brightness | 1 | 1 | 2 | 0.00 (0.00–0.00) | 1.00 | 1 of 1" in said
    assert "**brightness**: false alarm a.png 0.784; missed b.png 0.078." in said
    assert "**fusion**: missed b.png no_signs." in said


def test_the_ladder_tells_copies_beside_their_originals(
    detector: Registry, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, brightness in (("a", 20), ("b", 200), ("c", 30), ("d", 230)):
        draw(tmp_path / f"{name}.png", brightness)
    (tmp_path / "e.png").write_bytes(b"\x89PNG\r\n\x1a\nno more")
    rows = ["a.png,real,one", "b.png,fake,one", "c.png,real,two", "d.png,fake,two", "e.png,fake,two"]
    (tmp_path / "labels.csv").write_text("\n".join(["file,label,source", *rows]) + "\n")
    asked = ["--labels", str(tmp_path / "labels.csv"), "--ladder", "--per-rung", "5"]

    call_command("evaluate", *asked, "--markdown")
    said = capsys.readouterr().out
    call_command("evaluate", *asked[:3], "--per-rung", "2", "--json")
    few = [line for line in lines(capsys.readouterr().out) if "rung" in line]

    assert "| brightness | JPEG 50 | 2 | 2 | 1.00 (1.00–1.00) → 1.00 (1.00–1.00) | 0 of 2" in said
    assert "Copies that could not be made: e.png (" in said
    assert [step["rung"] for step in few] == ["JPEG 90", "JPEG 70", "JPEG 50", "half size, JPEG 95"]
    assert {tuple(step["copies"]["files"].values()) for step in few} == {(1, 1)}
    assert all(abs(step["shift"]) < 0.02 for step in few)


def test_what_was_told_elsewhere_can_be_loaded(tmp_path: Path) -> None:
    found = good_calibration(card())
    (tmp_path / "found.json").write_text(found.to_json() + "\n")

    call_command("calibrate", "--load", str(tmp_path / "found.json"))

    assert load_calibrations() == {"plain": found}


def test_lines_of_detectors_that_stayed_uncalibrated_are_named_and_passed_over(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    found = good_calibration(card())
    line = json.dumps({"detector": "jpeg", "uncalibrated": ["too few"], "abstained": []})
    (tmp_path / "found.json").write_text(f"{line}\n{found.to_json()}\n")

    call_command("calibrate", "--load", str(tmp_path / "found.json"))

    assert "jpeg stays uncalibrated" in capsys.readouterr().out
    assert load_calibrations() == {"plain": found}


def test_a_calibration_that_could_not_be_read_again_is_not_kept() -> None:
    with pytest.raises(UnsoundCalibration, match="preprocessing"):
        store(replace(good_calibration(card()), preprocessing="x" * 5000))

    assert load_calibrations() == {}


@pytest.mark.usefixtures("detector")
def test_a_database_that_keeps_nothing_is_told_before_anything_is_examined(
    folders: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with connection.cursor() as cursor:  # comes back with the test's transaction
        cursor.execute(f"ALTER TABLE {models.Calibration._meta.db_table} RENAME TO gone")

    with pytest.raises(CommandError, match="No database answers"):
        call_command("calibrate", "--detector", "brightness", *labels(folders))

    assert "1 of 12" not in capsys.readouterr().err


def test_a_cut_that_no_score_reaches_is_told_as_one(capsys: pytest.CaptureFixture[str]) -> None:
    found = replace(good_calibration(card()), strong_cut=float(np.nextafter(1.0, 2.0)))

    Command()._print(found)

    said = capsys.readouterr().out
    assert "no score reaches strong signs" in said
    assert "strong signs from" not in said


def test_a_hostile_file_is_not_loaded_and_the_one_on_record_goes_on_counting(tmp_path: Path) -> None:
    found = good_calibration(card())
    store(found)
    (tmp_path / "bad.json").write_text(found.to_json().replace('"eer":0.0', '"eer":NaN'))

    with pytest.raises(CommandError, match=r"bad\.json: This is no calibration: eer") as refused:
        call_command("calibrate", "--load", str(tmp_path / "bad.json"))

    assert refused.value.returncode == 3
    assert load_calibrations() == {"plain": found}


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--detector", "brightness"], "Give --real and --fake"),
        (["--detector", "brightness", "--real", "/"], "Give --real and --fake"),
        (["--detector", "brightness", "--labels", "a.csv", "--sources", "b.csv"], "--sources goes with"),
        (["--detector", "brightness", "--real", "/nowhere", "--fake", "/"], "not a folder"),
        (["--detector", "brightnes", "--real", "/", "--fake", "/"], "No detector 'brightnes'"),
        (["--real", "/", "--fake", "/"], "Name at least one detector"),
    ],
)
@pytest.mark.usefixtures("detector")
def test_what_cannot_be_done_says_why(words: list[str], said: str) -> None:
    with pytest.raises(CommandError, match=said) as refused:
        call_command("calibrate", *words)

    assert refused.value.returncode == 3
