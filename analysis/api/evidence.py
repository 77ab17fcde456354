"""REST of evidence: the pictures detectors left."""

from uuid import UUID

from django.http import Http404, HttpResponseBase
from django.shortcuts import get_object_or_404
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework.request import Request

from accounts.strict import known_query
from analysis.api.base import FileView
from analysis.models import Evidence, Run
from analysis.ranges import StoredFile, serve
from analysis.uploads.places import evidence_root


class EvidenceView(FileView):
    """The bytes of one piece of evidence."""

    @extend_schema(
        operation_id="evidence_file",
        responses={(200, "*/*"): OpenApiResponse(OpenApiTypes.BINARY, "The picture or document.")},
    )
    def get(self, request: Request, evidence_id: UUID) -> HttpResponseBase:
        """A picture or document, whole or in part (`Range`)."""
        known_query(request)
        visible = Evidence.objects.filter(run__in=Run.objects.owned_by(self.user))
        evidence = get_object_or_404(visible, pk=evidence_id)
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
