"""The pages of cameras: all, one, setting up, drawing zones. What changes goes through `cameras.keeping`."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.db.models import Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_POST

from accounts.permissions import CanExamine, may_examine
from analysis import camera_events, camera_sheet, camera_words, hold_sheet
from analysis.camera_forms import CameraForm
from analysis.camera_sheet import address
from analysis.cameras import keeping
from analysis.cameras.addresses import AddressRefused
from analysis.cameras.missed import missed
from analysis.cameras.models import Camera
from analysis.cameras.watching import CameraSettings
from analysis.errors import TooManyPlates
from analysis.models import Sighting
from analysis.pages import DeskPage, asking
from analysis.retention.holds import Held

CAMERAS_PER_PAGE = 25
QUERY_LIMIT = 200


def visible_cameras(request: HttpRequest) -> QuerySet[Camera]:
    """The cameras the asking person may see, by key."""
    cameras = Camera.objects.owned_by(asking(request))
    return cameras.select_related("owner", "state", "team", "topic").order_by("key")


def visible_camera(request: HttpRequest, key: str) -> Camera:
    """By its key; by its id where a browser cannot ask for the key (“..”). 404 for missing and foreign alike."""
    cameras = visible_cameras(request)
    found = cameras.filter(key=key).first()
    if found is None and (camera_id := _as_id(key)):
        found = cameras.filter(pk=camera_id).first()
    if found is None:
        raise Http404
    return found


class CameraPage(DeskPage):
    """A page about cameras."""

    here = "cameras"

    def camera(self) -> Camera:
        """The one that is named in the address."""
        return visible_camera(self.request, self.kwargs["key"])

    def own(self) -> Camera:
        """The same, for who may change it."""
        camera = self.camera()
        _refuse_others(self.request, camera)
        return camera


class CamerasPage(CameraPage):
    """All cameras the person may see."""

    template_name = "cameras/list.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        text = self.request.GET.get("q", "").replace("\0", "")[:QUERY_LIMIT]
        cameras = visible_cameras(self.request)
        if text:
            named = Q(key__icontains=text) | Q(name__icontains=text) | Q(notes__icontains=text)
            cameras = cameras.filter(named)
        page = Paginator(cameras, CAMERAS_PER_PAGE).get_page(self.request.GET.get("page"))
        rows = camera_sheet.rows(list(page), asking(self.request))
        return super().get_context_data(page=page, rows=rows, sought=text, **kwargs)


class OneCameraPage(CameraPage):
    """One camera: live, how it does, and what it saw."""

    template_name = "cameras/camera.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        camera, reader = self.camera(), asking(self.request)
        [row] = camera_sheet.rows([camera], reader)
        asked = camera_events.asked(self.request.GET)
        refused = dict(asked.refused)
        try:
            seen = asked.narrowed(camera, reader)
        except TooManyPlates as error:
            seen, refused = Sighting.objects.none(), {"license_plate": str(error)}
        page = camera_events.page_of(seen, self.request.GET.get("page"))
        return super().get_context_data(
            camera=camera,
            row=row,
            settings=CameraSettings.model_validate(camera.settings),
            asked=asked,
            refused=refused,
            page=page,
            events=camera_events.told(page),
            lanes=camera_sheet.lanes(seen, asked.span),
            chart=camera_sheet.chart(seen, asked.span),
            outages=[(camera_words.OUTAGES[line.type], line) for line in camera_sheet.outages(camera)],
            missed=[(camera_sheet.who_missed(one), one) for one in missed(camera)],
            spans=camera_words.SPANS,
            types=camera_words.TYPES,
            live={"id": str(camera.pk), "key": camera.key},
            holds=hold_sheet.notes(camera),
            **kwargs,
        )


@method_decorator(sensitive_post_parameters("user", "password", "address"), name="dispatch")
class NewCameraPage(CameraPage):
    """Setting up a camera."""

    template_name = "cameras/form.html"

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if request.user.is_authenticated and not may_examine(asking(request)):
            raise PermissionDenied(CanExamine.message)
        return super().dispatch(request, *args, **kwargs)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        form = kwargs.pop("form", None) or CameraForm(asking(self.request))
        return super().get_context_data(form=form, camera=None, **kwargs)

    def post(self, request: HttpRequest) -> HttpResponse:
        """Makes it, or says beside its fields what is refused."""
        form = CameraForm(asking(request), request.POST)
        if camera := form.save():
            messages.success(request, _("The camera is set up."))
            return redirect(address(camera))
        return self.render_to_response(self.get_context_data(form=form), status=400)


@method_decorator(sensitive_post_parameters("user", "password", "address"), name="dispatch")
class EditCameraPage(CameraPage):
    """Changing a camera."""

    template_name = "cameras/form.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        camera = kwargs.pop("camera", None) or self.own()
        kwargs.pop("key", None)
        form = kwargs.pop("form", None) or CameraForm(asking(self.request), camera=camera)
        return super().get_context_data(form=form, camera=camera, there=address(camera), **kwargs)

    def post(self, request: HttpRequest, key: str) -> HttpResponse:
        """Changes it, or says beside its fields what is refused."""
        camera = self.own()
        form = CameraForm(asking(request), request.POST, camera=camera)
        if changed := form.save():
            messages.success(request, _("The camera was changed."))
            return redirect(address(changed))
        return self.render_to_response(self.get_context_data(form=form, camera=camera), status=400)


class DeleteCameraPage(CameraPage):
    """Deleting a camera: first what goes with it."""

    template_name = "cameras/delete.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        camera = self.own()
        seen = Sighting.objects.filter(topic=camera.topic_id)
        return super().get_context_data(
            camera=camera,
            there=address(camera),
            lines=camera.topic.head,
            events=seen.count(),
            pictures=seen.exclude(snapshot_path="").values("snapshot_path").distinct().count(),
            runs=camera.runs.count(),
            holds=hold_sheet.notes(camera),
            **kwargs,
        )

    def post(self, request: HttpRequest, key: str) -> HttpResponse:
        """Deletes it with everything it saw."""
        camera = self.own()
        reason = request.POST.get("reason", "").replace("\0", "")[:500]
        try:
            keeping.remove(camera, by=asking(request), reason=reason)
        except Camera.DoesNotExist:
            raise Http404 from None
        except Held as held:
            messages.error(request, str(held))
            return redirect(address(camera))
        messages.success(request, _("The camera %(key)s was deleted.") % {"key": camera.key})
        return redirect("cameras")


class ZonesPage(CameraPage):
    """Drawing zones, lines and masks over a still."""

    template_name = "cameras/zones.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        camera = self.own()
        settings = CameraSettings.model_validate(camera.settings).model_dump(mode="json")
        outlines = {name: settings[name] for name in ("zones", "lines", "masks")}
        return super().get_context_data(
            camera=camera, there=address(camera), drawn={"id": str(camera.pk), **outlines}, **kwargs
        )


def _switches(act: Callable[..., Camera]) -> Callable[..., HttpResponse]:
    @login_required
    @require_POST
    def view(request: HttpRequest, key: str) -> HttpResponse:
        camera = visible_camera(request, key)
        _refuse_others(request, camera)
        try:
            act(camera, by=asking(request))
        except (keeping.CameraRefused, AddressRefused) as refused:
            messages.error(request, str(refused))
        except Camera.DoesNotExist:
            raise Http404 from None
        return redirect("cameras" if request.POST.get("back") == "list" else address(camera))

    return view


enable = _switches(keeping.enable)
disable = _switches(keeping.disable)


def _refuse_others(request: HttpRequest, camera: Camera) -> None:
    user = asking(request)
    if not may_examine(user):
        raise PermissionDenied(CanExamine.message)
    if not camera.may_be_changed_by(user):
        raise PermissionDenied(_("Only its owner or an admin may change a camera."))


def _as_id(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
