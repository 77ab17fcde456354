"""The pages of alerts: what was raised, rules, watched plates. What changes goes through `alerts.keeping`."""

from collections.abc import Callable
from typing import Any, TypeVar
from urllib.parse import urlencode
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_POST

from accounts.permissions import CanExamine, may_examine
from analysis import alert_sheet, plates
from analysis.alert_rule_form import RuleForm
from analysis.alerts import keeping
from analysis.api.alerts import AlertQuery, narrowed
from analysis.models import Alert, AlertRule, Camera, WatchedPlate
from analysis.pages import DeskPage, asking
from analysis.plate_keys import is_keyed
from analysis.watched_plate_form import WatchForm

ROWS_PER_PAGE = 50
Kept = TypeVar("Kept", AlertRule, WatchedPlate)


def visible_rules(request: HttpRequest) -> QuerySet[AlertRule]:
    """The rules the asking person may see, in the order they were made."""
    rules = AlertRule.objects.owned_by(asking(request))
    return rules.select_related("owner", "team").prefetch_related("cameras").order_by("created", "pk")


def visible_plates(request: HttpRequest) -> QuerySet[WatchedPlate]:
    """The watched plates the asking person may see, newest first."""
    watched = WatchedPlate.objects.owned_by(asking(request))
    return watched.select_related("owner", "team").order_by("-created", "-pk")


class AlertPage(DeskPage):
    """A page about alerts; `tab` marks its place among them."""

    here = "alerts"
    tab = ""

    def changes(self, kept: AlertRule | WatchedPlate) -> bool:
        """Whether the asking person may change it."""
        user = asking(self.request)
        return may_examine(user) and keeping.may_change(kept, user)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        kwargs.setdefault("tab", self.tab)
        return super().get_context_data(**kwargs)


class ChangingPage(AlertPage):
    """A page with which analysts change something."""

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Viewers look only."""
        if request.user.is_authenticated:
            _refuse_viewers(request)
        return super().dispatch(request, *args, **kwargs)


class AlertsPage(AlertPage):
    """What was raised, newest first."""

    template_name = "alerts/list.html"
    tab = "alerts"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        reader, query = asking(self.request), self.request.GET
        known = AlertQuery().fields
        given = {name: str(value) for name, value in query.items() if value and name in known}
        form = AlertQuery(data=given)
        found: QuerySet[Alert] = Alert.objects.owned_by(reader).select_related("camera")
        if form.is_valid():
            found = narrowed(found, dict(form.validated_data))
        page = alert_sheet.page_of(found, query)
        return super().get_context_data(
            rows=alert_sheet.told(page.alerts),
            page=page,
            kept=f"{urlencode(given)}&" if given else "",
            given=given,
            refused=form.errors,
            cameras={str(one.pk): one.name for one in alert_sheet.cameras_to_choose(reader)},
            rules={str(one.pk): one.name for one in alert_sheet.rules_to_choose(reader)},
            **kwargs,
        )


class RulesPage(AlertPage):
    """The rules, and where what they raise goes."""

    template_name = "alerts/rules.html"
    tab = "rules"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        reader = asking(self.request)
        rules = alert_sheet.with_latest(visible_rules(self.request), reader)
        page = Paginator(rules, ROWS_PER_PAGE).get_page(self.request.GET.get("page"))
        known = set(Camera.objects.owned_by(reader).values_list("pk", flat=True))
        return super().get_context_data(
            page=page,
            rows=[
                (rule, alert_sheet.cameras_of(rule, known), alert_sheet.asked(rule), self.changes(rule))
                for rule in page
            ],
            hooks=alert_sheet.listening(asking(self.request)),
            **kwargs,
        )


class NewRulePage(ChangingPage):
    """Making a rule."""

    template_name = "alerts/rule.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        form = kwargs.pop("form", None) or RuleForm(asking(self.request), camera=self._camera())
        hooks = alert_sheet.listening(asking(self.request))
        return super().get_context_data(form=form, rule=None, hooks=hooks, **kwargs)

    def post(self, request: HttpRequest) -> HttpResponse:
        """Makes it, or says beside its fields what is refused."""
        form = RuleForm(asking(request), request.POST)
        if form.save():
            messages.success(request, _("The rule is made; it looks at what happens from now on."))
            return redirect("alert-rules")
        return self.render_to_response(self.get_context_data(form=form), status=400)

    def _camera(self) -> Camera | None:
        """The one whose page led here, if a rule of theirs can hold for it."""
        own = Camera.objects.filter(owner=asking(self.request))
        return own.filter(key=self.request.GET.get("camera", "").replace("\0", "")).first()


class EditRulePage(ChangingPage):
    """Changing a rule."""

    template_name = "alerts/rule.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        kwargs.pop("rule_id", None)
        rule = _own_rule(self.request, self.kwargs["rule_id"])
        form = kwargs.pop("form", None) or RuleForm(asking(self.request), rule=rule)
        hooks = alert_sheet.listening(rule.owner)
        return super().get_context_data(form=form, rule=rule, hooks=hooks, **kwargs)

    def post(self, request: HttpRequest, rule_id: UUID) -> HttpResponse:
        """Changes it, or says beside its fields what is refused."""
        form = RuleForm(asking(request), request.POST, rule=_own_rule(request, rule_id))
        if form.save():
            messages.success(request, _("The rule was changed."))
            return redirect("alert-rules")
        return self.render_to_response(self.get_context_data(form=form), status=400)


class DeleteRulePage(ChangingPage):
    """Deleting a rule: first what stays."""

    template_name = "alerts/delete_rule.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        rule = _own_rule(self.request, kwargs.pop("rule_id"))
        return super().get_context_data(rule=rule, raised=rule.alerts.count(), **kwargs)

    def post(self, request: HttpRequest, rule_id: UUID) -> HttpResponse:
        """Deletes it; what it raised stays."""
        _own_rule(request, rule_id).delete()
        messages.success(request, _("The rule was deleted."))
        return redirect("alert-rules")


@method_decorator(sensitive_post_parameters("plate"), name="dispatch")
class WatchlistPage(AlertPage):
    """Watched plates, and a form for another."""

    template_name = "alerts/watchlist.html"
    tab = "watchlist"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        page = Paginator(visible_plates(self.request), ROWS_PER_PAGE).get_page(self.request.GET.get("page"))
        rows = [(one, plates.text_of(one.plate, one.plate_sealed), self.changes(one)) for one in page]
        form = kwargs.pop("form", None) or WatchForm(asking(self.request))
        return super().get_context_data(page=page, rows=rows, form=form, keyed=is_keyed(), **kwargs)

    def post(self, request: HttpRequest) -> HttpResponse:
        """Waits for it, or says beside its fields what is refused."""
        _refuse_viewers(request)
        form = WatchForm(asking(request), request.POST)
        if form.save():
            messages.success(request, _("The plate is waited for from now on."))
            return redirect("watched-plates")
        return self.render_to_response(self.get_context_data(form=form), status=400)


class DeleteWatchedPage(ChangingPage):
    """Waiting for a plate no longer."""

    template_name = "alerts/delete_watched.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        watched = _own_plate(self.request, kwargs.pop("plate_id"))
        text = plates.text_of(watched.plate, watched.plate_sealed)
        return super().get_context_data(watched=watched, text=text, **kwargs)

    def post(self, request: HttpRequest, plate_id: UUID) -> HttpResponse:
        """Deletes the entry; what it raised stays."""
        _own_plate(request, plate_id).delete()
        messages.success(request, _("The plate is waited for no longer."))
        return redirect("watched-plates")


def _switches(*, enabled: bool) -> Callable[..., HttpResponse]:
    @login_required
    @require_POST
    def view(request: HttpRequest, rule_id: UUID) -> HttpResponse:
        _refuse_viewers(request)
        rule = _own_rule(request, rule_id)
        # asked twice is asked once: another look would forget what happens at this moment
        if rule.enabled != enabled:
            keeping.change(rule, {"enabled": enabled})
        return redirect("alert-rules")

    return view


enable = _switches(enabled=True)
disable = _switches(enabled=False)


def _own_rule(request: HttpRequest, rule_id: UUID) -> AlertRule:
    """404 for missing and foreign alike, 403 for what is only shared."""
    return _own(request, get_object_or_404(visible_rules(request), pk=rule_id))


def _own_plate(request: HttpRequest, plate_id: UUID) -> WatchedPlate:
    return _own(request, get_object_or_404(visible_plates(request), pk=plate_id))


def _own(request: HttpRequest, kept: Kept) -> Kept:
    if not keeping.may_change(kept, asking(request)):
        raise PermissionDenied(_("Only its owner or an admin may change it."))
    return kept


def _refuse_viewers(request: HttpRequest) -> None:
    if not may_examine(asking(request)):
        raise PermissionDenied(CanExamine.message)
