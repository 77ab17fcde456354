"""What the pages of webhooks ask for."""

import re
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from realtime.models import Webhook
from realtime.webhooks import addresses, keeping


class WebhookForm(forms.ModelForm):
    """Where to send what. Checked as REST checks it."""

    url = forms.CharField(
        label=_("Address"),
        max_length=addresses.URL_LIMIT,
        widget=forms.URLInput(attrs={"placeholder": "https://example.org/hooks/assay"}),
    )
    types = forms.CharField(
        label=_("Event types"),
        required=False,
        max_length=4000,
        help_text=_("Separated by commas, such as run.succeeded, job.*; empty for all."),
    )

    class Meta:
        model = Webhook
        fields = ("url", "types", "description")
        labels = {"description": _("What is it for?")}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial["types"] = ", ".join(self.instance.types)

    def clean_url(self) -> str:
        """Refuses an address no webhook is sent to."""
        url: str = self.cleaned_data["url"]
        try:
            addresses.refuse_known_bad(url)
        except addresses.AddressRefused as refused:
            raise forms.ValidationError(str(refused), refused.code) from refused
        return url

    def clean_types(self) -> list[str]:
        """A list of types."""
        kinds = [kind for kind in re.split(r"[,\s]+", self.cleaned_data["types"]) if kind]
        try:
            return keeping.checked_types(kinds)
        except keeping.BadTypes as refused:
            raise forms.ValidationError(str(refused), refused.code) from refused
