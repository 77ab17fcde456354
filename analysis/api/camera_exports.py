"""REST of exports: what is on record of a camera between two times, as one file."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from typing import Any, ClassVar
from uuid import UUID

from django.core.handlers.asgi import ASGIRequest
from django.http import HttpResponseBase, StreamingHttpResponse
from django.shortcuts import get_object_or_404
from django.utils.http import content_disposition_header
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework import serializers
from rest_framework.request import Request

from accounts.strict import StrictSerializer
from analysis.api.base import FileView
from analysis.api.filters import DayOrTime, asked
from analysis.cameras import exporting
from analysis.models import Camera
from analysis.ranges import SAFE


class ExportQuery(StrictSerializer):
    """From when to when."""

    start = DayOrTime()
    end = DayOrTime(end_of_day=True)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Nothing lies between a time and an earlier one."""
        if attrs["end"] <= attrs["start"]:
            raise serializers.ValidationError({"end": ["The end must be later than the start."]})
        return attrs


class CameraExportView(FileView):
    """What is on record of a camera."""

    statuses: ClassVar = {**FileView.statuses, exporting.TooMuch: 422}

    @extend_schema(
        operation_id="camera_export",
        parameters=[ExportQuery],
        responses={
            (200, "application/zip"): OpenApiResponse(
                OpenApiTypes.BINARY, "events.jsonl, snapshots/, and manifest.json with the SHA-256 of each."
            ),
            422: OpenApiResponse(description="There is too much for one file: narrow the time."),
        },
    )
    def get(self, request: Request, camera_id: UUID) -> HttpResponseBase:
        """Export the lines of its log between two times, with their snapshots."""
        query = asked(request, ExportQuery)
        camera = get_object_or_404(Camera.objects.owned_by(self.user), pk=camera_id)
        wanted = exporting.stretch(camera, query["start"], query["end"], by=self.user)
        pieces = exporting.zipped(wanted)
        # Django reads a plain iterator to its end, into memory, before an ASGI server gets the first byte.
        sent = _async(pieces) if isinstance(request._request, ASGIRequest) else pieces
        response = StreamingHttpResponse(sent, content_type="application/zip")
        for name, value in SAFE.items():
            response[name] = value
        del response["Accept-Ranges"]
        response["Content-Disposition"] = content_disposition_header(True, exporting.filename(wanted))
        return response


async def _async(pieces: Iterator[bytes]) -> AsyncIterator[bytes]:
    while (piece := await asyncio.to_thread(next, pieces, None)) is not None:
        yield piece
