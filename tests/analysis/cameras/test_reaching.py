"""Where cameras may be: networks, devices and files, as they are when a camera is opened."""

import socket
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import pytest

from analysis.cameras import reaching
from analysis.cameras.addresses import AddressRefused
from analysis.cameras.reaching import NotReachable, opened
from analysis.models import Camera
from tests.analysis.cameras.conftest import MakeCamera
from tests.factories import make_media, make_user

pytestmark = pytest.mark.django_db


def leading_to(monkeypatch: pytest.MonkeyPatch, *ips: str) -> None:
    """The outside world: what a name server says."""

    def told(_host: str, port: int, **_: Any) -> list[Any]:
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (ip, port)) for ip in ips]

    monkeypatch.setattr(socket, "getaddrinfo", told)


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1",
        "192.168.1.20",
        "169.254.169.254",
        "0.0.0.0",  # noqa: S104  # looked at, not bound
        "[::1]",
        "[::ffff:127.0.0.1]",
        "[fe80::1]",
        "[64:ff9b::7f00:1]",
        "100.64.0.1",
        "localhost",
        "2130706433",
        "0x7f.1",
        "0177.0.0.1",
    ],
)
def test_an_inner_address_is_refused(make_camera: MakeCamera, host: str) -> None:
    with pytest.raises(NotReachable):
        make_camera(address=f"rtsp://{host}/a")


def test_a_network_that_is_allowed_is_reached(make_camera: MakeCamera, settings: Any) -> None:
    settings.CAMERA_NETWORKS = [ip_network("192.168.1.0/24")]

    camera = make_camera(address="rtsp://192.168.1.20/a")

    assert opened(camera).ip == "192.168.1.20"


def test_our_own_ports_are_refused_in_an_allowed_network_too(make_camera: MakeCamera, settings: Any) -> None:
    settings.CAMERA_NETWORKS = [ip_network("127.0.0.0/8")]
    settings.OWN_PORTS = frozenset({8000})

    with pytest.raises(NotReachable):
        make_camera(source="http", address="http://127.0.0.1:8000/a")

    assert make_camera(source="http", address="http://127.0.0.1:8001/a").pk


def test_a_name_is_opened_at_the_address_that_was_checked(
    make_camera: MakeCamera, monkeypatch: pytest.MonkeyPatch
) -> None:
    leading_to(monkeypatch, "10.0.0.9")

    assert opened(make_camera(address="rtsp://cam.example.org/a")).ip == "10.0.0.9"


def test_a_name_that_leads_elsewhere_later_is_refused_when_it_is_opened(
    make_camera: MakeCamera, monkeypatch: pytest.MonkeyPatch
) -> None:
    leading_to(monkeypatch, "10.0.0.9")
    camera = make_camera(address="rtsp://cam.example.org/a")

    leading_to(monkeypatch, "10.0.0.9", "127.0.0.1")

    with pytest.raises(NotReachable):
        opened(camera)


def test_a_name_not_known_yet_may_be_set_up(make_camera: MakeCamera, monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(*_: Any, **__: Any) -> list[Any]:
        raise socket.gaierror

    monkeypatch.setattr(socket, "getaddrinfo", unknown)

    camera = make_camera(address="rtsp://cam.example.org/a")

    with pytest.raises(reaching.NotFoundYet) as told:
        opened(camera)
    assert "cam.example.org" not in str(told.value)


def test_devices_are_opened_only_where_that_is_allowed(make_camera: MakeCamera, settings: Any) -> None:
    with pytest.raises(NotReachable):
        make_camera(source="device", address="0")
    settings.CAMERA_DEVICES = True

    assert opened(make_camera(source="device", address="0")).path == Path("/dev/video0")


@pytest.fixture
def folder(tmp_path: Path, settings: Any) -> Path:
    """The folder of camera files, with a film in it and a link out of it."""
    inside = tmp_path / "films"
    inside.mkdir()
    (inside / "yard.mp4").write_bytes(b"film")
    (tmp_path / "secret.mp4").write_bytes(b"secret")
    (inside / "link.mp4").symlink_to(tmp_path / "secret.mp4")
    (inside / "loop").symlink_to("loop")
    settings.CAMERA_FOLDER = str(inside)
    return inside


def test_a_file_in_the_folder_is_opened(make_camera: MakeCamera, folder: Path) -> None:
    assert opened(make_camera(source="file", address="yard.mp4")).path == folder / "yard.mp4"


@pytest.mark.parametrize("name", ["link.mp4", "missing.mp4", ".", "../secret.mp4", "a" * 300, "loop"])
def test_a_file_outside_looks_like_one_that_is_missing(
    make_camera: MakeCamera, folder: Path, name: str
) -> None:
    with pytest.raises(AddressRefused) as told:
        make_camera(source="file", address=name)
    assert str(folder.parent) not in str(told.value)


def test_without_a_folder_no_names_are_taken(make_camera: MakeCamera) -> None:
    with pytest.raises(NotReachable):
        make_camera(source="file", address="yard.mp4")


def test_a_video_of_the_owner_is_opened_and_a_foreign_one_is_missing(
    make_camera: MakeCamera, home: Path
) -> None:
    camera = Camera(source="file", owner=make_user())
    own, foreign = make_media(owner=camera.owner), make_media()
    for media in (own, foreign):
        (home / "media" / media.path).parent.mkdir(parents=True, exist_ok=True)
        (home / "media" / media.path).write_bytes(b"film")

    camera.address = f"media:{own.pk}"
    assert opened(camera).path == home / "media" / own.path

    camera.address = f"media:{foreign.pk}"
    with pytest.raises(NotReachable):
        opened(camera)
