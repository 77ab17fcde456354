"""The description of the REST interface, and the page to try it on. Open on purpose."""

from functools import cache
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.renderers import (
    OpenApiJsonRenderer,
    OpenApiJsonRenderer2,
    OpenApiYamlRenderer,
    OpenApiYamlRenderer2,
)
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView


class SchemaView(APIView):
    """OpenAPI 3, as JSON or YAML."""

    authentication_classes = ()
    permission_classes = ()
    # JSON first: it is what a program without an Accept header gets, and what errors are written in
    renderer_classes = (OpenApiJsonRenderer2, OpenApiJsonRenderer, OpenApiYamlRenderer, OpenApiYamlRenderer2)

    @extend_schema(exclude=True)
    def get(self, request: Request) -> Response:
        """The description of every address under /api/v1/."""
        return Response(_schema())


@cache
def _schema() -> dict[str, Any]:
    """Made once per process: it takes long, and does not depend on who asks."""
    schema: dict[str, Any] = SchemaGenerator().get_schema(request=None, public=True)
    return schema


@require_safe
def docs(request: HttpRequest) -> HttpResponse:
    """Swagger UI, served by us, without a line of inline script."""
    return render(request, "accounts/api_docs.html")
