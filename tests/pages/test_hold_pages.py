"""The pages of legal holds: who places and releases them, what they say, and that they say it wherever they count."""

import html
import re
from datetime import UTC, datetime
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from accounts.models import Team, User
from analysis.cameras import keeping
from analysis.models import Camera, LegalHold, Media, Run
from analysis.retention import holds
from tests.analysis.retention.conftest import See, see
from tests.factories import make_user
from tests.pages.conftest import leased_run

__all__ = ["see"]
pytestmark = pytest.mark.django_db
HOSTILE = "</p><script>alert(1)</script><img src=x onerror=alert(2)>{{ 7|add:7 }}"


@pytest.fixture(autouse=True)
def home(settings: Any, tmp_path: Path) -> Path:
    settings.ASSAY_HOME = tmp_path
    settings.CAMERA_NETWORKS = [ip_network("10.0.0.0/8")]
    return tmp_path


@pytest.fixture
def gate(ana: User) -> Camera:
    said = {
        "key": "gate",
        "name": "Gate",
        "source": "rtsp",
        "address": "rtsp://10.0.0.1/live",
        "enabled": True,
    }
    return keeping.create(ana, said)


@pytest.fixture
def clip(ana: User) -> Run:
    """An examination of a file of Ana's."""
    return leased_run(owner=ana, state=Run.State.SUCCEEDED)


@pytest.fixture
def admin(db: None) -> Client:
    return browser_of(make_user(role="admin", email="admin@example.org"))


def browser_of(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def of(subject: Camera | Run) -> str:
    """Where a hold on it is placed."""
    if isinstance(subject, Camera):
        return f"/holds/new/?camera={subject.pk}"
    return f"/holds/new/?media={subject.media_id}"


def text_of(answer: Any) -> str:
    return re.sub(r"\s+", " ", html.unescape(answer.content.decode())).replace("> <", "><")


def shown(browser: Client, path: str) -> str:
    answer = browser.get(path)
    assert answer.status_code == 200
    return text_of(answer)


def share(subject: Camera | Media, user: User) -> Client:
    team = Team.objects.create(name=f"Team of {user.email}")
    team.members.add(user)
    type(subject)._default_manager.filter(pk=subject.pk).update(team=team)
    return browser_of(user)


def test_a_time_of_a_camera_is_held_from_its_page(browser: Client, gate: Camera, ana: User) -> None:
    assert f'href="{of(gate)}"' in shown(browser, "/cameras/gate/retention/")

    given = {"reason": "case 7", "start": "2026-05-03T10:00", "end": "2026-05-03T11:30:15"}
    answer = browser.post(of(gate), given)

    assert (answer.status_code, answer["Location"]) == (302, "/cameras/gate/")
    hold = LegalHold.objects.get()
    assert (hold.camera, hold.reason, hold.placed_by) == (gate, "case 7", ana)
    assert hold.start == datetime(2026, 5, 3, 10, tzinfo=UTC)
    assert hold.end == datetime(2026, 5, 3, 11, 30, 15, tzinfo=UTC)
    for path in ("/cameras/gate/", "/cameras/gate/retention/", "/cameras/gate/delete/"):
        page = shown(browser, path)
        assert "placed by ana@example.org" in page
        assert "Why: case 7" in page
        assert "what the camera saw from 2026-05-03 10:00:00 until 2026-05-03 11:30:15 UTC" in page
        assert "Deleting is refused" in page


@pytest.mark.parametrize(
    ("start", "end", "said"),
    [
        ("", "", "everything the camera saw and will see"),
        ("", "2026-05-03T10:00", "all the camera saw until 2026-05-03 10:00:00 UTC"),
        ("2026-05-03T10:00", "", "all the camera sees from 2026-05-03 10:00:00 UTC on"),
    ],
)
def test_an_empty_end_is_no_end(browser: Client, gate: Camera, start: str, end: str, said: str) -> None:
    browser.post(of(gate), {"reason": "case 7", "start": start, "end": end})

    assert said in shown(browser, "/holds/")


def test_a_file_is_held_from_the_page_of_its_run(browser: Client, clip: Run) -> None:
    run_page = f"/runs/{clip.pk}/"
    assert f'href="{of(clip)}"' in shown(browser, run_page)
    assert 'name="start"' not in shown(browser, of(clip))

    answer = browser.post(of(clip), {"reason": "case 7"})

    assert (answer.status_code, answer["Location"]) == (302, run_page)
    page = shown(browser, run_page)
    assert "Under a legal hold since" in page
    assert "It keeps the file, all its runs, and what was seen in it. Deleting is refused" in page


def test_deleting_a_held_camera_is_refused_in_words(browser: Client, gate: Camera, ana: User) -> None:
    holds.place(gate, by=ana, reason="case 7")

    page = shown(browser, "/cameras/gate/delete/")
    answer = browser.post("/cameras/gate/delete/", follow=True)

    assert "Delete it with all of that" not in page
    assert "legal hold" in text_of(answer)
    assert Camera.objects.exists()


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({}, "reason"),
        ({"reason": "   "}, "reason"),
        ({"reason": "x" * 501}, "reason"),
        ({"reason": "a\0b"}, "reason"),
        ({"reason": "case", "start": "soon"}, "start"),
        ({"reason": "case", "end": "2026-02-31T10:00"}, "end"),
        ({"reason": "case", "start": "2026-05-03T10:00", "end": "2026-05-03T09:00"}, "end"),
    ],
)
def test_what_is_refused_stands_beside_its_field_and_what_was_typed_stays(
    browser: Client, gate: Camera, given: dict[str, str], field: str
) -> None:
    answer = browser.post(of(gate), given)

    assert answer.status_code == 400
    assert f'id="{field}-refused"' in answer.content.decode()
    assert answer.context["typed"]["start"] == given.get("start", "")
    assert not LegalHold.objects.exists()


@pytest.mark.parametrize(
    "query", ["", "?camera=", "?camera=x", "?media=00000000-0000-4000-8000-000000000000"]
)
def test_nothing_that_is_there_is_missing(browser: Client, query: str) -> None:
    assert browser.get(f"/holds/new/{query}").status_code == 404
    assert browser.post(f"/holds/new/{query}", {"reason": "case"}).status_code == 404


def test_what_a_stranger_may_not_see_they_cannot_hold_and_do_not_find(
    browser: Client, gate: Camera, clip: Run, ana: User
) -> None:
    holds.place(gate, by=ana, reason="case 7")
    stranger = browser_of(make_user())

    assert [stranger.get(of(subject)).status_code for subject in (gate, clip)] == [404, 404]
    assert stranger.post(of(gate), {"reason": "mine"}).status_code == 404
    assert "case 7" not in shown(stranger, "/holds/?state=all")
    assert LegalHold.objects.count() == 1


@pytest.mark.parametrize("role", ["viewer", "analyst"])
def test_who_it_is_only_shared_with_reads_it_and_places_none(gate: Camera, ana: User, role: str) -> None:
    holds.place(gate, by=ana, reason="case 7")
    guest = share(gate, make_user(role=role))

    assert "case 7" in shown(guest, "/holds/")
    assert "case 7" in shown(guest, "/cameras/gate/")
    assert of(gate) not in shown(guest, "/cameras/gate/retention/")
    assert guest.get(of(gate)).status_code == 403
    assert guest.post(of(gate), {"reason": "mine"}).status_code == 403
    assert LegalHold.objects.count() == 1


def test_an_owner_who_may_only_look_places_none(gate: Camera, ana: User) -> None:
    User.objects.filter(pk=ana.pk).update(role="viewer")
    owner = browser_of(User.objects.get(pk=ana.pk))

    assert owner.post(of(gate), {"reason": "case"}).status_code == 403


def test_an_admin_places_one_on_anything(admin: Client, gate: Camera, clip: Run) -> None:
    for subject in (gate, clip):
        assert admin.post(of(subject), {"reason": "case"}).status_code == 302

    assert LegalHold.objects.count() == 2


def test_only_an_admin_releases_it_and_says_why(
    browser: Client, admin: Client, gate: Camera, ana: User
) -> None:
    hold = holds.place(gate, by=ana, reason="case 7")
    there = f"/holds/{hold.pk}/release/"

    assert there not in shown(browser, "/holds/")
    assert browser.get(there).status_code == browser.post(there, {"reason": "x"}).status_code == 403
    assert there in shown(admin, "/holds/")
    assert "case 7" in shown(admin, there)
    assert admin.post(there, {"reason": " "}).status_code == 400
    hold.refresh_from_db()
    assert hold.released is None

    answer = admin.post(there, {"reason": "case closed"}, follow=True)

    hold.refresh_from_db()
    assert (hold.released_email, hold.release_reason) == ("admin@example.org", "case closed")
    assert "Nothing that you may see is under a legal hold" in text_of(answer)
    page = shown(admin, "/holds/?state=released")
    assert "case 7" in page
    assert "admin@example.org · case closed" in page
    assert "Under a legal hold" not in shown(browser, "/cameras/gate/")


def test_releasing_says_first_what_it_lets_go(admin: Client, gate: Camera, ana: User, see: See) -> None:
    see(gate.runs.get(), 40)
    see(gate.runs.get(), 1)
    Camera.objects.update(retention_days=30)
    hold = holds.place(gate, by=ana, reason="case 7")
    holds.place(gate, by=ana, reason="case 8")

    page = shown(admin, f"/holds/{hold.pk}/release/")

    assert "1 event of this camera is older than the 30 days" in page
    assert "1 other hold on it stays on" in page


def test_it_is_released_once(admin: Client, gate: Camera, ana: User) -> None:
    hold = holds.place(gate, by=ana, reason="case 7")
    there = f"/holds/{hold.pk}/release/"
    admin.post(there, {"reason": "first"})

    again = admin.post(there, {"reason": "second"}, follow=True)

    hold.refresh_from_db()
    assert hold.release_reason == "first"
    assert "was released at" in text_of(again)
    assert 'name="reason"' not in shown(admin, there)


def test_the_record_stays_when_the_camera_is_gone(admin: Client, gate: Camera, ana: User) -> None:
    hold = holds.place(gate, by=ana, reason="case 7")
    holds.release(hold, by=ana, reason="closed")
    keeping.remove(gate, by=ana)

    page = shown(admin, "/holds/?state=all")

    assert "camera:gate" in page
    assert "case 7" in page


def test_the_list_is_searched_and_lists_what_is_on(
    browser: Client, gate: Camera, clip: Run, ana: User
) -> None:
    assert clip.media
    holds.place(gate, by=ana, reason="burglary of May")
    holds.release(holds.place(clip.media, by=ana, reason="car park"), by=ana, reason="closed")

    assert "car park" not in shown(browser, "/holds/")
    assert "car park" in shown(browser, "/holds/?state=all")
    assert "burglary" not in shown(browser, "/holds/?state=all&q=park")
    assert "No hold matches" in shown(browser, "/holds/?q=zzz%00")
    assert f'href="/runs/{clip.pk}/"' in shown(browser, "/holds/?state=released")


def test_reasons_are_text_on_every_page(
    admin: Client, browser: Client, gate: Camera, clip: Run, ana: User
) -> None:
    for subject in (gate, clip):
        browser.post(of(subject), {"reason": HOSTILE})
    refused = browser.post(of(gate), {"reason": HOSTILE, "start": "<script>alert(3)</script>"})
    released = holds.place(gate, by=ana, reason="case")
    holds.release(released, by=ana, reason=HOSTILE)
    paths = ["/holds/?state=all", "/cameras/gate/", "/cameras/gate/retention/", "/cameras/gate/delete/"]
    paths += [f"/runs/{clip.pk}/", of(gate), of(clip)]
    paths += [f"/holds/{hold.pk}/release/" for hold in LegalHold.objects.all()]

    pages = [admin.get(path).content.decode() for path in paths] + [refused.content.decode()]

    for page in pages:
        assert "<script>alert" not in page
        assert "<img src=x" not in page
    assert sum("&lt;script&gt;alert(1)" in page for page in pages) == len(pages) - 1


def test_a_list_of_many_takes_as_many_queries_as_one_of_few(
    browser: Client, ana: User, gate: Camera, django_assert_max_num_queries: Any
) -> None:
    for number in range(6):
        holds.place(gate, by=ana, reason=f"case {number}")
        run = leased_run(owner=ana)
        assert run.media
        holds.place(run.media, by=ana, reason=f"file {number}")

    with django_assert_max_num_queries(9):
        shown(browser, "/holds/")


def test_nobody_who_is_not_signed_in_sees_any(gate: Camera) -> None:
    for path in ("/holds/", of(gate), "/cameras/gate/retention/"):
        assert Client().get(path).status_code == 302
