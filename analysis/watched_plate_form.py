"""The form of a watched plate. What can be one is decided where REST decides it."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.models import Team, User
from analysis import plates
from analysis.alerts import keeping
from analysis.models import WatchedPlate


class WatchForm(forms.Form):
    """A plate to wait for."""

    plate = forms.CharField(
        label=_("Plate or pattern"),
        max_length=plates.LONGEST_PATTERN,
        help_text=_("Letters and digits; ? for one sign, * for any. Spaces, hyphens and case do not count."),
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )
    name = forms.CharField(
        label=_("Name"),
        max_length=200,
        help_text=_(
            "It stands in each alert, also where plates are encrypted: name the reason, not the plate."
        ),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    note = forms.CharField(
        label=_("Note"), max_length=2000, required=False, widget=forms.Textarea(attrs={"rows": 2})
    )
    team = forms.ModelChoiceField(
        Team.objects.none(),
        label=_("Team"),
        required=False,
        empty_label=_("Nobody"),
        help_text=_("Who sees it besides you, the plate too, and whose rules wait for it as well."),
    )

    def __init__(self, user: User, data: Any = None) -> None:
        super().__init__(data)
        self._owner = user
        fields: dict[str, Any] = self.fields
        fields["team"].queryset = user.teams.order_by("name")

    def save(self) -> WatchedPlate | None:
        """The entry; None when something is refused, then `errors` says what."""
        if not self.is_valid():
            return None
        try:
            return keeping.watch_for(self._owner, **self.cleaned_data)
        except plates.InvalidPattern as refused:
            self.add_error("plate", str(refused))
        except keeping.TooManyRules as refused:
            self.add_error(None, str(refused))
        return None
