"""The product's addresses and a few that break in known ways."""

from typing import Any

from django.core.exceptions import PermissionDenied, SuspiciousOperation
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import path
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.problems import Problem
from accounts.strict import StrictSerializer
from config.urls import handler400, handler403, handler404, handler500
from config.urls import urlpatterns as product

__all__ = ["handler400", "handler403", "handler404", "handler500", "urlpatterns"]


class Person(StrictSerializer):
    name = serializers.CharField(max_length=5)
    age = serializers.IntegerField(min_value=0)
    id = serializers.IntegerField(read_only=True)


class Household(StrictSerializer):
    people = Person(many=True)


class Open(APIView):
    authentication_classes = ()
    permission_classes = ()

    def post(self, request: Request) -> Response:
        given = Household(data=request.data)
        given.is_valid(raise_exception=True)
        return Response(given.validated_data)


class Gone(Open):
    def get(self, request: Request) -> Response:
        raise Problem(
            410, "media_deleted", "This file was deleted on 3 May.", headers={"X-By": "ana"}, by="ana"
        )


class Broken(Open):
    def get(self, request: Request) -> Response:
        raise RuntimeError("secret detail")


def raising(error: Exception) -> Any:
    def view(request: HttpRequest) -> HttpResponse:
        raise error

    return view


urlpatterns = [
    path("api/v1/test/open/", Open.as_view()),
    path("api/v1/test/gone/", Gone.as_view()),
    path("api/v1/test/broken/", Broken.as_view()),
    path("api/v1/test/denied/", raising(PermissionDenied())),
    path("api/v1/test/missing/", raising(Http404())),
    path("api/v1/test/odd/", raising(SuspiciousOperation("odd"))),
    *product,
]
