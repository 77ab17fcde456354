"""Viewers may look; analysts and admins may examine; admins run the desk."""

from typing import Any

import pytest
from django.urls import path
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.test import APIClient
from rest_framework.views import APIView

from accounts.permissions import CanExamine, IsStaff
from tests.accounts.conftest import signed_in
from tests.factories import make_user

pytestmark = [pytest.mark.django_db, pytest.mark.urls(__name__)]


class Work(APIView):
    permission_classes: tuple[Any, ...] = (CanExamine,)

    def get(self, request: Request) -> Response:
        return Response({})

    def post(self, request: Request) -> Response:
        return Response({}, status=201)


class Operations(Work):
    permission_classes = (IsStaff,)


urlpatterns = [path("examine-something/", Work.as_view()), path("operations/", Operations.as_view())]


@pytest.mark.parametrize(
    ("role", "look", "examine", "operate"),
    [("viewer", 200, 403, 403), ("analyst", 200, 201, 403), ("admin", 200, 201, 200)],
)
def test_what_each_role_may_do(role: str, look: int, examine: int, operate: int) -> None:
    client = signed_in(make_user(role=role))

    asked = [
        client.get("/examine-something/"),
        client.post("/examine-something/"),
        client.get("/operations/"),
    ]

    assert [answer.status_code for answer in asked] == [look, examine, operate]


def test_a_viewer_is_told_why() -> None:
    answer = signed_in(make_user(role="viewer")).post("/examine-something/")

    assert answer.json()["code"] == "viewer_may_not"
    assert "Ask an admin" in answer.json()["detail"]


@pytest.mark.parametrize("address", ["/examine-something/", "/operations/"])
def test_the_anonymous_are_asked_to_sign_in_first(address: str) -> None:
    assert APIClient().get(address).status_code == 401
