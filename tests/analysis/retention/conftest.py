"""Cameras and files with footage of some days, and pictures of it."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone

from accounts.models import Role, User
from analysis import snapshots
from analysis.models import Camera, Run, Sighting
from realtime import log
from realtime.log import Draft
from tests.analysis.cameras.conftest import MakeCamera, home, make_camera
from tests.analysis.footage import track
from tests.factories import make_user

__all__ = ["MakeCamera", "home", "make_camera"]
See = Callable[..., Sighting]


def days_ago(days: float) -> datetime:
    return timezone.now() - timedelta(days=days)


@pytest.fixture
def admin(db: None) -> User:
    return make_user(role=Role.ADMIN)


@pytest.fixture
def camera(make_camera: MakeCamera) -> Camera:
    """One that has been watched."""
    return watched(make_camera(key="gate"))


def watched(camera: Camera) -> Camera:
    Run.objects.create(
        camera=camera,
        owner=camera.owner,
        topic=camera.topic,
        purpose=Run.Purpose.WATCH,
        state=Run.State.CANCELLED,
    )
    return camera


@pytest.fixture
def see() -> See:
    """Has something seen so many days ago, with pictures of so many bytes if any."""

    def seen(run: Run, days: float, draft: Draft | None = None, *, pictures: int = 0) -> Sighting:
        draft = draft or track()
        data: dict[str, Any] = dict(draft.data)
        if pictures:
            path = snapshots.new_path(run.pk, 1)
            data["snapshot"] = {"path": path}
            for file in snapshots.files(path):
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_bytes(b"x" * (pictures // 2))
        made = Draft(draft.type, draft.message, data, draft.subject, days_ago(days))
        [line] = log.append(run.topic_id, [made])
        return Sighting.objects.get(topic=run.topic_id, seq=line.seq)

    return seen


def left(topic: Any) -> list[int]:
    """The seqs of what is still on record."""
    return list(Sighting.objects.filter(topic=topic).order_by("seq").values_list("seq", flat=True))
