"""`POST /analyze`, as existing clients know it: a file in, what the run says out."""

from typing import Any, cast
from uuid import UUID

from django.utils import timezone
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.strict import known_query
from analysis.api.media import MediaFormView, received
from analysis.api.parsers import MediaFormParser
from analysis.api.serializers import AnalyzeFormSerializer, RunSerializer
from analysis.dialects import progress
from analysis.models import Run
from analysis.uploads.keeping import Description, keep

_ENDED = (Run.State.SUCCEEDED, Run.State.FAILED, Run.State.CANCELLED)


class AnalyzeFormParser(MediaFormParser):
    """The same form with another name for the file."""

    file_field = "media"


class AnalyzeView(MediaFormView):
    """Upload and run in one. Always answers 202; analysis/waiting.py holds that back while the client waits."""

    form_class = AnalyzeFormSerializer
    parser_classes = (AnalyzeFormParser,)

    def post(self, request: Request) -> Response:
        """Send a file and examine it."""
        known_query(request)
        form = AnalyzeFormSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        given = form.validated_data
        said = Description(
            filename=given["file"].said_name,
            external_id=given["external_id"],
            detectors=given["detectors"],
        )
        kept = keep(received(form), said, owner=self.user, seen=self.seen)
        run = cast(Run, kept.run)  # always begun: there is no way to ask for none
        body = answer(run.pk, user_label=given["user_label"])
        headers = {
            "Location": f"/api/v1/runs/{run.pk}/",
            "Assay-Media": str(kept.media.pk),
            "Assay-Run": str(run.pk),
        }
        return Response(body, status=202, headers=headers)


def answer(run_id: UUID, *, user_label: str) -> dict[str, Any] | None:
    """What is to be said of a run now; `success` is null until it has ended. None when it was deleted."""
    run = Run.objects.filter(pk=run_id).select_related("media", "owner", "topic", "lease").first()
    if run is None:
        return None
    said = RunSerializer(run).data
    echoed = {"media_id": run.file.external_id, "user_id": user_label}
    data = {**said, **echoed, "run": str(run.pk), "media": str(run.media_id), **_conclusion(said)}
    return {
        "success": run.state == Run.State.SUCCEEDED if run.state in _ENDED else None,
        "model_used": _models(run, said),
        "timestamp": timezone.now().isoformat(),
        **echoed,
        "data": data,
    }


def _models(run: Run, said: dict[str, Any]) -> str | None:
    """Those that were asked for; otherwise those that had their say."""
    return ", ".join(run.detectors or [result["detector"] for result in said["results"]]) or None


def _conclusion(said: dict[str, Any]) -> dict[str, Any]:
    """`confidence` is the highest calibrated score: without a calibration a score is no confidence."""
    assessments = [result["assessment"] for result in said["results"]]
    calibrated = [one["score"] for one in assessments if one["kind"] == "verdict" and one["calibrated"]]
    outcome = said["outcome"]
    return {
        "prediction": progress.prediction(outcome) if outcome else None,
        "confidence": max(calibrated, default=None),
    }
