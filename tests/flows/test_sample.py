"""`manage.py sample`: the bundled sample takes the real path, and is examined once."""

import subprocess
import sys
from collections.abc import Callable

import pytest

from analysis.models import Media, Run
from tests.factories import make_user
from tests.flows import workers
from tests.product import ROOT, Program

pytestmark = pytest.mark.django_db(transaction=True)


def sample(env: dict[str, str], *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "manage.py", "sample", *arguments]
    return subprocess.run(
        command, cwd=ROOT, env=env, capture_output=True, text=True, timeout=100, check=False
    )


def test_the_sample_is_examined_live_and_only_once(
    start_worker: Callable[..., Program], product_env: dict[str, str]
) -> None:
    owner = make_user(is_superuser=True)
    workers.wait_for_worker(start_worker("--device", "cpu"))

    first = sample(product_env)
    second = sample(product_env)

    assert (first.returncode, second.returncode) == (0, 0), first.stderr + second.stderr
    run = Run.objects.get()
    assert (run.owner, run.state) == (owner, "succeeded")
    assert "Power spectrum: 0 of 4" in first.stdout
    assert run.sentence in first.stdout
    assert f"/runs/{run.pk}/" in first.stdout
    assert second.stdout.count("\n") == 1
    assert f"/runs/{run.pk}/" in second.stdout
    assert Media.objects.count() == 1


def test_without_a_worker_it_says_what_to_start(product_env: dict[str, str]) -> None:
    make_user(is_superuser=True)

    ended = sample(product_env, "--patience", "2")

    assert ended.returncode == 3
    assert "manage.py runworker" in ended.stdout


def test_without_an_admin_it_says_so(product_env: dict[str, str]) -> None:
    ended = sample(product_env)

    assert ended.returncode == 3
    assert "no admin" in ended.stderr
