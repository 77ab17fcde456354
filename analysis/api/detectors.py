"""REST of detectors: what the workers last said of theirs."""

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.strict import known_query
from analysis.api.base import AnalysisView
from analysis.api.serializers import DetectorSerializer
from analysis.models import DetectorCard


class DetectorListView(AnalysisView):
    """The cards of all detectors."""

    serializer_class = DetectorSerializer

    def get_queryset(self) -> QuerySet[DetectorCard]:
        """By name."""
        return DetectorCard.objects.order_by("name")

    @extend_schema(responses=DetectorSerializer(many=True), operation_id="detector_list")
    def get(self, request: Request) -> Response:
        """The cards, with `available`, and the reason where a detector is not."""
        known_query(request)
        page = self.paginate_queryset(self.get_queryset())
        return self.get_paginated_response(DetectorSerializer(page, many=True).data)
