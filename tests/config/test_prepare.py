"""The first admin: made once, and never out of an account that is there already."""

import os
import re
import shlex
import subprocess
import sys

import pytest

from accounts.models import User
from tests.factories import make_user
from tests.product import ROOT

pytestmark = pytest.mark.django_db(transaction=True)


def run(command: list[str], env: dict[str, str]) -> str:
    done = subprocess.run(
        command, cwd=ROOT, env=os.environ | env, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def prepared(env: dict[str, str]) -> str:
    return run([sys.executable, "-m", "config.engines.prepare"], env)


def test_the_first_admin_is_made_once(product_env: dict[str, str]) -> None:
    first = prepared(product_env)
    second = prepared(product_env)

    assert "First admin:  admin@assay.local" in first
    assert second == ""
    assert User.objects.get().is_superuser


@pytest.mark.parametrize("fields", [{"role": "admin", "is_active": False}, {"role": "analyst"}])
def test_an_account_that_is_no_active_admin_is_left_alone_and_the_way_out_is_printed(
    product_env: dict[str, str], fields: dict[str, object]
) -> None:
    user = make_user(email="chief@example.org", **fields)

    said = prepared(product_env | {"ASSAY_ADMIN_EMAIL": "Chief@example.org"})

    assert "chief@example.org has an account, but is no active admin" in said
    assert User.objects.get().is_active == user.is_active
    found = re.search(r"manage\.py shell -c .*", said)
    assert found
    run([sys.executable, *shlex.split(found[0])], product_env)
    user.refresh_from_db()
    assert (user.role, user.is_active, user.is_staff, user.is_superuser) == ("admin", True, True, True)
