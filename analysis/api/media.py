"""REST of media: sending, listing, describing, deleting, reading the bytes."""

from typing import Any, ClassVar
from uuid import UUID

from django.db.models import QuerySet
from django.http import Http404, HttpResponseBase
from django.shortcuts import get_object_or_404
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework.exceptions import ValidationError
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import Serializer

from accounts.idempotency import IdempotentPost
from accounts.permissions import CanExamine
from accounts.problems import Problem
from accounts.strict import known_query
from analysis.api.base import AnalysisView, FileView
from analysis.api.filters import MediaQuery, asked, narrowed_media
from analysis.api.parsers import MediaFormParser, ReceivedFile
from analysis.api.serializers import MediaFormSerializer, MediaSerializer
from analysis.models import Media
from analysis.ranges import StoredFile, serve
from analysis.topics import description_changed
from analysis.uploads.browsing import latest_runs, same_bytes
from analysis.uploads.keeping import Description, Kept, Seen, keep, look
from analysis.uploads.places import media_root
from analysis.uploads.removal import remove


class MediaFormView(IdempotentPost, AnalysisView):
    """Takes a form with a file, as `form_class` understands it, while it arrives."""

    form_class: ClassVar[type[Serializer[Any]]] = MediaFormSerializer
    seen: Seen | None = None

    def prepare(self, request: Request) -> None:
        """Looks into the file: probing may take its whole time limit."""
        form = self.form_class(data=request.data)
        if form.is_valid():
            self.seen = look(received(form))

    def initialize_request(self, request: Any, *args: Any, **kwargs: Any) -> Request:
        """A body of unannounced length (chunked) is a body too."""
        wrapped = super().initialize_request(request, *args, **kwargs)
        if "chunked" in request.headers.get("Transfer-Encoding", "").lower():
            wrapped._stream = request
        return wrapped


class MediaListView(MediaFormView):
    """All media the user may see."""

    serializer_class = MediaSerializer
    parser_classes = (MediaFormParser,)

    def get_queryset(self) -> QuerySet[Media]:
        """Newest first."""
        return Media.objects.owned_by(self.user).select_related("owner").order_by("-created", "-pk")

    @extend_schema(parameters=[MediaQuery], responses=MediaSerializer(many=True), operation_id="media_list")
    def get(self, request: Request) -> Response:
        """List media, newest first."""
        page = self.paginate_queryset(narrowed_media(self.get_queryset(), asked(request, MediaQuery)))
        return self.get_paginated_response(media_bodies(page or [], self))

    @extend_schema(
        request={"multipart/form-data": MediaFormSerializer},
        responses={201: MediaSerializer},
        operation_id="media_create",
    )
    def post(self, request: Request) -> Response:
        """Send a file in one go. A run starts unless `analyze=false`."""
        known_query(request)
        form = MediaFormSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        kept = keep(received(form), _said(form), owner=self.user, seen=self.seen)
        return created(kept, self)


def received(form: Serializer[Any]) -> Any:
    """The file of a valid form."""
    file: ReceivedFile = form.validated_data["file"]
    return file.received


def _said(form: MediaFormSerializer) -> Description:
    given = form.validated_data
    return Description(
        filename=given["file"].said_name,
        description=given["description"],
        detectors=given["detectors"] if given["analyze"] else None,
        stress_seconds=given["stress_seconds"],
    )


def created(kept: Kept, view: AnalysisView) -> Response:
    """The answer to a file that was taken."""
    body = media_bodies([kept.media], view)[0]
    headers = {"Location": f"/api/v1/media/{kept.media.pk}/", "Assay-Media": str(kept.media.pk)}
    if kept.run is not None:
        headers["Assay-Run"] = str(kept.run.pk)
    return Response(body, status=201, headers=headers)


def media_bodies(media: list[Media], view: AnalysisView) -> list[dict[str, Any]]:
    """Media as they are answered, with what belongs to them, in a fixed number of queries."""
    context = {"runs": latest_runs(media), "duplicates": same_bytes(media, user=view.user)}
    return list(MediaSerializer(media, many=True, context=context).data)


class MediaView(AnalysisView):
    """One media."""

    serializer_class = MediaSerializer

    def get_object(self) -> Media:
        """404 for missing and foreign alike."""
        everything = Media.objects.owned_by(self.user).select_related("owner")
        return get_object_or_404(everything, pk=self.kwargs["media_id"])

    @extend_schema(operation_id="media_get")
    def get(self, request: Request, media_id: UUID) -> Response:
        """What is known of a file."""
        known_query(request)
        return Response(media_bodies([self.get_object()], self)[0])

    @extend_schema(operation_id="media_describe")
    def patch(self, request: Request, media_id: UUID) -> Response:
        """Change the description; nothing else of a file can change."""
        media = self.get_object()
        change = MediaSerializer(media, data=request.data, partial=True)
        change.is_valid(raise_exception=True)
        media.description = change.validated_data.get("description", media.description)
        if not Media.objects.filter(pk=media.pk).update(description=media.description):
            raise Http404
        description_changed(media)
        return Response(media_bodies([media], self)[0])

    @extend_schema(
        operation_id="media_delete",
        responses={204: None},
        parameters=[OpenApiParameter("reason", str, description="Why; kept on the tombstone.")],
    )
    def delete(self, request: Request, media_id: UUID) -> Response:
        """Delete a file with its runs and evidence; a tombstone with its hash stays."""
        reason = known_query(request, "reason").get("reason", "")[:500]
        if "\0" in reason:
            raise ValidationError({"reason": ["Null characters are not allowed."]})
        media = self.get_object()
        if media.owner_id != self.user.pk and not self.user.is_superuser:
            raise Problem(403, "not_the_owner", "Only its owner or an admin may delete a file.")
        try:
            remove(media, by=self.user, reason=reason)
        except Media.DoesNotExist as gone:
            raise Http404 from gone
        return Response(status=204)


class MediaFileView(FileView):
    """The bytes of a media."""

    permission_classes = (IsAuthenticated, CanExamine)

    @extend_schema(
        operation_id="media_file",
        parameters=[
            OpenApiParameter("download", bool, description="true: offer it as a download."),
            OpenApiParameter("Range", str, OpenApiParameter.HEADER),
        ],
        responses={
            (200, "*/*"): OpenApiResponse(OpenApiTypes.BINARY, "The original, byte for byte."),
            (206, "*/*"): OpenApiResponse(OpenApiTypes.BINARY, "The part asked for."),
            416: OpenApiResponse(description="The part asked for lies outside the file."),
        },
    )
    def get(self, request: Request, media_id: UUID) -> HttpResponseBase:
        """The original bytes, whole or in part (`Range`)."""
        asked_for = known_query(request, "download").get("download", "")
        media = get_object_or_404(Media.objects.owned_by(self.user), pk=media_id)
        stored = StoredFile(
            path=media_root() / media.path,
            filename=media.filename,
            media_type=media.media_type,
            sha256=media.sha256,
            modified=media.created,
        )
        try:
            return serve(request._request, stored, download=asked_for in ("1", "true"))
        except FileNotFoundError as error:
            raise Http404 from error
