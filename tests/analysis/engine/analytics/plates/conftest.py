"""The reader that comes with the installation, loaded once for all tests of plates."""

import pytest

from analysis.engine.analytics.plates.finding import PlateFinder
from analysis.engine.analytics.plates.formats import built_in
from analysis.engine.analytics.plates.rapid import RapidReader


@pytest.fixture(scope="session")
def reader():
    return RapidReader()


@pytest.fixture(scope="session")
def finder(reader):
    return PlateFinder(reader, built_in())
