"""The pages of webhooks, in the account area: parse, authorise, call `keeping`, render."""

from collections.abc import Callable
from typing import Any, cast
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from accounts.models import User
from accounts.permissions import CanExamine, may_examine
from realtime.models import Webhook, WebhookDelivery
from realtime.webhooks import keeping
from realtime.webhooks.addresses import AddressRefused
from realtime.webhooks.forms import WebhookForm

DELIVERIES_PER_PAGE = 25
Act = Callable[..., HttpResponse]


@never_cache
@login_required
@require_GET
def webhooks(request: HttpRequest) -> HttpResponse:
    """All of a user's webhooks, and a form for another."""
    return _list_page(request)


@never_cache
@login_required
@require_GET
def webhook(request: HttpRequest, webhook_id: UUID) -> HttpResponse:
    """One webhook: how it does, and what was sent."""
    return _page(request, _found(request, webhook_id))


def stops(act: Act) -> Act:
    """A view with which people stop a webhook of theirs, whatever their role has become."""

    @never_cache
    @login_required
    @require_POST
    def view(request: HttpRequest, webhook_id: UUID, **more: Any) -> HttpResponse:
        found = _found(request, webhook_id)
        try:
            return act(request, found, **more)
        except (keeping.WebhookRefused, AddressRefused) as refused:
            messages.error(request, str(refused))
            return redirect("webhook", webhook_id=webhook_id)

    return view


def changes(act: Act) -> Act:
    """A view that changes a webhook of who asks."""

    def allowed(request: HttpRequest, found: Webhook, **more: Any) -> HttpResponse:
        _refuse_viewers(request)
        return act(request, found, **more)

    return stops(allowed)


@never_cache
@login_required
@require_POST
def make(request: HttpRequest) -> HttpResponse:
    """Makes a webhook and shows its secret, this once."""
    _refuse_viewers(request)
    form = WebhookForm(request.POST)
    if not form.is_valid():
        return _list_page(request, status=400, form=form)
    given = form.cleaned_data
    try:
        made, secret = keeping.create(
            _user(request), given["url"], kinds=given["types"], description=given["description"]
        )
    except AddressRefused as refused:
        form.add_error("url", str(refused))
        return _list_page(request, status=400, form=form)
    except keeping.WebhookRefused as refused:
        form.add_error(None, str(refused))
        return _list_page(request, status=409, form=form)
    return _page(request, made, status=201, secret=secret)


@changes
def change(request: HttpRequest, found: Webhook) -> HttpResponse:
    """Changes address, types and description."""
    kept = Webhook.objects.get(pk=found.pk)  # the form writes what was asked for into the other one
    form = WebhookForm(request.POST, instance=found)
    if not form.is_valid():
        return _page(request, kept, status=400, form=form)
    fields = {name: form.cleaned_data[name] for name in form.changed_data}
    if fields:
        keeping.change(kept, **fields)
    return _back(request, kept, _("Changed."))


@stops
def switch(request: HttpRequest, found: Webhook) -> HttpResponse:
    """Switches it on or off."""
    enabled = request.POST.get("enabled") == "true"
    if enabled:
        _refuse_viewers(request)
    keeping.change(found, enabled=enabled)
    return _back(request, found, _("Switched on.") if found.enabled else _("Switched off."))


@changes
def rotate(request: HttpRequest, found: Webhook) -> HttpResponse:
    """A new secret, shown this once."""
    return _page(request, found, secret=keeping.rotate(found))


@changes
def test(request: HttpRequest, found: Webhook) -> HttpResponse:
    """Has a test sent."""
    keeping.ask_for_test(found)
    return _back(request, found, _("A test is on its way; the log below says what came back."))


@changes
def redeliver(request: HttpRequest, found: Webhook, delivery_id: int) -> HttpResponse:
    """Has an event sent again."""
    delivery = keeping.delivery_of(found, delivery_id)
    if delivery is None:
        raise Http404
    keeping.ask_again(found, delivery)
    return _back(request, found, _("It is being sent again."))


@stops
def end(request: HttpRequest, found: Webhook) -> HttpResponse:
    """Deletes it."""
    keeping.end(found)
    messages.success(request, _("The webhook was deleted."))
    return redirect("webhooks")


def _user(request: HttpRequest) -> User:
    return cast(User, request.user)


def _refuse_viewers(request: HttpRequest) -> None:
    if not may_examine(_user(request)):
        raise PermissionDenied(CanExamine.message)


def _found(request: HttpRequest, webhook_id: UUID) -> Webhook:
    """404 for missing and foreign alike."""
    found = keeping.find(_user(request), webhook_id)
    if found is None:
        raise Http404
    return found


def _list_page(request: HttpRequest, *, status: int = 200, form: WebhookForm | None = None) -> HttpResponse:
    context = {
        "here": "account",
        "webhooks": list(keeping.of(_user(request))),
        "form": form or WebhookForm(),
        "may_examine": may_examine(_user(request)),
    }
    return render(request, "webhooks/list.html", context, status=status)


def _page(request: HttpRequest, found: Webhook, *, status: int = 200, **more: Any) -> HttpResponse:
    sent = WebhookDelivery.objects.filter(webhook=found).order_by("-id")
    context = {
        "here": "account",
        "webhook": found,
        "now": timezone.now(),
        "form": more.get("form") or WebhookForm(instance=found),
        "secret": more.get("secret", ""),
        "page": Paginator(sent, DELIVERIES_PER_PAGE).get_page(request.GET.get("page")),
        "may_examine": may_examine(_user(request)),
    }
    return render(request, "webhooks/webhook.html", context, status=status)


def _back(request: HttpRequest, found: Webhook, message: str) -> HttpResponse:
    messages.success(request, message)
    return redirect("webhook", webhook_id=found.pk)
