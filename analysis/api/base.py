"""What all REST views of analysis share."""

from typing import Any, ClassVar

from django.http import HttpResponseBase, UnreadablePostError
from rest_framework.generics import GenericAPIView
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.models import User
from accounts.permissions import CanExamine
from accounts.problems import Problem
from analysis import queue
from analysis.connections import let_go
from analysis.errors import (
    Busy,
    FileGone,
    MediaDeleted,
    NoHeatmap,
    NoSuchScore,
    NotCut,
    TooManyPlates,
    TraceRefused,
)
from analysis.ranges import Unsatisfiable
from analysis.retention.holds import Held
from analysis.uploads import refusals
from analysis.uploads.multipart import Malformed
from analysis.uploads.removal import StillExamined
from analysis.uploads.resumable import Gone, OffsetConflict


class AnalysisView(GenericAPIView):
    """For the signed-in; writing is for analysts. What our own code refuses becomes a problem."""

    permission_classes = (IsAuthenticated, CanExamine)
    statuses: ClassVar[dict[type[Exception], int]] = {
        refusals.EmptyFile: 422,
        refusals.TooLarge: 413,
        refusals.NotMedia: 415,
        refusals.OverLimits: 422,
        refusals.NoSpace: 507,
        refusals.WrongHash: 460,
        StillExamined: 409,
        OffsetConflict: 409,
        Gone: 410,
        UnreadablePostError: 400,
        Malformed: 400,
        MediaDeleted: 404,
        queue.QueueError: 409,
        NoSuchScore: 422,
        NoHeatmap: 422,
        FileGone: 410,
        TooManyPlates: 422,
        TraceRefused: 409,
        NotCut: 422,
        Busy: 503,
        Held: 409,
    }

    @property
    def user(self) -> User:
        """Who asks; the permissions have made sure that it is a user."""
        user: User = self.request.user  # type: ignore[assignment]  # never anonymous here
        return user

    def handle_exception(self, exc: Exception) -> Response:
        """Gives our own errors their status."""
        for kind, status in self.statuses.items():
            if isinstance(exc, kind):
                code = getattr(exc, "code", "upload_interrupted")
                # 460 is tus's own and has no phrase
                title = "Checksum Mismatch" if status == 460 else ""
                return super().handle_exception(Problem(status, code, str(exc), title=title))
        return super().handle_exception(exc)


class FileView(AnalysisView):
    """Answers with a file, whatever the browser's Accept says."""

    def dispatch(self, request: Any, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """A paused player keeps its download open for hours, but no database connection."""
        response = super().dispatch(request, *args, **kwargs)
        let_go()
        return response

    def handle_exception(self, exc: Exception) -> Response:
        """A range outside of the file is a problem that names the file's size."""
        if isinstance(exc, Unsatisfiable):
            exc = Problem(416, exc.code, str(exc), headers={"Content-Range": f"bytes */{exc.size_bytes}"})
        return super().handle_exception(exc)

    def perform_content_negotiation(self, request: Request, force: bool = False) -> tuple[Any, str]:
        """An <img> accepts pictures only, and problems are JSON all the same."""
        renderer = self.get_renderers()[0]
        return renderer, renderer.media_type
