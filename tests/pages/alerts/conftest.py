"""Cameras, rules and people before the pages of alerts."""

import html
import re
from datetime import timedelta
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import User
from analysis.alerts import keeping, raising
from analysis.cameras import keeping as cameras
from analysis.models import AlertRule, Camera
from realtime import log
from realtime.log import Draft

NASTY = '"><script>alert(1)</script>'
KEY = "a key that nobody could guess at all"


@pytest.fixture(autouse=True)
def home(settings: Any, tmp_path: Path) -> None:
    settings.ASSAY_HOME = tmp_path
    settings.CAMERA_NETWORKS = [ip_network("10.0.0.0/8")]


def a_camera(owner: User, key: str = "gate", **fields: Any) -> Camera:
    said = {
        "key": key,
        "name": key.title(),
        "source": "rtsp",
        "enabled": True,
        "address": "rtsp://10.0.0.1/a",
    }
    return cameras.create(owner, {**said, **fields})


@pytest.fixture
def gate(ana: User) -> Camera:
    return a_camera(ana)


@pytest.fixture
def rule(ana: User) -> AlertRule:
    return a_rule(ana)


def a_rule(owner: User, name: str = "Night", **conditions: Any) -> AlertRule:
    made = keeping.create(owner, {"name": name, "conditions": {"cooldown_seconds": 0, **conditions}})
    AlertRule.objects.filter(pk=made.pk).update(since=timezone.now() - timedelta(days=1))
    return made


def tell(camera: Camera, *drafts: Draft) -> None:
    """The camera sees something, and workers look through it."""
    log.append(camera.topic_id, drafts, run=camera.runs.get().pk, attempt=1)
    raising.raise_due()


def browser_of(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def shown(browser: Client, path: str, status: int = 200) -> str:
    answer = browser.get(path)
    assert answer.status_code == status
    return re.sub(r"\s+", " ", html.unescape(answer.content.decode()))


def wanted(**changed: Any) -> dict[str, Any]:
    """What the form of a new rule sends as it comes, but for `changed`."""
    plain = {
        "name": "Night",
        "enabled": "on",
        "most_distance": "0.6",
        "cooldown_seconds": "60",
        "time_zone": "UTC",
    }
    return {**plain, **changed}


def errors(answer: Any) -> dict[str, list[str]]:
    return {name: list(said) for name, said in answer.context["form"].errors.items()}
