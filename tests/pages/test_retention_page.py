"""The page of retention: it says what would go, changes nothing before that is agreed to, and is right about it."""

import html
import re
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from accounts.models import Team, User
from analysis.cameras import keeping
from analysis.models import Camera, Run, Sighting
from analysis.retention import expiry, holds
from tests.analysis.footage import motion, plate
from tests.analysis.retention.conftest import See, days_ago, left, see
from tests.factories import make_user

__all__ = ["see"]
pytestmark = pytest.mark.django_db(transaction=True)
PAGE = "/cameras/gate/retention/"


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
def run(gate: Camera) -> Run:
    return gate.runs.get()


@pytest.fixture
def viewer(gate: Camera) -> Client:
    """Somebody the camera is shared with, who may only look."""
    return shared_with(gate, make_user(role="viewer"))


def shared_with(camera: Camera, user: User) -> Client:
    team = Team.objects.create(name="Gate keepers")
    team.members.add(user)
    Camera.objects.filter(pk=camera.pk).update(team=team)
    client = Client()
    client.force_login(user)
    return client


def shown(browser: Client, path: str = PAGE, status: int = 200) -> str:
    answer = browser.get(path)
    assert answer.status_code == status
    return text_of(answer)


def text_of(answer: Any) -> str:
    return re.sub(r"\s+", " ", html.unescape(answer.content.decode())).replace("> <", "><")


def offered(browser: Client, days: int) -> dict[str, str]:
    """What the button that keeps so many days sends."""
    page = browser.get(PAGE, {"days": days}).content.decode()
    names = "days|before|total|snapshots|summaries|alerts"
    return dict(re.findall(rf'<input type="hidden" name="({names})" value="([^"]*)">', page))


def kept_for() -> int | None:
    return Camera.objects.get().retention_days


def test_it_says_how_long_footage_is_kept_and_that_nothing_goes_by_itself(
    browser: Client, gate: Camera
) -> None:
    assert "For ever" in shown(browser)
    assert 'href="/cameras/gate/retention/"' in shown(browser, "/cameras/gate/")


def test_what_is_named_is_exactly_what_then_goes(browser: Client, gate: Camera, run: Run, see: See) -> None:
    old = [see(run, 40, plate(), pictures=2000), see(run, 35, motion()), see(run, 31, pictures=1000)]
    young = see(run, 29, pictures=500)

    page = shown(browser, f"{PAGE}?days=30")

    assert "<dt>Events</dt><dd>3 (Motion 1, Object 1, Plate 1)</dd>" in page
    assert "<dt>Snapshots</dt><dd>2, 3 kB</dd>" in page
    for event in (old[0], old[2]):
        assert f"{event.time:%Y-%m-%d %H:%M:%S} UTC" in page
    assert "Keep 30 days; delete now: events 3, snapshots 2, summaries 0" in page
    assert len(left(gate.topic_id)) == 4
    assert kept_for() is None

    answer = browser.post(PAGE, offered(browser, 30))

    assert (answer.status_code, kept_for()) == (302, 30)
    assert expiry.expire() == 3
    assert left(gate.topic_id) == [young.seq]


def test_nothing_is_saved_before_what_goes_was_named(
    browser: Client, gate: Camera, run: Run, see: See
) -> None:
    see(run, 40)

    answer = browser.post(PAGE, {"days": "30"})

    assert (answer.status_code, kept_for()) == (409, None)
    assert "Keep 30 days; delete now: events 1, snapshots 0, summaries 0" in text_of(answer)


def test_more_than_was_named_is_named_again(
    browser: Client, gate: Camera, ana: User, run: Run, see: See
) -> None:
    see(run, 40)
    see(run, 50)
    hold = holds.place(gate, by=ana, reason="case 7", start=days_ago(41), end=days_ago(39))
    agreed = offered(browser, 30)
    assert agreed["total"] == "1"

    holds.release(hold, by=ana, reason="closed")
    refused = browser.post(PAGE, agreed)
    again = browser.post(PAGE, offered(browser, 30))

    assert (refused.status_code, again.status_code, kept_for()) == (409, 302, 30)


def test_what_grew_old_enough_meanwhile_is_no_surprise(
    browser: Client, gate: Camera, run: Run, see: See
) -> None:
    see(run, 40)
    agreed = offered(browser, 30)
    see(run, 30)

    assert browser.post(PAGE, agreed).status_code == 302


@pytest.mark.parametrize(
    "changed",
    [
        {"before": ""},
        {"before": "yesterday"},
        {"before": "2020-01-01T00:00:00+00:00"},
        {"before": "2999-01-01T00:00:00+00:00"},
        {"before": "2999-99-99T00:00:00+00:00"},
        {"total": "0"},
        {"total": "-5"},
        {"total": "many"},
        {"total": "9" * 5000},
        {"snapshots": ""},
        {"summaries": ""},
        {"alerts": "x"},
        {"days": "3"},
    ],
)
def test_what_was_not_offered_is_not_taken(
    browser: Client, gate: Camera, run: Run, see: See, changed: dict[str, str]
) -> None:
    see(run, 40)

    answer = browser.post(PAGE, offered(browser, 30) | changed)

    assert (answer.status_code, kept_for()) == (409, None)


@pytest.mark.parametrize(
    "days", ["0", "-1", "36501", "x", "1.5", "<script>alert(1)</script>", "1\0", "9" * 2000]
)
def test_nonsense_is_refused_beside_the_field(browser: Client, gate: Camera, days: str) -> None:
    asked = browser.get(PAGE, {"days": days})
    posted = browser.post(PAGE, {"days": days})

    assert (asked.status_code, posted.status_code, kept_for()) == (200, 400, None)
    for answer in (asked, posted):
        assert 'id="days-refused"' in answer.content.decode()
        assert "<script>alert" not in answer.content.decode()


def test_it_is_kept_for_ever_again_without_questions(browser: Client, gate: Camera) -> None:
    browser.post(PAGE, offered(browser, 30))

    answer = browser.post(PAGE, follow=True)

    assert kept_for() is None
    assert "Everything is kept for ever now." in text_of(answer)


def test_a_viewer_sees_what_would_go_and_cannot_set_it(
    viewer: Client, gate: Camera, run: Run, see: See
) -> None:
    see(run, 40)

    page = shown(viewer, f"{PAGE}?days=30")

    assert "<dt>Events</dt><dd>1 " in page
    assert "Keep 30 days" not in page
    assert viewer.post(PAGE, {"days": "30"}).status_code == 403
    assert viewer.post(PAGE).status_code == 403
    assert kept_for() is None


def test_an_analyst_it_is_shared_with_cannot_set_it_and_an_admin_can(gate: Camera) -> None:
    analyst = shared_with(gate, make_user())
    admin = Client()
    admin.force_login(make_user(role="admin"))

    assert "Keep 30 days" not in shown(analyst, f"{PAGE}?days=30")
    assert analyst.post(PAGE).status_code == 403
    assert admin.post(PAGE, offered(admin, 30)).status_code == 302
    assert kept_for() == 30


def test_somebody_elses_camera_is_missing(gate: Camera) -> None:
    stranger = Client()
    stranger.force_login(make_user())

    assert stranger.get(PAGE).status_code == 404
    assert stranger.post(PAGE, {"days": "30"}).status_code == 404


def test_a_hold_wins_and_the_page_says_so(
    browser: Client, gate: Camera, ana: User, run: Run, see: See
) -> None:
    held, _ = see(run, 40), see(run, 35)
    holds.place(gate, by=ana, reason="case 7", start=days_ago(41), end=days_ago(39))

    page = shown(browser, f"{PAGE}?days=30")

    assert "<dt>Events</dt><dd>1 " in page
    assert "<dt>Older, but held</dt><dd>1</dd>" in page
    assert "Why: case 7" in page
    browser.post(PAGE, offered(browser, 30))
    assert expiry.expire() == 1
    assert left(gate.topic_id) == [held.seq]


def test_it_says_how_full_the_room_for_snapshots_is(
    browser: Client, gate: Camera, run: Run, see: See
) -> None:
    see(run, 1, pictures=4000)
    assert "there is no bound" in shown(browser)

    Camera.objects.update(snapshot_bytes=10_000)
    Sighting.objects.update(snapshot_bytes=None)

    page = shown(browser)
    assert "4 kB of 10 kB are taken" in page
    assert '<meter min="0" max="10000" value="4000"' in page
    assert "1 older snapshot is not counted yet" in page
    assert "Of all of the desk" not in page


def test_the_form_of_a_camera_leaves_the_days_as_they_are(browser: Client, gate: Camera) -> None:
    Camera.objects.update(retention_days=30)
    form = browser.get("/cameras/gate/edit/").context["form"]
    assert "retention_days" not in form.fields

    initial = {name: form.initial.get(name, field.initial) for name, field in form.fields.items()}
    given = {name: value for name, value in initial.items() if value not in (None, False)}
    answer = browser.post("/cameras/gate/edit/", given | {"notes": "By the road", "retention_days": "1"})

    assert answer.status_code == 302
    assert (kept_for(), Camera.objects.get().notes) == (30, "By the road")


def test_the_name_of_a_camera_is_text(browser: Client, gate: Camera) -> None:
    Camera.objects.update(name="<img src=x onerror=alert(1)>")

    assert "<img src=x" not in browser.get(PAGE).content.decode()
