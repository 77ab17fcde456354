"""REST of the operations page."""

import dataclasses

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.permissions import IsStaff
from accounts.strict import known_query
from analysis.operations import overview


class OperationsView(APIView):
    """For staff."""

    permission_classes = (IsAuthenticated, IsStaff)

    @extend_schema(operation_id="operations_get", responses={200: OpenApiTypes.OBJECT})
    def get(self, request: Request) -> Response:
        """Queue by state, workers with heartbeat and current run, sockets, recent failures."""
        known_query(request)
        return Response(dataclasses.asdict(overview()))
