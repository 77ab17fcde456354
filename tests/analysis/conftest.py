"""A home of its own for every test, and somebody to send files."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from rest_framework.test import APIClient

from accounts import tokens
from accounts.models import User
from tests.factories import make_user


@pytest.fixture
def home(settings: Any, tmp_path: Path) -> Path:
    """An empty ASSAY_HOME."""
    settings.ASSAY_HOME = tmp_path
    return tmp_path


@pytest.fixture
def kept_files(home: Path) -> Callable[[], list[Path]]:
    """All files below the media folder, wherever."""
    return lambda: sorted(path for path in (home / "media").rglob("*") if path.is_file())


@pytest.fixture
def analyst(db: None) -> User:
    """Who sends files."""
    return make_user()


def signed_in(user: User) -> APIClient:
    """A program that signed in as `user`."""
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {tokens.start_family(user).access}")
    return client


@pytest.fixture
def client(analyst: User, home: Path) -> Iterator[APIClient]:
    """The analyst's program."""
    yield signed_in(analyst)
