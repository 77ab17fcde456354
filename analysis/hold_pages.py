"""The pages of legal holds: all, placing one, releasing one. What changes goes through `retention.holds`."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.db.models import Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _

from accounts.permissions import CanExamine, may_examine
from analysis import hold_sheet
from analysis.api.legal_holds import REASON_LIMIT, NewHoldSerializer, ReleaseSerializer
from analysis.camera_sheet import address
from analysis.hold_words import STATES
from analysis.models import Camera, LegalHold, Media
from analysis.pages import DeskPage, asking
from analysis.retention import holds, previews

HOLDS_PER_PAGE = 25
QUERY_LIMIT = 200


def visible_holds(request: HttpRequest) -> QuerySet[LegalHold]:
    """The holds on what the asking person may see, newest first."""
    return LegalHold.objects.owned_by(asking(request)).order_by("-placed", "-pk")


class HoldPage(DeskPage):
    """A page about legal holds."""

    here = "history"


class HoldsPage(HoldPage):
    """All holds on what the person may see; those that are on unless asked otherwise."""

    template_name = "holds/list.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        given = {name: self.request.GET.get(name, "").replace("\0", "") for name in ("q", "state")}
        found = _narrowed(visible_holds(self.request), given["q"][:QUERY_LIMIT], given["state"])
        page = Paginator(found, HOLDS_PER_PAGE).get_page(self.request.GET.get("page"))
        rows = hold_sheet.rows(list(page), asking(self.request))
        given = {name: value for name, value in given.items() if value}
        return super().get_context_data(page=page, rows=rows, given=given, states=STATES, **kwargs)


class NewHoldPage(HoldPage):
    """Placing a hold on the camera or the file that the address names."""

    template_name = "holds/new.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        subject = kwargs.pop("subject", None) or self.subject()
        typed = {name: self.request.POST.get(name, "") for name in ("reason", "start", "end")}
        there = _page_of(self.request, subject)
        return super().get_context_data(
            subject=subject,
            is_camera=isinstance(subject, Camera),
            title=str(subject.name if isinstance(subject, Camera) else subject.filename),
            there=there,
            typed=typed,
            reason_limit=REASON_LIMIT,
            holds=hold_sheet.notes(subject),
            **{"refused": {}, **kwargs},
        )

    def post(self, request: HttpRequest) -> HttpResponse:
        """Places it, or says beside its fields what is refused."""
        subject = self.subject()
        form = NewHoldSerializer(data=_given(request, subject))
        if not form.is_valid():
            page = self.get_context_data(subject=subject, refused=_plain(form.errors))
            return self.render_to_response(page, status=400)
        said = form.validated_data
        times = {"start": said.get("start"), "end": said.get("end")}
        try:
            holds.place(subject, by=asking(request), reason=said["reason"], **times)
        except (Camera.DoesNotExist, Media.DoesNotExist):
            raise Http404 from None
        messages.success(request, _("The legal hold is on: nothing of it goes until an admin releases it."))
        return redirect(_page_of(request, subject))

    def subject(self) -> hold_sheet.Subject:
        """404 for missing and foreign alike, 403 where it is only shared or the person may only look."""
        found = self._named()
        if not may_examine(asking(self.request)):
            raise PermissionDenied(CanExamine.message)
        if not hold_sheet.may_place(found, asking(self.request)):
            raise PermissionDenied(_("Only its owner or an admin may place a hold on it."))
        return found

    def _named(self) -> hold_sheet.Subject:
        user, asked = asking(self.request), self.request.GET
        if "camera" in asked:
            return get_object_or_404(Camera.objects.owned_by(user), pk=_id(asked["camera"]))
        return get_object_or_404(Media.objects.owned_by(user), pk=_id(asked.get("media", "")))


class ReleasePage(HoldPage):
    """Releasing a hold: first what that lets go."""

    template_name = "holds/release.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        hold = kwargs.pop("hold", None) or self.hold()
        kwargs.pop("hold_id", None)
        camera = hold.camera
        days = camera.retention_days if camera else None
        [row] = hold_sheet.rows([hold], asking(self.request))
        return super().get_context_data(
            row=row,
            hold=hold,
            days=days,
            kept=previews.preview(camera, days)["held"] if camera and days else 0,
            others=LegalHold.objects.active().filter(about=hold.about).exclude(pk=hold.pk).count(),
            reason_limit=REASON_LIMIT,
            **{"refused": {}, **kwargs},
        )

    def post(self, request: HttpRequest, hold_id: UUID) -> HttpResponse:
        """Releases it; why is asked for."""
        hold = self.hold()
        form = ReleaseSerializer(data={"reason": request.POST.get("reason", "")})
        if not form.is_valid():
            page = self.get_context_data(hold=hold, refused=_plain(form.errors))
            return self.render_to_response(page, status=400)
        try:
            holds.release(hold, by=asking(request), reason=form.validated_data["reason"])
        except holds.AlreadyReleased as already:
            messages.error(request, str(already))
        else:
            messages.success(request, _("The legal hold is released. The record of it stays."))
        return redirect("holds")

    def hold(self) -> LegalHold:
        """For admins."""
        hold = get_object_or_404(
            visible_holds(self.request).select_related("camera", "media"), pk=self.kwargs["hold_id"]
        )
        if not asking(self.request).is_superuser:
            raise PermissionDenied(_("Only admins may release a legal hold."))
        return hold


def _narrowed(found: QuerySet[LegalHold], text: str, state: str) -> QuerySet[LegalHold]:
    if text:
        said = Q(subject__icontains=text) | Q(reason__icontains=text) | Q(placed_email__icontains=text)
        found = found.filter(said)
    if state == "all":
        return found
    return found.filter(released__isnull=state != "released")


def _given(request: HttpRequest, subject: hold_sheet.Subject) -> dict[str, Any]:
    """What REST would be sent."""
    kind = "camera" if isinstance(subject, Camera) else "media"
    times = {name: value for name in ("start", "end") if (value := request.POST.get(name, "").strip())}
    return {kind: str(subject.pk), "reason": request.POST.get("reason", ""), **times}


def _plain(errors: Any) -> dict[str, str]:
    return {name: " ".join(map(str, said)) for name, said in errors.items()}


def _page_of(request: HttpRequest, subject: hold_sheet.Subject) -> str:
    """Where one comes from, and goes back to."""
    if isinstance(subject, Camera):
        return address(subject)
    newest = subject.runs.examinations().order_by("-created").first()
    return f"/runs/{newest.pk}/" if newest else "/holds/"


def _id(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise Http404 from None
