"""The admin site: under our name, and without what other packages would show there.

simplejwt's pages print whole refresh tokens: whoever may look at them could sign in as anybody. Groups
grant nothing here, roles and teams do.
"""

from django.apps import apps
from django.contrib.admin import AdminSite, site
from django.contrib.admin.apps import AdminConfig
from django.utils.translation import gettext_lazy as _

HIDDEN = ("token_blacklist.OutstandingToken", "token_blacklist.BlacklistedToken", "auth.Group")


class DeskAdminSite(AdminSite):
    site_header = _("Assay administration")
    site_title = _("Assay administration")
    index_title = _("Records of this desk")


class DeskAdminConfig(AdminConfig):
    """Django's admin, with our site."""

    default_site = "accounts.admin_site.DeskAdminSite"

    def ready(self) -> None:
        """Collects every package's pages, then takes the hidden ones out."""
        super().ready()
        site.unregister([apps.get_model(name) for name in HIDDEN])
