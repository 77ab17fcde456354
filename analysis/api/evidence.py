"""REST of evidence: the pictures detectors left, and the data they were drawn from."""

from uuid import UUID

from django.db.models import QuerySet
from django.http import Http404, HttpResponseBase
from django.shortcuts import get_object_or_404
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.models import User
from accounts.strict import known_query
from analysis.api.base import AnalysisView, FileView
from analysis.api.runs import visible_run
from analysis.api.serializers import EvidenceDataSerializer, EvidenceSerializer, evidence_of
from analysis.models import Evidence, Run
from analysis.ranges import StoredFile, serve
from analysis.uploads.places import evidence_root


class RunEvidenceView(AnalysisView):
    """All evidence of a run."""

    serializer_class = EvidenceSerializer

    @extend_schema(operation_id="run_evidence", responses=EvidenceSerializer(many=True))
    def get(self, request: Request, run_id: UUID) -> Response:
        """What the detectors left in the latest attempt, in the order it was made."""
        known_query(request, paged=True)
        page = self.paginate_queryset(evidence_of(visible_run(self, run_id)))
        return self.get_paginated_response(EvidenceSerializer(page, many=True).data)


class EvidenceDataView(AnalysisView):
    """What one piece of evidence was drawn from."""

    serializer_class = EvidenceDataSerializer

    @extend_schema(operation_id="evidence_data", responses=EvidenceDataSerializer)
    def get(self, request: Request, evidence_id: UUID) -> Response:
        """The curves, spans, cells or faces a picture shows, with what is said of it."""
        known_query(request)
        evidence = get_object_or_404(_visible(self.user), pk=evidence_id)
        return Response(EvidenceDataSerializer(evidence).data)


class EvidenceView(FileView):
    """The bytes of one piece of evidence."""

    @extend_schema(
        operation_id="evidence_file",
        responses={(200, "*/*"): OpenApiResponse(OpenApiTypes.BINARY, "The picture or document.")},
    )
    def get(self, request: Request, evidence_id: UUID) -> HttpResponseBase:
        """A picture or document, whole or in part (`Range`)."""
        known_query(request)
        evidence = get_object_or_404(_visible(self.user).defer("data"), pk=evidence_id)
        ending = evidence.media_type.rpartition("/")[2].partition("+")[0]
        stored = StoredFile(
            path=evidence_root() / evidence.path,
            filename=f"{evidence.detector}-{evidence.kind}.{ending}",
            media_type=evidence.media_type,
            sha256=evidence.sha256,
            modified=evidence.created,
        )
        try:
            return serve(request._request, stored)
        except FileNotFoundError as error:
            raise Http404 from error


def _visible(user: User) -> QuerySet[Evidence]:
    """The rights are the run's."""
    return Evidence.objects.filter(run__in=Run.objects.owned_by(user))
