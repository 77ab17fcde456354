"""The example detector under docs can be installed, is found by its entry point, works and conforms."""

import os
import shutil
import subprocess
import sys

import pytest

from analysis.engine.conformance import check
from analysis.engine.pipeline import examine
from analysis.engine.registry import Registry
from analysis.engine.types import Verdict
from tests import clips
from tests.analysis.engine.plugins import NO_WEIGHTS, ending
from tests.product import ROOT

EXAMPLE = ROOT / "docs" / "examples" / "detector"


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """A folder that the example was built and installed into, without a network."""
    folder = tmp_path_factory.mktemp("site")
    source = shutil.copytree(EXAMPLE, tmp_path_factory.mktemp("source") / "detector")
    options = ["--no-deps", "--no-build-isolation", "--no-index", "--target", str(folder)]
    done = subprocess.run(
        [sys.executable, "-m", "pip", "install", "--quiet", *options, str(source)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return folder


@pytest.fixture
def installed(site, monkeypatch):
    monkeypatch.syspath_prepend(site)
    return Registry.load(NO_WEIGHTS.folder)


def test_it_is_found_and_examines_a_file(installed, tmp_path):
    sound = clips.write_sound(tmp_path / "tone.wav", seconds=3.0)

    with examine(sound, registry=installed, detectors=["clipping"]) as going:
        assessment = ending(list(going), "clipping").assessment

    assert isinstance(assessment, Verdict)
    assert assessment.score < 0.1
    assert (assessment.coverage.scored, assessment.coverage.sampled) == (3, 3)


def test_it_conforms_in_every_check(installed):
    report = check(installed.origins["clipping"], "clipping")

    assert report.conclusion == "clipping conforms.", str(report)


def test_its_own_tests_pass(site):
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-c", os.devnull, "-p", "no:cacheprovider", EXAMPLE / "tests"],
        env=os.environ | {"PYTHONPATH": f"{site}{os.pathsep}{ROOT}"},
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stdout
