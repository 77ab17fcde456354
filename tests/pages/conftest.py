"""Somebody at the desk, and runs in every state."""

import re
from typing import Any

import pytest
from django.test import Client

from accounts.models import User
from analysis.models import DetectorCard, Result, Run, RunLease
from tests.factories import make_media, make_run, make_user


@pytest.fixture
def ana(db: None) -> User:
    return make_user(email="ana@example.org", name="Ana")


@pytest.fixture
def browser(ana: User) -> Client:
    """Ana's browser, signed in."""
    client = Client()
    client.force_login(ana)
    return client


@pytest.fixture
def finished(ana: User) -> Run:
    make_card("meso4", title="Meso-4", cannot_see="Edits outside the face.")
    return leased_run(
        media=make_media(owner=ana, filename="press.mp4"),
        state="succeeded",
        outcome="some_signs",
        sentence="Some signs (inconclusive).",
        why="Meso-4 lies high, but is not calibrated.",
        limit="Uncalibrated detectors never say more.",
    )


def leased_run(**fields: Any) -> Run:
    """A run as the queue makes them: with a lease, in its first attempt."""
    run = make_run(**fields)
    RunLease.objects.get_or_create(run=run, defaults={"attempt": 1})
    return run


def make_card(name: str, *, available: bool = True, reason: str = "", **card: Any) -> DetectorCard:
    """A detector as a worker announces it."""
    card = {"name": name, "title": name.title(), "looks_at": "Texture.", "cannot_see": "Sound."} | card
    return DetectorCard.objects.create(name=name, card=card, available=available, reason=reason)


def make_result(run: Run, detector: str, **fields: Any) -> Result:
    """What a detector came to; a score unless a reason is given."""
    fields = {"version": "1.0", "family": "mesonet", "seconds": 1.5} | fields
    if "reason" not in fields:
        fields = {
            "score": 0.61,
            "band": "uncalibrated",
            "scored": 212,
            "sampled": 300,
            "unit": "frames",
        } | fields
    return Result.objects.create(run=run, attempt=1, detector=detector, **fields)


def page(browser: Client, run: Run, query: str = "") -> str:
    """The page of a run, with all white space as one blank."""
    answer = browser.get(f"/runs/{run.pk}/{query}")
    assert answer.status_code == 200
    return re.sub(r"\s+", " ", answer.content.decode())
