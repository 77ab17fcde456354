"""`python -m config.engines.prepare`: brings the database up to date and makes the first admin."""

import os
import secrets
import sys

import django


def main() -> int:
    """Migrates; prints the one-time password when it had to make an admin."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    django.setup()
    from django.core.management import call_command

    call_command("migrate", interactive=False, verbosity=0)
    sys.stdout.write(_first_admin())
    return 0


def _first_admin() -> str:
    """What to tell the person at the terminal; nothing when there is an admin already."""
    from django.conf import settings
    from django.contrib.auth import get_user_model

    users = get_user_model().objects
    if users.filter(is_superuser=True, is_active=True).exists():
        return ""
    password = settings.ENV.admin_password
    shown = password or secrets.token_urlsafe(12)
    users.create_superuser(settings.ENV.admin_email, shown)
    told = (
        "the one in ASSAY_ADMIN_PASSWORD"
        if password
        else f"{shown}   (shown only now: change it under /account/)"
    )
    return f"\n  First admin:  {settings.ENV.admin_email}\n  Password:     {told}\n\n"


if __name__ == "__main__":
    sys.exit(main())
