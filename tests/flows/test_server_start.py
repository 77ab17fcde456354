import re
import signal
import socket
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.installation import Installation
from tests.waiting import wait_until


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_to_the_script_alone_leaves_no_process(
    installation: Installation, number: signal.Signals
) -> None:
    installation.start()

    code = installation.stop(number, limit=30)

    assert code == 0
    assert installation.processes() == []


def test_a_start_examines_the_sample_and_then_prints_the_address(installation: Installation) -> None:
    installation.launch(sample=True)

    wait_until(
        lambda: "Assay is at http://" in installation.output(), limit=100, what="the address is printed"
    )

    assert f"Assay is at {installation.url}/" in installation.output()
    assert "/runs/" in installation.output()


def test_a_second_start_answers_within_15_seconds_and_makes_no_second_admin(
    installation: Installation,
) -> None:
    installation.start()
    installation.stop()
    began = time.monotonic()

    installation.start()

    assert time.monotonic() - began < 15
    assert len(re.findall("First admin", installation.output())) == 1


def test_the_first_admin_has_the_password_of_the_environment(
    make_installation: Callable[..., Installation],
) -> None:
    installation = make_installation(
        ASSAY_ADMIN_EMAIL="chief@example.org", ASSAY_ADMIN_PASSWORD="a-password-of-theirs-42"
    )
    installation.start()

    asked = installation.command(
        "manage.py",
        "shell",
        "-c",
        "from django.contrib.auth import authenticate as a;"
        "print(a(username='chief@example.org', password='a-password-of-theirs-42').is_superuser)",
    )

    assert asked.stdout.strip().endswith("True"), asked.stderr
    assert "a-password-of-theirs-42" not in installation.output()


def test_a_home_of_150_characters_works(
    make_installation: Callable[..., Installation], installation: Installation
) -> None:
    home = Path(str(installation.home / "long")).with_name("x" * (149 - len(str(installation.home))))
    long = make_installation(home)

    long.start()

    assert len(str(home)) == 150
    assert long.checks()["database"] == "ok"


def test_two_servers_run_side_by_side(make_installation: Callable[..., Installation]) -> None:
    first, second = make_installation(), make_installation()

    first.start()
    second.start()

    assert [first.checks()["database"], second.checks()["redis"]] == ["ok", "ok"]
    assert first.pid("postgres") != second.pid("postgres")


def test_a_taken_port_is_named_and_nothing_is_left_behind(installation: Installation) -> None:
    with socket.socket() as squatter:
        squatter.bind(("127.0.0.1", installation.port))
        squatter.listen()

        code = installation.launch().wait(60)

    assert code == 1
    assert f"Port {installation.port} on 127.0.0.1 is in use" in installation.output()
    assert installation.processes() == []


def test_a_misspelled_setting_is_refused_with_the_nearest_name(
    make_installation: Callable[..., Installation],
) -> None:
    installation = make_installation(ASSAY_WORKER="2")

    code = installation.launch().wait(60)

    assert code == 1
    assert "Did you mean ASSAY_WORKERS?" in installation.output()


def test_an_ungenerated_language_does_not_matter(make_installation: Callable[..., Installation]) -> None:
    installation = make_installation(LANG="xx_XX.UTF-8", LC_ALL="xx_XX.UTF-8")

    installation.start()

    assert wait_until(installation.checks)["database"] == "ok"
