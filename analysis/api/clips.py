"""REST of clips: a stretch of an uploaded video, copied without coding it anew."""

import math
from typing import Any
from uuid import UUID

from django.http import Http404, HttpResponseBase
from django.shortcuts import get_object_or_404
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.strict import StrictSerializer
from analysis import clips
from analysis.api.base import FileView
from analysis.api.filters import asked
from analysis.models import Media
from analysis.ranges import StoredFile, serve

_LATEST_SECONDS = 1e7


class ClipQuery(StrictSerializer):
    """Which stretch, in seconds from the beginning of the file."""

    start = serializers.FloatField(min_value=0, max_value=_LATEST_SECONDS)
    end = serializers.FloatField(min_value=0, max_value=_LATEST_SECONDS)
    manifest = serializers.ChoiceField(
        ["0", "1"], default="0", help_text="1: JSON that says what the copy is, instead of the copy"
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """No number is no time: comparisons let it through."""
        if not all(math.isfinite(attrs[name]) for name in ("start", "end")) or attrs["end"] <= attrs["start"]:
            raise serializers.ValidationError({"end": ["The end must be later than the start."]})
        return attrs


class ClipManifestSerializer(serializers.Serializer[Any]):
    """What a clip is a copy of, and what lies in it."""

    media = serializers.UUIDField()
    asked = serializers.JSONField(help_text="start_seconds, end_seconds")
    original = serializers.JSONField(help_text="filename, sha256, size_bytes")
    copy = serializers.JSONField(
        help_text="filename, media_type, sha256, size_bytes, container, begins_seconds, ends_seconds, pictures, "
        "video_codec, audio_codec, sound_left_out, times_mended"
    )
    events = serializers.ListField(
        child=serializers.JSONField(), help_text="topic, seq, digest, hash, event; at most 10,000"
    )
    events_left_out = serializers.BooleanField()


class MediaClipView(FileView):
    """A stretch of a video."""

    @extend_schema(
        operation_id="media_clip",
        parameters=[ClipQuery],
        responses={
            (200, "video/mp4"): OpenApiResponse(
                OpenApiTypes.BINARY,
                "The copy. Assay-Clip-Begins and Assay-Clip-Ends say which seconds of the original it has, "
                "Assay-Original-SHA256 and Assay-Copy-SHA256 what both are.",
            ),
            (200, "video/x-matroska"): OpenApiResponse(OpenApiTypes.BINARY, "The same, of other codecs."),
            (200, "application/json"): ClipManifestSerializer,
            422: OpenApiResponse(description="There is no such stretch, or it is too large."),
            503: OpenApiResponse(description="Others are having clips copied."),
        },
    )
    def get(self, request: Request, media_id: UUID) -> HttpResponseBase:
        """Copy a stretch, from the last key picture before `start`: nothing is coded anew."""
        query = asked(request, ClipQuery)
        stretch = {"start_seconds": query["start"], "end_seconds": query["end"]}
        media = get_object_or_404(Media.objects.owned_by(self.user), pk=media_id)
        try:
            with clips.cut(media, **stretch) as cut:
                if query["manifest"] == "1":
                    return Response(clips.manifest(media, cut, **stretch))
                return _sent(request, media, cut)
        except FileNotFoundError as error:
            raise Http404 from error


def _sent(request: Request, media: Media, cut: clips.Cut) -> HttpResponseBase:
    stored = StoredFile(
        path=cut.path,
        filename=clips.filename(media, cut),
        media_type=cut.clip.media_type,
        sha256=cut.sha256,
        modified=media.created,
    )
    # opened here: it goes on being read after its name is gone
    response = serve(request._request, stored, download=True)
    response["Assay-Original-SHA256"] = media.sha256
    response["Assay-Copy-SHA256"] = cut.sha256
    response["Assay-Clip-Begins"] = f"{cut.clip.begins_seconds:.3f}"
    response["Assay-Clip-Ends"] = f"{cut.clip.ends_seconds:.3f}"
    return response
