"""Looking at a camera: the live view and a still. What is here decides who may; `live_streams` shows."""

from typing import Any
from uuid import UUID

from django.http import HttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request

from accounts.problems import Problem
from accounts.strict import known_query
from analysis.api.cameras import CameraView
from analysis.cameras.live_streams import OPENING, Opening
from realtime.streams import StreamNegotiation, identity_of

BOXES = OpenApiParameter("boxes", bool, description="false: as it was decoded, nothing drawn in.")


class LookView(CameraView):
    """Pictures of one camera as they come."""

    # an <img> accepts pictures only, and problems are JSON all the same
    content_negotiation_class = StreamNegotiation

    def look(self, request: Request, camera_id: UUID, *, still: bool) -> HttpResponse:
        """Says who may watch what; the answer begins when the view has returned."""
        boxes = known_query(request, "boxes", paged=False).get("boxes", "true")
        if boxes not in ("true", "false"):
            raise ValidationError({"boxes": "Say true or false."})
        camera = self.camera(camera_id)
        scope: Any = getattr(request._request, "scope", None)
        if scope is None or request.method != "GET":
            raise Problem(406, "no_stream", "This server cannot show pictures of cameras here.")
        scope[OPENING] = Opening(
            identity_of(request), camera.pk, camera.topic_id, boxes=boxes == "true", still=still
        )
        return HttpResponse()


class CameraLiveView(LookView):
    """The live view."""

    @extend_schema(
        operation_id="camera_live",
        parameters=[BOXES],
        responses={
            (200, "multipart/x-mixed-replace"): OpenApiResponse(
                OpenApiTypes.BINARY, "JPEG parts, at most five a second; `Assay-Shows` says what each shows."
            ),
            429: OpenApiResponse(description="Too many live views are open."),
        },
    )
    def get(self, request: Request, camera_id: UUID) -> HttpResponse:
        """Show what the camera sees, as it comes, with the boxes of what is followed."""
        return self.look(request, camera_id, still=False)


class CameraStillView(LookView):
    """One picture."""

    @extend_schema(
        operation_id="camera_still",
        parameters=[BOXES],
        responses={
            (200, "image/jpeg"): OpenApiResponse(OpenApiTypes.BINARY, "The newest frame."),
            404: OpenApiResponse(description="It gives no picture now."),
            429: OpenApiResponse(description="Too many pictures are being waited for."),
            503: OpenApiResponse(description="Pictures cannot be fetched at this moment."),
        },
    )
    def get(self, request: Request, camera_id: UUID) -> HttpResponse:
        """Show the newest frame of the camera; it may take some seconds to be made."""
        return self.look(request, camera_id, still=True)
