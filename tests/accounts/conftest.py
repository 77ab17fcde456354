"""Counters of their own for every test, and clients that carry a token."""

import uuid
from typing import Any

import pytest
from rest_framework.test import APIClient

from accounts import tokens
from accounts.models import User


@pytest.fixture(autouse=True)
def _own_counters(settings: Any) -> None:
    settings.REDIS_PREFIX = f"test.{uuid.uuid4().hex}."


@pytest.fixture
def api() -> APIClient:
    """A program that has not signed in."""
    return APIClient()


def with_token(token: str) -> APIClient:
    """A program that sends this bearer token."""
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {token}")
    return client


def signed_in(user: User) -> APIClient:
    """A program that signed in as `user`."""
    return with_token(tokens.start_family(user).access)
