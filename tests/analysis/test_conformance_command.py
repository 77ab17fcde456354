"""`manage.py conformance` tries one installed detector and says by its exit code how that went."""

import io
import json

import pytest
from django.core.management import CommandError, call_command

from tests.analysis.engine.conformance import planted


@pytest.fixture
def installed(tmp_path, monkeypatch):
    """The planted detectors, as a plug-in."""
    info = tmp_path / "planted-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: planted\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(f"[assay.detectors]\nplanted = {planted.__name__}\n")
    monkeypatch.syspath_prepend(tmp_path)


def told(*words):
    """What the command writes, and its exit code."""
    out = io.StringIO()
    try:
        call_command("conformance", *words, stdout=out)
    except SystemExit as leaving:
        return out.getvalue(), leaving.code
    return out.getvalue(), 0


def test_a_detector_that_conforms_exits_0(installed):
    text, code = told("honest")

    assert code == 0
    assert text.endswith("honest conforms.\n")


def test_one_that_is_refused_exits_1_with_every_finding(installed):
    text, code = told("inverted", "--json")

    told_of = json.loads(text)
    (failed,) = [one for one in told_of["findings"] if one["state"] == "failed"]
    assert (code, told_of["conforms"], failed["check"]) == (1, False, "polarity")
    assert failed["sentence"].startswith("Inverted: 200.png (manipulated) scored 0.2157")
    assert len(told_of["findings"]) == 11


def test_a_pair_is_named_on_the_command_line(installed, tmp_path):
    planted.terms("honest", tmp_path)
    dark, bright = str(tmp_path / "40.png"), str(tmp_path / "200.png")

    assert told("honest", "--reference", dark, bright)[1] == 0
    assert told("honest", "--reference", bright, dark)[1] == 1


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("nobody",), "No detector 'nobody'. Known: "),
        (("spectrum", "--reference", "nowhere.png", "nowhere.png"), "nowhere.png is no file."),
    ],
)
def test_what_cannot_be_tried_is_said(words, said):
    with pytest.raises(CommandError, match=said):
        call_command("conformance", *words)


def test_a_plug_in_that_cannot_be_loaded_is_refused_with_the_reason(tmp_path, monkeypatch):
    info = tmp_path / "gone-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: gone\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[assay.detectors]\ngone = no_such_module_of_ours\n")
    monkeypatch.syspath_prepend(tmp_path)

    with pytest.raises(CommandError, match="no_such_module_of_ours cannot be loaded"):
        call_command("conformance", "plug-in:gone")
