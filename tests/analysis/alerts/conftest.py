"""Cameras that saw something, and the fixtures of those."""

from tests.analysis.retention.conftest import MakeCamera, See, admin, camera, home, make_camera, see
from tests.realtime.webhooks.conftest import dispatcher, receiver, start_dispatcher

__all__ = [
    "MakeCamera", "See", "admin", "camera", "dispatcher", "home", "make_camera", "receiver", "see", "start_dispatcher",
]  # fmt: skip
