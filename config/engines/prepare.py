"""`python -m config.engines.prepare`: brings the database up to date and makes the first admin."""

import os
import secrets
import shlex
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
    email = settings.ENV.admin_email.strip().lower()
    if users.filter(email=email).exists():
        return _how_to_promote(email)
    password = settings.ENV.admin_password
    shown = password or secrets.token_urlsafe(12)
    users.create_superuser(email, shown)
    told = (
        "the one in ASSAY_ADMIN_PASSWORD"
        if password
        else f"{shown}   (shown only now: change it under /account/)"
    )
    return f"\n  First admin:  {email}\n  Password:     {told}\n\n"


def _how_to_promote(email: str) -> str:
    """An account is not promoted unasked: its owner may have lost the role on purpose."""
    fields = "role='admin', is_staff=True, is_superuser=True, is_active=True"
    code = f"from accounts.models import User; User.objects.filter(email={email!r}).update({fields})"
    return (
        f"\n  Nobody can open the admin: {email} has an account, but is no active admin.\n"
        "  To make it one, in a second terminal while this runs:\n"
        f"  .venv/bin/python manage.py shell -c {shlex.quote(code)}\n"
        "  Or start again with the ASSAY_ADMIN_EMAIL of somebody new.\n\n"
    )


if __name__ == "__main__":
    sys.exit(main())
