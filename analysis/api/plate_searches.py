"""REST of the searches for plates: who asked for which, for admins."""

from typing import Any, ClassVar

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.generics import GenericAPIView
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.permissions import IsStaff
from accounts.strict import known_query
from analysis.models import PlateSearch
from analysis.plate_searches import asked_text


class PlateSearchSerializer(serializers.ModelSerializer[PlateSearch]):
    """A search for a plate."""

    license_plate = serializers.SerializerMethodField(
        help_text="The pattern asked for; null where this key cannot read it"
    )

    class Meta:
        model = PlateSearch
        fields: ClassVar[Any] = ["id", "created", "user", "email", "license_plate", "filters", "found"]
        read_only_fields = fields

    def get_license_plate(self, search: PlateSearch) -> str | None:
        """In the clear, for admins."""
        return asked_text(search)


class PlateSearchListView(GenericAPIView):
    """All searches for plates."""

    permission_classes = (IsAuthenticated, IsStaff)
    serializer_class = PlateSearchSerializer

    @extend_schema(operation_id="plate_search_list", responses=PlateSearchSerializer(many=True))
    def get(self, request: Request) -> Response:
        """List searches for plates, newest first."""
        known_query(request, paged=True)
        page = self.paginate_queryset(PlateSearch.objects.order_by("-created", "-pk"))
        return self.get_paginated_response(PlateSearchSerializer(page, many=True).data)
