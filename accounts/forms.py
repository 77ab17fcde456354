"""What the account pages ask for."""

from typing import Any

from django import forms
from django.contrib.auth.forms import SetPasswordForm
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from accounts import guard
from accounts.models import User
from accounts.problems import Problem


class SignInForm(forms.Form):
    """E-mail and password."""

    email = forms.CharField(
        label=_("E-mail"),
        max_length=254,
        widget=forms.EmailInput(attrs={"autocomplete": "username", "autofocus": True}),
    )
    password = forms.CharField(
        label=_("Password"),
        max_length=1024,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
    )


class NameForm(forms.ModelForm):
    """What others call you."""

    class Meta:
        model = User
        fields = ("name",)
        labels = {"name": _("Name")}


class PasswordForm(SetPasswordForm):
    """A new password, proven by the old one; guessing the old one is limited like a sign-in."""

    old_password = forms.CharField(
        label=_("Your password now"),
        max_length=1024,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
    )
    field_order = ("old_password", "new_password1", "new_password2")

    def __init__(self, request: HttpRequest, user: User, *args: Any, **kwargs: Any) -> None:
        self._request = request
        super().__init__(user, *args, **kwargs)

    def clean_old_password(self) -> str:
        """Refuses a wrong old password."""
        old: str = self.cleaned_data["old_password"]
        try:
            guard.check_password(self._request, email=self.user.email, password=old)
        except guard.WrongCredentials:
            raise forms.ValidationError(_("This is not your password."), "wrong") from None
        except Problem as problem:
            raise forms.ValidationError(str(problem.detail), problem.code) from problem
        return old


class KeyForm(forms.Form):
    """A name for a new API key."""

    name = forms.CharField(label=_("What is the key for?"), max_length=100)
