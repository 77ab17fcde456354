"""The web process opens as many files as it may, and says so where that is too few."""

import resource
from collections.abc import Callable

import psutil
import pytest

from config.open_files import warn_if_too_low
from tests.product import Server

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def few_files() -> object:
    """Children of this process start with room for 1000 files, and may ask for more."""
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(1000, before[1]), before[1]))
    yield before[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, before)


def test_the_web_process_raises_its_limit(few_files: int, start_server: Callable[..., Server]) -> None:
    server = start_server()

    soft, hard = psutil.Process(server.pid).rlimit(psutil.RLIMIT_NOFILE)

    assert soft == min(hard, 2**20)
    assert soft > 1000


def test_too_low_a_limit_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    warn_if_too_low(1024, 5000)
    said = capsys.readouterr().err
    warn_if_too_low(65536, 5000)

    assert "may open 1024 files" in said
    assert not capsys.readouterr().err
