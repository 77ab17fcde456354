"""Words of the pages of legal holds."""

from django.utils.translation import gettext_lazy as _

from analysis.page_words import Words

STATES: Words = {"": _("On"), "released": _("Released"), "all": _("All")}
