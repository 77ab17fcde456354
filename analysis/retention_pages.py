"""The page of how long a camera's footage is kept: what would go is told, and named again, before anything does."""

from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _

from analysis import camera_sheet, camera_words, hold_sheet
from analysis.api.camera_retention import DaysSerializer
from analysis.camera_pages import CameraPage
from analysis.cameras import keeping
from analysis.cameras.addresses import AddressRefused
from analysis.cameras.watching import BadSettings
from analysis.models import Camera, Sighting, SnapshotTally
from analysis.pages import asking
from analysis.retention import expiry, previews, quota

# For so long what was told may be agreed to.
AGREED_WITHIN = timedelta(hours=1)
NAMED = ("total", "snapshots", "summaries", "alerts")


class RetentionPage(CameraPage):
    """How long footage of a camera is kept, what would go otherwise, and how much room its snapshots take."""

    template_name = "cameras/retention.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        camera, reader = kwargs.pop("camera", None) or self.camera(), asking(self.request)
        kwargs.pop("key", None)
        typed = kwargs.pop("typed", self.request.GET.get("days", "").strip())
        days, refused = _read(typed)
        now = camera.retention_days
        return super().get_context_data(
            camera=camera,
            there=camera_sheet.address(camera),
            typed=typed,
            refused=refused,
            now=_told(previews.preview(camera, now)) if now else None,
            asked=_told(previews.preview(camera, days)) if days else None,
            mine=camera.may_be_changed_by(reader),
            may_hold=hold_sheet.may_place(camera, reader),
            holds=hold_sheet.notes(camera),
            room=_room(camera),
            desk=_desk_room() if reader.is_superuser else None,
            **kwargs,
        )

    def post(self, request: HttpRequest, key: str) -> HttpResponse:
        """Sets the days, once who sets them was told what goes; without days it is kept for ever."""
        camera = self.own()
        typed = request.POST.get("days", "").strip()
        days, refused = _read(typed)
        if refused or (days and not _is_agreed(camera, days, request.POST)):
            page = self.get_context_data(camera=camera, typed=typed, changed=not refused)
            return self.render_to_response(page, status=400 if refused else 409)
        try:
            keeping.change(camera, {"retention_days": days}, by=asking(request))
        except Camera.DoesNotExist:
            raise Http404 from None
        except (keeping.CameraRefused, AddressRefused, BadSettings) as why:
            messages.error(request, str(why))
        else:
            messages.success(request, _said(days))
        return redirect(f"{camera_sheet.address(camera)}retention/")


def _read(typed: str) -> tuple[int | None, str]:
    """The days, if any, and what is wrong with them."""
    if not typed:
        return None, ""
    form = DaysSerializer(data={"days": typed})
    if form.is_valid():
        return form.validated_data["days"], ""
    return None, " ".join(map(str, form.errors["days"]))


def _is_agreed(camera: Camera, days: int, said: Any) -> bool:
    """Whether no more goes than was told, of what was old enough then. What grew old since is no surprise."""
    before = _time(said.get("before", ""))
    if before is None or not timedelta() <= expiry.cutoff(days) - before <= AGREED_WITHIN:
        return False
    going = previews.preview(camera, days, before)
    return all(going[name] <= _number(said.get(name)) for name in NAMED)


def _number(text: str | None) -> int:
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 19 else -1


def _time(text: str) -> datetime | None:
    try:
        found = parse_datetime(text)
    except ValueError:
        return None
    return found if found and found.tzinfo else None


def _told(preview: dict[str, Any]) -> dict[str, Any]:
    """With the counts by type as people call them."""
    types = [(camera_words.TYPES[kind], count) for kind, count in preview["by_type"].items()]
    return {**preview, "types": types, "stamp": preview["before"].isoformat()}


def _room(camera: Camera) -> dict[str, Any]:
    tally = SnapshotTally.objects.filter(topic=camera.topic_id).first()
    uncounted = Sighting.objects.filter(topic=camera.topic_id, snapshot_bytes=None).count()
    return {"used": tally.size_bytes if tally else 0, "most": camera.snapshot_bytes, "uncounted": uncounted}


def _desk_room() -> dict[str, Any]:
    return {"used": quota.used(), "most": settings.SNAPSHOT_BYTES or None, "uncounted": 0}


def _said(days: int | None) -> str:
    if days is None:
        return _("Everything is kept for ever now.")
    return _("Kept for %(days)d days now. What is older goes within minutes.") % {"days": days}
