"""REST of detectors: what the workers last said of theirs, and what was measured of them here."""

from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.exceptions import ErrorDetail, ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.problems import Problem
from accounts.strict import known_query
from analysis.api.base import AnalysisView
from analysis.api.serializers import BaseRateSerializer, DetectorSerializer
from analysis.calibrations import load_calibrations, stale_on
from analysis.engine.base_rate import flagged
from analysis.models import DetectorCard


class DetectorListView(AnalysisView):
    """The cards of all detectors."""

    serializer_class = DetectorSerializer

    def get_queryset(self) -> QuerySet[DetectorCard]:
        """By name."""
        return DetectorCard.objects.order_by("name")

    @extend_schema(responses=DetectorSerializer(many=True), operation_id="detector_list")
    def get(self, request: Request) -> Response:
        """The cards, with `available`, the reason where a detector is not, and its `calibration` or null."""
        known_query(request)
        page = self.paginate_queryset(self.get_queryset())
        context = {"calibrations": load_calibrations()}
        return self.get_paginated_response(DetectorSerializer(page, many=True, context=context).data)


class BaseRateView(AnalysisView):
    """What a flag of this detector is worth among files of which a given share is manipulated."""

    serializer_class = BaseRateSerializer

    @extend_schema(
        parameters=[OpenApiParameter("rate", float, required=True, description="0 to 1")],
        responses=BaseRateSerializer,
        operation_id="detector_base_rate",
    )
    def get(self, request: Request, name: str) -> Response:
        """Of the files it would flag with strong signs, the share expected to be manipulated, at that base rate."""
        known_query(request, "rate", paged=False)
        rate = _rate(request.query_params.get("rate", ""))
        card = get_object_or_404(DetectorCard, name=name)
        found = load_calibrations().get(name)
        if found is None or stale_on(card.card, found):
            detail = f"{name} has no calibration that counts, so what a flag of it is worth is not known."
            raise Problem(409, "uncalibrated", detail)
        share = flagged(found, rate)
        told = {
            "detector": name,
            "calibration": found.digest,
            "base_rate": rate,
            "found_rate": found.found.share,
            "false_positive_rate": found.false_alarms.share,
            "manipulated_share": share and share.value,
            "low": share and share.low,
            "high": share and share.high,
        }
        return Response(BaseRateSerializer(told).data)


def _rate(text: str) -> float:
    try:
        rate = float(text)
    except ValueError:
        rate = -1.0
    if not 0 <= rate <= 1:  # also refuses NaN
        raise ValidationError({"rate": [ErrorDetail("Give a share between 0 and 1.", "invalid")]})
    return rate
