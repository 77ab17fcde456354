import subprocess
import sys
from pathlib import Path

import pytest
from pydantic import ValidationError

from config.env import (
    ROOT,
    Environment,
    UnknownSetting,
    refuse_unknown_names,
)
from tests.signed import Authority


def made(monkeypatch: pytest.MonkeyPatch, **names: str) -> Environment:
    for name, value in names.items():
        monkeypatch.setenv(name, value)
    return Environment()


def test_an_unknown_name_is_refused_with_the_nearest_known_one() -> None:
    with pytest.raises(
        UnknownSetting, match=r"ASSAY_HOEM is not a setting of Assay\. Did you mean ASSAY_HOME\?"
    ):
        refuse_unknown_names(["PATH", "ASSAY_HOEM"])


def test_known_names_and_other_peoples_names_are_let_through() -> None:
    refuse_unknown_names(["PATH", "ASSAY_HOME", "ASSAY_TEST_MEDIA", "REDIS_HOST"])


def test_an_empty_value_counts_as_unset(monkeypatch: pytest.MonkeyPatch) -> None:
    names = [field.alias for field in Environment.model_fields.values() if field.alias]
    for name in names:
        monkeypatch.delenv(name, raising=False)
    unset = Environment()

    empty = made(monkeypatch, **dict.fromkeys(names, ""))

    assert empty == unset
    assert (empty.home, empty.redis_port) == (ROOT / "var", None)


def test_snapshots_lie_in_the_home_and_are_taken_unless_told_otherwise(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)

    assert (Environment().snapshots_dir, Environment().snapshots) == ("", True)
    told = made(monkeypatch, SNAPSHOTS_DIR="pictures", ENABLE_SNAPSHOTS="false")
    assert (told.snapshots_dir, told.snapshots) == (str(tmp_path / "pictures"), False)


def test_weights_lie_in_the_home_unless_told_otherwise(monkeypatch: pytest.MonkeyPatch) -> None:
    env = made(monkeypatch, ASSAY_HOME="/srv/assay")

    assert str(env.weights) == "/srv/assay/weights"


def test_a_redis_in_four_parts_becomes_an_address(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("REDIS_URL")

    env = made(monkeypatch, REDIS_HOST="cache", REDIS_PORT="6380", REDIS_DB="2", REDIS_PASSWORD="p@ss/word")

    assert env.redis_url == "redis://:p%40ss%2Fword@cache:6380/2"


def test_an_address_of_redis_wins_over_its_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    env = made(monkeypatch, REDIS_URL="redis://one:6379/0", REDIS_HOST="two")

    assert env.redis_url == "redis://one:6379/0"


def test_the_public_address_is_a_host_and_an_origin(monkeypatch: pytest.MonkeyPatch) -> None:
    env = made(
        monkeypatch,
        ASSAY_PUBLIC_URL="https://desk.example.org/",
        ASSAY_ALLOWED_ORIGINS="https://a.example, http://b.example:81",
    )

    assert env.allowed_hosts() == ["127.0.0.1", "localhost", "[::1]", "desk.example.org"]
    assert env.origins() == ["https://desk.example.org", "https://a.example", "http://b.example:81"]


@pytest.mark.parametrize(
    "address", ["desk.example.org", "ftp://desk.example.org", "https://desk.example.org/path"]
)
def test_a_public_address_that_is_no_origin_is_refused(monkeypatch: pytest.MonkeyPatch, address: str) -> None:
    with pytest.raises(ValidationError, match="is not an address like"):
        made(monkeypatch, ASSAY_PUBLIC_URL=address)


def test_production_refuses_debug(monkeypatch: pytest.MonkeyPatch) -> None:
    made(monkeypatch, ASSAY_ENV="production", ASSAY_DEBUG="0")

    with pytest.raises(ValidationError, match="exclude each other"):
        made(monkeypatch, ASSAY_ENV="production", ASSAY_DEBUG="1")


@pytest.mark.parametrize("weak", ["changeme", "a" * 40, "short-but-random-9x"])
def test_production_refuses_a_weak_signing_key(monkeypatch: pytest.MonkeyPatch, weak: str) -> None:
    made(monkeypatch, ASSAY_ENV="production", JWT_SECRET_KEY="k3Jx9-_pQw7ZtYb2LmNcVr5sHdFg8aEo1u")

    with pytest.raises(ValidationError, match="JWT_SECRET_KEY is too weak"):
        made(monkeypatch, ASSAY_ENV="production", JWT_SECRET_KEY=weak)


@pytest.mark.parametrize(
    ("name", "value"), [("PORT", "0"), ("PORT", "http"), ("ASSAY_WORKERS", "0"), ("ASSAY_ENV", "prod")]
)
def test_a_value_outside_its_range_is_refused_by_name(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    with pytest.raises(ValidationError, match=name):
        made(monkeypatch, **{name: value})


def test_a_trust_list_that_cannot_be_used_stops_every_command(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    authority = Authority()
    good, empty = tmp_path / "good.pem", tmp_path / "empty.pem"
    good.write_text(authority.certificate)
    empty.write_text("nothing")

    env = made(monkeypatch, ASSAY_C2PA_TRUST=str(good))

    assert env.c2pa_trust == str(good)
    for wrong in (empty, tmp_path / "missing.pem"):
        with pytest.raises(ValidationError, match="ASSAY_C2PA_TRUST"):
            made(monkeypatch, ASSAY_C2PA_TRUST=str(wrong))


def test_a_file_of_camera_authorities_without_any_stops_every_command(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    good, empty = tmp_path / "good.pem", tmp_path / "empty.pem"
    good.write_text(Authority().certificate)
    empty.write_text("nothing")

    env = made(monkeypatch, ASSAY_CAMERA_CA=str(good))

    assert env.camera_ca == str(good)
    for wrong in (empty, tmp_path / "missing.pem"):
        with pytest.raises(ValidationError, match="ASSAY_CAMERA_CA"):
            made(monkeypatch, ASSAY_CAMERA_CA=str(wrong))


@pytest.mark.parametrize("weak", ["changeme", "a" * 40, "short-but-random-9x"])
def test_a_key_for_plates_that_can_be_guessed_is_refused_everywhere_and_not_repeated(
    monkeypatch: pytest.MonkeyPatch, weak: str
) -> None:
    with pytest.raises(ValidationError, match="ASSAY_PLATE_KEY") as refused:
        made(monkeypatch, ASSAY_PLATE_KEY=weak)

    assert weak not in str(refused.value)
    assert made(monkeypatch, ASSAY_PLATE_KEY="k3Jx9-_pQw7ZtYb2LmNcVr5sHdFg8aEo1u").plate_key


@pytest.mark.parametrize(
    ("names", "shown"),
    [
        ({}, "'' False"),
        ({"ASSAY_ENCRYPT_PLATES": "1"}, "generated True"),
        (
            {"ASSAY_PLATE_KEY": "k3Jx9-_pQw7ZtYb2LmNcVr5sHdFg8aEo1u"},
            "'k3Jx9-_pQw7ZtYb2LmNcVr5sHdFg8aEo1u' False",
        ),
    ],
    ids=["none", "generated", "own"],
)
def test_a_key_for_plates_is_given_or_generated_or_there_is_none(
    tmp_path: Path, names: dict[str, str], shown: str
) -> None:
    code = "from config import settings; print(repr(settings.PLATE_KEY))"
    environment = {"PATH": "/usr/bin:/bin", "ASSAY_HOME": str(tmp_path), **names}

    told = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, env=environment, capture_output=True, text=True, check=True
    ).stdout.strip()

    kept = tmp_path / "keys" / "plates"
    if shown.startswith("generated"):
        shown = f"{kept.read_text().strip()!r} True"
    assert f"{told} {kept.exists()}" == shown
