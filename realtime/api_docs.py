"""The description of sockets and channels: AsyncAPI 3, open on purpose like that of REST."""

from functools import cache
from pathlib import Path

from django.conf import settings
from django.http import HttpResponse
from rest_framework.request import Request
from rest_framework.views import APIView

from accounts.strict import known_query


class AsyncSchemaView(APIView):
    """docs/asyncapi.yaml, as it is."""

    authentication_classes = ()
    permission_classes = ()
    schema = None

    def get(self, request: Request) -> HttpResponse:
        """Every frame in and out."""
        known_query(request)
        return HttpResponse(_document(), content_type="application/yaml; charset=utf-8")


@cache
def _document() -> bytes:
    return (Path(settings.BASE_DIR) / "docs" / "asyncapi.yaml").read_bytes()
