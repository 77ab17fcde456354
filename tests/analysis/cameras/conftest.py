"""A desk whose cameras are in 10.0.0.0/8, and cameras of its analyst."""

from collections.abc import Callable, Iterator
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import pytest
from rest_framework.test import APIClient

from accounts.models import User
from analysis.cameras import keeping
from analysis.models import Camera
from tests.analysis.conftest import signed_in
from tests.factories import make_user

CAMERAS = "/api/v1/cameras/"
MakeCamera = Callable[..., Camera]


@pytest.fixture
def home(settings: Any, tmp_path: Path) -> Path:
    """An empty ASSAY_HOME, with cameras in a private network."""
    settings.ASSAY_HOME = tmp_path
    settings.CAMERA_NETWORKS = [ip_network("10.0.0.0/8")]
    return tmp_path


@pytest.fixture
def analyst(db: None) -> User:
    """Whose cameras they are."""
    return make_user()


@pytest.fixture
def client(analyst: User, home: Path) -> Iterator[APIClient]:
    """The analyst's program."""
    yield signed_in(analyst)


@pytest.fixture
def make_camera(analyst: User, home: Path) -> MakeCamera:
    """A camera of the analyst, switched off unless it says otherwise."""

    def make(**given: Any) -> Camera:
        number = Camera.objects.count() + 1
        said: dict[str, Any] = {
            "key": f"gate-{number}",
            "name": "Gate",
            "source": "rtsp",
            "address": f"rtsp://10.0.0.{number}/stream1",
            "enabled": False,
        }
        return keeping.create(given.pop("owner", analyst), {**said, **given})

    return make


def wanted(**fields: Any) -> dict[str, Any]:
    """What is sent for a new camera."""
    return {"key": "gate", "source": "rtsp", "address": "rtsp://10.0.0.1/stream1", "enabled": False, **fields}
