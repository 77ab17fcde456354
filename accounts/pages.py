"""Signing in and out, and the account page."""

from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import login, logout
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts import credentials, guard
from accounts.forms import KeyForm, NameForm, PasswordForm, SignInForm
from accounts.problems import Problem


@never_cache
@sensitive_post_parameters()
@require_http_methods(["GET", "POST"])
def sign_in(request: HttpRequest) -> HttpResponse:
    """Asks for e-mail and password, and goes on to `next`."""
    onward = _onward(request)
    form = SignInForm(request.POST or None)
    if request.method == "GET" or not form.is_valid():
        return _sign_in_page(request, form, onward, status=200 if request.method == "GET" else 400)
    try:
        user = guard.check_password(request, **form.cleaned_data)
    except Problem as problem:
        form.add_error(None, str(problem.detail))
        return _sign_in_page(request, form, onward, status=problem.status_code)
    logout(request)  # whoever was signed in here before
    login(request, user)
    return redirect(onward or settings.LOGIN_REDIRECT_URL)


@require_POST
def sign_out(request: HttpRequest) -> HttpResponse:
    """Ends this sign-in: its cookie and its sockets."""
    logout(request)
    return redirect(settings.LOGIN_URL)


@never_cache
@login_required
@require_GET
def account(request: HttpRequest) -> HttpResponse:
    """Who you are here, and everything that lets you in."""
    return _account_page(request)


@login_required
@require_POST
def change_name(request: HttpRequest) -> HttpResponse:
    """Changes what others call you."""
    form = NameForm(request.POST, instance=_user(request))
    if not form.is_valid():
        return _account_page(request, status=400, name_form=form)
    form.save()
    return _back(request, _("Your name was changed."))


@sensitive_post_parameters()
@login_required
@require_POST
def change_password(request: HttpRequest) -> HttpResponse:
    """Changes the password, which ends every sign-in and API key but this browser's."""
    form = PasswordForm(request, _user(request), request.POST)
    if not form.is_valid():
        return _account_page(request, status=400, password_form=form)
    user = form.save()
    login(request, user)
    return _back(request, _("Your password was changed; you are signed out everywhere else."))


@never_cache
@login_required
@require_POST
def make_key(request: HttpRequest) -> HttpResponse:
    """Makes an API key and shows it, this once; it is in this answer and nowhere else."""
    form = KeyForm(request.POST, auto_id="id_key_%s")
    if not form.is_valid():
        return _account_page(request, status=400, key_form=form)
    _credential, key = credentials.issue_api_key(_user(request), **form.cleaned_data)
    return _account_page(request, status=201, new_key=key)


@login_required
@require_POST
def revoke(request: HttpRequest, credential_id: UUID) -> HttpResponse:
    """Ends one of your sign-ins, token families or API keys, and its sockets."""
    held = credentials.live_of(_user(request))
    credentials.revoke(get_object_or_404(held, pk=credential_id))
    return _back(request, _("Ended."))


def _user(request: Any) -> Any:
    return request.user


def _onward(request: HttpRequest) -> str:
    """Where to go after signing in, if it is a place of ours."""
    onward = request.POST.get("next", request.GET.get("next", ""))
    ours = url_has_allowed_host_and_scheme(onward, {request.get_host()}, require_https=request.is_secure())
    return onward if ours else ""


def _sign_in_page(request: HttpRequest, form: SignInForm, onward: str, *, status: int) -> HttpResponse:
    context = {"form": form, "next": onward}
    return render(request, "accounts/sign_in.html", context, status=status)


def _account_page(request: Any, *, status: int = 200, **changed: Any) -> HttpResponse:
    user = request.user
    context = {
        "name_form": NameForm(instance=user),
        "password_form": PasswordForm(request, user),
        "key_form": KeyForm(auto_id="id_key_%s"),
        "here": "account",
        "new_key": "",
        "credentials": list(credentials.live_of(user)),
        "current_credential": request.credential,
        "teams": list(user.teams.order_by("name")),
        **changed,
    }
    return render(request, "accounts/account.html", context, status=status)


def _back(request: HttpRequest, message: str) -> HttpResponse:
    messages.success(request, message)
    return redirect("account")
