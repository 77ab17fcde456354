"""REST of resumable uploads: tus 1.0 with creation, termination, checksum and expiration."""

import base64
from typing import Any
from uuid import UUID

from django.conf import settings
from django.http import Http404
from django.utils.http import http_date
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework import serializers
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.idempotency import IdempotentPost
from accounts.problems import Problem
from analysis.api.base import AnalysisView
from analysis.api.media import media_bodies
from analysis.api.serializers import DetectorNames, MediaSerializer
from analysis.api.stressing import StressOptions
from analysis.models import Upload
from analysis.uploads import resumable
from analysis.uploads.pieces import ALGORITHMS, Checksum

VERSION = "1.0.0"
EXTENSIONS = "creation,termination,checksum,expiration"
PIECE_TYPE = "application/offset+octet-stream"
_ANSWER = OpenApiResponse(description="As the tus protocol 1.0 says, in the headers.")


class MetadataSerializer(StressOptions):
    """What Upload-Metadata may hold; each value base64 of UTF-8 text."""

    filename = serializers.CharField(required=False, default="", allow_blank=True, trim_whitespace=False)
    filetype = serializers.CharField(required=False, allow_blank=True, help_text="Accepted and not believed.")
    name = serializers.CharField(required=False, allow_blank=True, trim_whitespace=False)
    type = serializers.CharField(required=False, allow_blank=True)
    relativePath = serializers.CharField(required=False, allow_blank=True)  # noqa: N815  # clients send it so
    description = serializers.CharField(required=False, default="", allow_blank=True, max_length=10_000)
    detectors = DetectorNames(required=False, default=list)
    analyze = serializers.BooleanField(required=False, default=True)
    sha256 = serializers.RegexField(r"^[0-9a-f]{64}$", required=False, help_text="Checked at the end.")


class TusView(AnalysisView):
    """What both addresses share: versions, and the method override of the protocol."""

    serializer_class = MediaSerializer

    def initialize_request(self, request: Any, *args: Any, **kwargs: Any) -> Request:
        """X-HTTP-Method-Override counts, as the protocol demands."""
        override = request.headers.get("X-HTTP-Method-Override", "").upper()
        if request.method == "POST" and override in ("PATCH", "DELETE"):
            request.method = override
        return super().initialize_request(request, *args, **kwargs)

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Refuses other versions of the protocol."""
        super().initial(request, *args, **kwargs)
        if request.method not in ("OPTIONS", "GET") and request.headers.get("Tus-Resumable") != VERSION:
            detail = f"Send Tus-Resumable: {VERSION}."
            raise Problem(412, "tus_version", detail, headers={"Tus-Version": VERSION})

    def finalize_response(self, request: Any, response: Any, *args: Any, **kwargs: Any) -> Any:
        """Names the version in every answer."""
        response = super().finalize_response(request, response, *args, **kwargs)
        response["Tus-Resumable"] = VERSION
        response["Cache-Control"] = "no-store"
        return response

    @extend_schema(exclude=True)
    def options(self, request: Any, *args: Any, **kwargs: Any) -> Response:
        """What this server can do."""
        headers = {
            "Tus-Version": VERSION,
            "Tus-Extension": EXTENSIONS,
            "Tus-Max-Size": str(settings.MAX_UPLOAD_BYTES),
            "Tus-Checksum-Algorithm": ",".join(ALGORITHMS),
        }
        return Response(status=204, headers=headers)


class UploadListView(IdempotentPost, TusView):
    """Where uploads begin."""

    @extend_schema(request=None, responses={201: _ANSWER}, operation_id="upload_create")
    def post(self, request: Request) -> Response:
        """Begin an upload: Upload-Length, and Upload-Metadata of filename, description, detectors, analyze, stress."""
        length = _whole_number(request, "Upload-Length")
        as_sent = request.headers.get("Upload-Metadata", "")
        metadata = _metadata(as_sent)
        filename = metadata.pop("filename") or metadata.get("name", "")
        upload = resumable.begin(
            owner=self.user, length=length, filename=filename, metadata=metadata, metadata_as_sent=as_sent
        )
        headers = {"Location": f"/api/v1/uploads/{upload.pk}/", **_state(upload)}
        return Response(status=201, headers=headers)


class UploadView(TusView):
    """One upload."""

    @extend_schema(operation_id="upload_get", responses={200: MediaSerializer})
    def get(self, request: Request, upload_id: UUID) -> Response:
        """Like the answer to POST media/, once the upload is complete; 409 before."""
        upload = resumable.finish_if_complete(self._upload(upload_id))
        if upload.media is None:
            detail = f"{upload.offset} of {upload.length} bytes have arrived."
            raise Problem(409, "upload_incomplete", detail, offset=upload.offset, length=upload.length)
        return Response(media_bodies([upload.media], self)[0], headers=_state(upload))

    @extend_schema(operation_id="upload_head", responses={200: _ANSWER}, methods=["HEAD"])
    def head(self, request: Request, upload_id: UUID) -> Response:
        """How much has arrived, and what was said of it at the beginning."""
        upload = resumable.finish_if_complete(self._upload(upload_id))
        said = {"Upload-Metadata": upload.metadata_as_sent} if upload.metadata_as_sent else {}
        return Response(status=200, headers=_state(upload) | said)

    @extend_schema(operation_id="upload_append", request={PIECE_TYPE: bytes}, responses={204: _ANSWER})
    def patch(self, request: Request, upload_id: UUID) -> Response:
        """The next piece, at most 8 MB. The last one answers with Assay-Media and Assay-Run."""
        if request.content_type.partition(";")[0].strip() != PIECE_TYPE:
            raise Problem(415, "piece_type", f"Send pieces as {PIECE_TYPE}.")
        if int(request.META.get("CONTENT_LENGTH") or 0) > resumable.PIECE_BYTES:
            raise Problem(413, "too_large", f"A piece has at most {resumable.PIECE_BYTES} bytes.")
        upload = resumable.append(
            self._upload(upload_id),
            request._request,
            offset=_whole_number(request, "Upload-Offset"),
            checksum=_checksum(request.headers.get("Upload-Checksum")),
        )
        return Response(status=204, headers=_state(upload))

    @extend_schema(operation_id="upload_delete", responses={204: None})
    def delete(self, request: Request, upload_id: UUID) -> Response:
        """End an upload and free what it took. The media it became stays."""
        resumable.end(self._upload(upload_id))
        return Response(status=204)

    def _upload(self, upload_id: UUID) -> Upload:
        """One's own only: nobody else can go on with an upload. 404 for missing and foreign alike."""
        uploads = Upload.objects.select_related("owner", "media__owner", "run")
        upload = uploads.filter(pk=upload_id, owner=self.user).first()
        if upload is None:
            raise Http404
        return upload


def _state(upload: Upload) -> dict[str, str]:
    headers = {"Upload-Offset": str(upload.offset), "Upload-Length": str(upload.length)}
    if upload.media_id is None:
        headers["Upload-Expires"] = http_date(upload.expires.timestamp())
    else:
        headers["Assay-Media"] = str(upload.media_id)
    if upload.run_id is not None:
        headers["Assay-Run"] = str(upload.run_id)
    return headers


def _whole_number(request: Request, header: str) -> int:
    text = request.headers.get(header, "")
    if not text.isascii() or not text.isdecimal() or len(text) > 18:
        raise Problem(400, "header_invalid", f"{header} must be a whole number of bytes.")
    return int(text)


def _metadata(header: str) -> dict[str, Any]:
    pairs = dict(_pair(entry) for entry in header.split(",") if entry.strip())
    serializer = MetadataSerializer(data=pairs)
    serializer.is_valid(raise_exception=True)
    return dict(serializer.validated_data)


def _pair(entry: str) -> tuple[str, str]:
    key, _, value = entry.strip().partition(" ")
    try:
        return key, base64.b64decode(value, validate=True).decode()
    except ValueError as error:  # binascii's and Unicode's too
        raise ValidationError({key[:100]: ["Send base64 of UTF-8 text."]}) from error


def _checksum(header: str | None) -> Checksum | None:
    if header is None:
        return None
    algorithm, _, digest = header.strip().partition(" ")
    if algorithm not in ALGORITHMS:
        raise Problem(400, "checksum_algorithm", f"Use one of {', '.join(ALGORITHMS)}.")
    try:
        return Checksum(algorithm, base64.b64decode(digest, validate=True))
    except ValueError as error:
        raise Problem(400, "header_invalid", "Upload-Checksum: send base64 of the digest.") from error
