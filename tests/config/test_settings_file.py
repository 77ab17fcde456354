import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.installation import bare_environment
from tests.product import ROOT


def settings_of(home: Path, *names: str, **env: str) -> dict[str, object]:
    code = (
        "import json, sys, django; from django.conf import settings; django.setup();"
        "print(json.dumps({name: getattr(settings, name, None) for name in sys.argv[1:]}, default=str))"
    )
    asked = subprocess.run(
        [sys.executable, "-c", code, *names],
        cwd=ROOT,
        env=bare_environment() | {"ASSAY_HOME": str(home), "DJANGO_SETTINGS_MODULE": "config.settings"} | env,
        capture_output=True,
        text=True,
        check=True,
    )
    return dict(json.loads(asked.stdout))


def test_settings_load_without_engines_and_keep_their_secrets(tmp_path: Path) -> None:
    first = settings_of(tmp_path / "home", "SECRET_KEY", "DATABASES", "REDIS_URL")

    second = settings_of(tmp_path / "home", "SECRET_KEY", "DATABASES", "REDIS_URL")

    assert first == second
    assert len(str(first["SECRET_KEY"])) >= 48
    keys = {path.name: path.stat().st_mode & 0o777 for path in (tmp_path / "home" / "keys").iterdir()}
    assert keys == dict.fromkeys(["cameras", "django", "jwt", "postgres", "redis", "webhooks"], 0o600)


def test_two_homes_have_different_secrets(tmp_path: Path) -> None:
    first = settings_of(tmp_path / "one", "SECRET_KEY")

    assert settings_of(tmp_path / "two", "SECRET_KEY") != first


def test_https_makes_cookies_secure_and_http_does_not(tmp_path: Path) -> None:
    names = ("SESSION_COOKIE_SECURE", "CSRF_COOKIE_SECURE", "SECURE_HSTS_SECONDS", "CSRF_TRUSTED_ORIGINS")

    https = settings_of(tmp_path, *names, ASSAY_PUBLIC_URL="https://desk.example.org")
    http = settings_of(tmp_path, *names, ASSAY_PUBLIC_URL="http://desk.example.org")

    assert list(https.values()) == [True, True, 31536000, ["https://desk.example.org"]]
    assert list(http.values()) == [False, False, 0, ["http://desk.example.org"]]


def test_a_database_address_with_a_socket_folder_is_understood(tmp_path: Path) -> None:
    url = "postgresql://desk:p%40ss@/assay?host=%2Frun%2Fpostgresql&port=5433"

    default = settings_of(tmp_path, "DATABASES", DATABASE_URL=url)["DATABASES"]["default"]  # type: ignore[index]

    assert [default[part] for part in ("NAME", "USER", "PASSWORD", "HOST", "PORT")] == [
        "assay",
        "desk",
        "p@ss",
        "/run/postgresql",
        "5433",
    ]


def test_what_else_a_database_address_says_reaches_the_database(tmp_path: Path) -> None:
    url = "postgresql://desk@db.example.org/assay?sslmode=verify-full&sslrootcert=%2Fetc%2Fca.pem"

    default = settings_of(tmp_path, "DATABASES", DATABASE_URL=url)["DATABASES"]["default"]  # type: ignore[index]
    patient = settings_of(tmp_path, "DATABASES", DATABASE_URL=f"{url}&connect_timeout=60")["DATABASES"]

    tls = {"sslmode": "verify-full", "sslrootcert": "/etc/ca.pem"}
    assert default["OPTIONS"] == {"connect_timeout": "10", **tls}
    assert patient["default"]["OPTIONS"] == {"connect_timeout": "60", **tls}  # type: ignore[index]


@pytest.mark.parametrize(("port", "ending"), [("8000", ""), ("8123", "_8123")])
def test_an_installation_on_another_port_has_a_sign_in_cookie_of_its_own(
    tmp_path: Path, port: str, ending: str
) -> None:
    names = settings_of(tmp_path, "SESSION_COOKIE_NAME", PORT=port)

    assert names == {"SESSION_COOKIE_NAME": f"sessionid{ending}"}


def test_a_new_home_is_closed_to_others(tmp_path: Path) -> None:
    settings_of(tmp_path / "home", "SECRET_KEY")

    mode = (tmp_path / "home").stat().st_mode & 0o777
    assert mode == (0o711 if os.getuid() == 0 else 0o700)
