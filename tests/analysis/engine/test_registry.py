"""The registry knows every detector, and which of them can run here."""

import subprocess
import sys

import pytest

from analysis.engine.catalogue import CATALOGUE
from analysis.engine.errors import UnknownDetector, UnverifiedWeights
from analysis.engine.registry import DuplicateDetector, Registry
from analysis.engine.types import MediaKind
from analysis.engine.weights import WeightStore
from tests.analysis.engine.plugins import NO_WEIGHTS, Plain, card, registry

BUILT_IN = {
    "meso4",
    "meso4-f2f",
    "mesoinception4",
    "mesoinception4-f2f",
    "classnseg",
    "classnseg-finetune",
    "minifasnet",
    "tiny-ladeda",
    "tiny-ladeda-forensynth",
    "aasist-l",
    "aasist",
    "rawgat-st",
    "lfcc-lcnn",
    "spectrum",
    "jpeg",
    "jpeg-grid",
    "error-level",
    "noise-level",
    "copy-move",
    "resampling",
    "provenance",
    "metadata",
}


def test_the_built_in_detectors_are_there(tmp_path):
    assert {entry.name for entry in Registry.load(tmp_path).cards()} >= BUILT_IN


def test_every_file_a_detector_needs_is_asked_for(tmp_path, weights_dir):
    store = WeightStore(tmp_path)
    store.install("classnseg-full-encoder", weights_dir / CATALOGUE["classnseg-full-encoder"].file)

    state = Registry.load(tmp_path).state("classnseg")

    assert not state.available
    assert "weights pull classnseg-full-decoder" in state.reason
    assert "classnseg-full-encoder" not in state.reason


def test_without_weights_the_others_still_work(tmp_path):
    states = {state.card.name: state for state in Registry.load(tmp_path).states()}

    assert states["spectrum"].available
    assert not states["meso4"].available
    assert "manage.py weights pull meso4-df" in states["meso4"].reason


def test_with_weights_every_built_in_detector_loads(weights_dir):
    loaded = Registry.load(weights_dir)

    assert all(loaded.state(name).available for name in BUILT_IN)
    assert {loaded.detector(name).card.name for name in BUILT_IN} == BUILT_IN


def test_a_tampered_weight_file_is_not_loaded(tmp_path):
    (tmp_path / "mesonet").mkdir()
    (tmp_path / "mesonet" / "Meso4_DF.h5").write_bytes(b"not the published file")
    loaded = Registry.load(tmp_path)

    assert not loaded.state("meso4").available
    with pytest.raises(UnverifiedWeights):
        loaded.detector("meso4")


def test_detectors_are_loaded_once():
    made = []

    class Counted(Plain):
        def make(self, *args):
            made.append(args)
            return self

    loaded = registry(Counted())

    assert loaded.detector("plain") is loaded.detector("plain")
    assert len(made) == 1


def test_two_detectors_of_one_name_are_refused():
    with pytest.raises(DuplicateDetector, match="plain"):
        registry(Plain(), Plain())


def test_an_unknown_name_says_which_are_known():
    with pytest.raises(UnknownDetector, match="Known: one, two"):
        registry(Plain(card("one")), Plain(card("two"))).card("three")


def test_defaults_are_those_for_the_kind_that_run_unasked(tmp_path):
    loaded = Registry.load(tmp_path)

    assert "meso4" in loaded.defaults(MediaKind.VIDEO)
    assert "meso4-f2f" not in loaded.defaults(MediaKind.VIDEO)
    assert {"meso4", "spectrum"}.isdisjoint(loaded.defaults(MediaKind.AUDIO))
    assert "aasist-l" not in loaded.defaults(MediaKind.IMAGE)


def test_only_keeps_the_named(tmp_path):
    loaded = Registry.load(tmp_path, only=["spectrum"])

    assert [entry.name for entry in loaded.cards()] == ["spectrum"]


def test_an_installed_plug_in_is_found(tmp_path, monkeypatch):
    (tmp_path / "acme.py").write_text(
        "from tests.analysis.engine.plugins import Plain, card\nplug = Plain(card('acme'))\n"
    )
    info = tmp_path / "acme-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: acme\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[assay.detectors]\nacme = acme:plug\n")
    monkeypatch.syspath_prepend(tmp_path)

    assert Registry.load(tmp_path).card("acme").title == "Acme"


BROKEN = {
    "no_such_module_of_ours": "",
    "raising": "raise RuntimeError('no licence')",
    "leaving": "raise SystemExit(1)",
    "cardless": "def cards(): raise ValueError('no cards')",
    "long_named": "from tests.analysis.engine.plugins import card\ndef cards(): return [card('x' * 65)]\n",
    "kindless": "from tests.analysis.engine.plugins import card\ndef cards(): return [card('x', kinds={'film'})]\n",
    "badly_named": "from tests.analysis.engine.plugins import card\ndef cards(): return [card('a, b')]\n",
    "deaf": (
        "from tests.analysis.engine.plugins import Plain, card\nfrom analysis.engine.types import *\n"
        "plug = Plain(card('x', consumes=Consumes.SOUND, kinds=frozenset({MediaKind.IMAGE})))\n"
        "cards, make = plug.cards, plug.make\n"
    ),
    "misweighed": (
        "from tests.analysis.engine.plugins import Plain, card\n"
        "plug = Plain(card('x', weights_sha256='none'))\ncards, make = plug.cards, plug.make\n"
    ),
    "makeless": "from tests.analysis.engine.plugins import card\ndef cards(): return [card('x')]\n",
    "nul": "from tests.analysis.engine.plugins import card\ndef cards(): return [card('x', title='\\0')]\n",
    "taken": (
        "from tests.analysis.engine.plugins import Plain, card\n"
        "def cards(): return [card('fresh'), card('spectrum')]\n"
    ),
}


@pytest.mark.parametrize("module", BROKEN)
def test_a_plug_in_that_cannot_be_loaded_is_seen_and_costs_nobody_else(tmp_path, monkeypatch, module):
    if BROKEN[module]:
        (tmp_path / f"{module}.py").write_text(BROKEN[module])
    info = tmp_path / "broken-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: broken\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(f"[assay.detectors]\nbroken = {module}\n")
    monkeypatch.syspath_prepend(tmp_path)

    states = {state.card.name: state for state in Registry.load(tmp_path).states()}

    assert set(states) >= BUILT_IN | {"plug-in:broken"}
    assert "fresh" not in states  # all of a module, or nothing
    assert not states["plug-in:broken"].available
    assert f"{module} cannot be loaded" in states["plug-in:broken"].reason
    assert states["spectrum"].available


def test_a_broken_plug_in_with_a_long_name_has_a_card_that_can_be_kept(tmp_path, monkeypatch):
    info = tmp_path / "broken-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: broken\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(f"[assay.detectors]\n{'n' * 90} = no_such_module_of_ours\n")
    monkeypatch.syspath_prepend(tmp_path)

    names = [state.card.name for state in Registry.load(tmp_path).states()]

    assert f"plug-in:{'n' * 56}" in names


@pytest.mark.parametrize("name", ["meso4", "mesoinception4", "aasist-l", "spectrum"])
def test_a_card_says_what_was_published_and_what_was_measured(tmp_path, name):
    accuracy = Registry.load(tmp_path).card(name).accuracy

    assert accuracy.startswith("Published")
    assert "(N = " in accuracy
    assert "95 % interval" in accuracy


def test_cards_come_without_torch(tmp_path):
    code = (
        "import sys, pathlib; from analysis.engine.registry import Registry;"
        "Registry.load(pathlib.Path('/nonexistent')).states(); print('torch' in sys.modules)"
    )

    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert told.stdout.strip() == "False"


def test_nothing_is_needed_of_the_weights_folder():
    assert Registry.of([Plain()], NO_WEIGHTS).state("plain").available
