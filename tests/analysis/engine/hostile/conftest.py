"""What the sweep shares: every detector, loaded once."""

import os
from pathlib import Path

import pytest

from analysis.engine.registry import Registry
from tests.analysis.engine.plugins import NO_WEIGHTS
from tests.conftest import SHARED


@pytest.fixture(scope="package")
def registry() -> Registry:
    """Of all detectors, with the published weights where they are installed; those without them are missing."""
    return Registry.load(Path(os.environ.get("ASSAY_TEST_WEIGHTS", SHARED / "weights")))


@pytest.fixture(scope="package")
def without_weights() -> Registry:
    """Of all detectors, none of which finds its weights."""
    return Registry.load(NO_WEIGHTS.folder)
