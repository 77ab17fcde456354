"""The buttons of a run page: forms that work without a script."""

import pytest
from django.test import Client

from accounts.models import User
from analysis import queue
from analysis.models import Run
from tests.factories import make_media, make_user
from tests.pages.conftest import make_card

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def run(ana: User) -> Run:
    return queue.enqueue(make_media(owner=ana), owner=ana)


def test_cancel(browser: Client, run: Run) -> None:
    answer = browser.post(f"/runs/{run.pk}/cancel/")

    run.refresh_from_db()
    assert (answer["Location"], run.state) == (f"/runs/{run.pk}/", "cancelled")


def test_cancelling_what_has_ended_says_so(browser: Client, run: Run) -> None:
    Run.objects.filter(pk=run.pk).update(state="succeeded")

    answer = browser.post(f"/runs/{run.pk}/cancel/", follow=True)

    assert "there is nothing to cancel" in answer.content.decode()


def test_retry(browser: Client, run: Run, ana: User) -> None:
    queue.request_cancel(run, by=ana)

    browser.post(f"/runs/{run.pk}/retry/")

    run.refresh_from_db()
    assert run.state == "queued"


def test_examine_again_is_a_new_run_of_the_same_file(browser: Client, run: Run) -> None:
    make_card("jpeg")

    answer = browser.post(f"/runs/{run.pk}/again/", {"detector": ["jpeg", "unheard-of"]})

    again = Run.objects.exclude(pk=run.pk).get()
    assert answer["Location"] == f"/runs/{again.pk}/"
    assert (again.media_id, again.detectors) == (run.media_id, ["jpeg"])


@pytest.mark.parametrize("action", ["cancel", "retry", "again"])
def test_a_viewer_may_not(client: Client, run: Run, ana: User, action: str) -> None:
    client.force_login(make_user(role="viewer", is_superuser=True))

    answer = client.post(f"/runs/{run.pk}/{action}/")

    run.refresh_from_db()
    assert (answer.status_code, run.state, Run.objects.count()) == (403, "queued", 1)


@pytest.mark.parametrize("action", ["cancel", "retry", "again"])
def test_other_peoples_runs_are_not_there(client: Client, run: Run, action: str) -> None:
    client.force_login(make_user())

    assert client.post(f"/runs/{run.pk}/{action}/").status_code == 404


@pytest.mark.parametrize("action", ["cancel", "retry", "again"])
def test_looking_changes_nothing(browser: Client, run: Run, action: str) -> None:
    assert browser.get(f"/runs/{run.pk}/{action}/").status_code == 405


def test_the_pulse_says_whether_the_worker_is_alive(browser: Client, run: Run) -> None:
    assert browser.get(f"/runs/{run.pk}/pulse/").json() == {"worker_alive": False}
