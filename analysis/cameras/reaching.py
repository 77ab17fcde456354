"""What of an address may be reached from here: networks, devices, files. Asked when a camera is set up, and again
each time it is opened.

The name in an address is looked up when the camera is opened, every address it leads to is checked, and the checked
address is handed on to be connected to: a name that changes its mind in between gains nothing.
"""

import ipaddress
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings

from accounts.models import User
from analysis.cameras.addresses import MEDIA, AddressRefused, host_and_port
from analysis.cameras.models import Camera
from realtime.webhooks import lookups
from realtime.webhooks.addresses import is_allowed


class NotReachable(AddressRefused):
    """The address is well formed, and this desk does not go there."""

    code = "address_not_allowed"


class NotFoundYet(OSError):
    """No address is known for the name, now; that may pass. It does not say which name."""


_NETWORK = (
    "This host is not on the public internet, or is one of our own. Whoever runs this desk may allow "
    "networks of cameras (ASSAY_CAMERA_NETWORKS)."
)
_NO_FILE = "There is no such file among those this desk lets cameras read."


@dataclass(frozen=True)
class Opened:
    """What is opened: the checked IP address of a host, or a path; never both."""

    ip: str = ""
    path: Path | None = None


def refuse_known_bad(camera: Camera, *, timeout_seconds: float = 2.0) -> None:
    """Raises AddressRefused for what would be refused when it is opened; a name not known (in time) passes."""
    try:
        opened(camera, timeout_seconds=timeout_seconds)
    except NotFoundYet:
        return


def opened(camera: Camera, *, timeout_seconds: float = 10.0) -> Opened:
    """Where a camera leads now. Raises AddressRefused, and NotFoundYet for a name without an address."""
    if camera.source == Camera.Source.DEVICE:
        return Opened(path=_device(camera.address))
    if camera.source == Camera.Source.FILE:
        return Opened(path=_file(camera))
    return Opened(ip=_ip(*host_and_port(camera.address), timeout_seconds))


def _ip(host: str, port: int, timeout_seconds: float) -> str:
    found = [host] if _is_literal(host) else _looked_up(host, port, timeout_seconds)
    if not all(is_allowed(ip, port, settings.CAMERA_NETWORKS) for ip in found):
        raise NotReachable(_NETWORK)
    return found[0]


def _looked_up(host: str, port: int, timeout_seconds: float) -> list[str]:
    looking = lookups.begin(host, port)
    try:
        found = looking.result(timeout_seconds)
    except (OSError, TimeoutError) as error:
        raise NotFoundYet("The name of its host is not known.") from error
    finally:
        looking.cancel()
    if not found:
        raise NotFoundYet("The name of its host is not known.")
    return list(dict.fromkeys(found))


def _is_literal(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def _device(address: str) -> Path:
    if not settings.CAMERA_DEVICES:
        raise NotReachable(
            "This desk opens no devices. Whoever runs it may allow that (ASSAY_CAMERA_DEVICES)."
        )
    return Path(address)


def _file(camera: Camera) -> Path:
    if camera.address.startswith(MEDIA):
        return _media(camera.owner, camera.address.removeprefix(MEDIA))
    if not settings.CAMERA_FOLDER:
        raise NotReachable(
            "This desk has no folder of camera files (ASSAY_CAMERA_FOLDER). Name a file of the desk: media:<id>."
        )
    path = _inside(Path(settings.CAMERA_FOLDER).resolve(), camera.address)
    if path is None:
        raise NotReachable(_NO_FILE)
    return path


def _inside(folder: Path, name: str) -> Path | None:
    """The file of that name in the folder, if there is one."""
    try:
        # resolved: a link inside the folder must not lead out of it
        path = (folder / name).resolve()
        return path if path.is_relative_to(folder) and path.is_file() else None
    except (OSError, RuntimeError):
        return None  # a name that is too long; a link that leads to itself


def _media(owner: User, media_id: str) -> Path:
    from analysis.models import Media
    from analysis.uploads.places import media_root

    films = Media.objects.owned_by(owner).filter(pk=media_id, kind=Media.Kind.VIDEO)
    stored = films.values_list("path", flat=True).first()
    path = media_root() / stored if stored else None
    if path is None or not path.is_file():
        raise NotReachable("There is no such video among those the camera's owner may see.")
    return path
