"""Somebody at the desk, and runs in every state."""

from typing import Any

import pytest
from django.test import Client

from accounts.models import User
from analysis.models import DetectorCard, Run, RunLease
from tests.factories import make_run, make_user


@pytest.fixture
def ana(db: None) -> User:
    return make_user(email="ana@example.org", name="Ana")


@pytest.fixture
def browser(ana: User) -> Client:
    """Ana's browser, signed in."""
    client = Client()
    client.force_login(ana)
    return client


def leased_run(**fields: Any) -> Run:
    """A run as the queue makes them: with a lease, in its first attempt."""
    run = make_run(**fields)
    RunLease.objects.get_or_create(run=run, defaults={"attempt": 1})
    return run


def make_card(name: str, *, available: bool = True, reason: str = "", **card: Any) -> DetectorCard:
    """A detector as a worker announces it."""
    card = {"name": name, "title": name.title(), "looks_at": "Texture.", "cannot_see": "Sound."} | card
    return DetectorCard.objects.create(name=name, card=card, available=available, reason=reason)
