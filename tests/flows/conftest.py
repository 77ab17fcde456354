"""Whole installations for the tests of this folder."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.installation import Installation


@pytest.fixture
def make_installation() -> Iterator[Callable[..., Installation]]:
    """Makes installations that are stopped and deleted after the test."""
    made: list[Installation] = []

    def make(home: Path | None = None, **env: str) -> Installation:
        installation = Installation(env=env) if home is None else Installation(home=home, env=env)
        made.append(installation)
        return installation

    yield make
    for installation in made:
        installation.remove()


@pytest.fixture
def installation(make_installation: Callable[..., Installation]) -> Installation:
    """One installation that was never started."""
    return make_installation()


@pytest.fixture(scope="module")
def running() -> Iterator[Installation]:
    """A started installation, shared by the tests of a file; each leaves it running."""
    installation = Installation()
    try:
        installation.start()
        yield installation
    finally:
        installation.remove()
