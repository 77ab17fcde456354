"""`manage.py compare` prints an order and no outcome, for people and for programs."""

import io
import json
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from tests import speech
from tests.analysis.engine.test_compare import written


@pytest.fixture(autouse=True)
def _no_weights(settings, tmp_path: Path) -> None:
    settings.ASSAY_WEIGHTS = tmp_path / "none"


@pytest.fixture
def pair(tmp_path: Path) -> tuple[Path, Path]:
    sound = speech.speech(6, seed=1)
    copy = written(tmp_path / "copy.wav", sound + speech.comb(6, 22_050 / 256, level=1e-3))
    return copy, written(tmp_path / "original.wav", sound)


def run(file: Path, genuine: Path, *options: str) -> str:
    out = io.StringIO()
    call_command("compare", str(file), "--genuine", str(genuine), *options, stdout=out)
    return out.getvalue()


def test_people_read_each_detector_and_one_sentence(pair):
    said = run(*pair)

    assert "Vocoder lines" in said
    assert "above its reference" in said.splitlines()[-1]
    assert "no outcome" in said


def test_programs_read_the_same(pair):
    said = json.loads(run(*pair, "--json"))

    assert said["total"] > 1
    assert "outcome" not in said
    assert {one["detector"] for one in said["differences"]} >= {"vocoder", "splice"}


def test_nothing_to_compare_ends_with_2(pair, tmp_path):
    broken = tmp_path / "broken.wav"
    broken.write_bytes(b"RIFF\x10\0\0\0WAVEfmt " + b"\0" * 8)

    with pytest.raises(SystemExit) as left:
        run(broken, pair[1])

    assert left.value.code == 2


def test_a_file_that_is_not_there_ends_with_3(pair, tmp_path):
    with pytest.raises(CommandError) as refused:
        run(tmp_path / "nowhere.wav", pair[1])

    assert refused.value.returncode == 3
