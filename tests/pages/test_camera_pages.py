"""The pages of cameras: who sees what, setting up, changing, switching, deleting, and what was seen."""

import html
import re
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from accounts.models import Team, User
from analysis.api.camera_serializers import CameraSerializer
from analysis.cameras import keeping
from analysis.cameras.watching import CameraSettings
from analysis.models import Camera, PlateSearch
from analysis.retention import holds
from realtime import log
from realtime.log import Draft
from tests.analysis.footage import motion, plate, track
from tests.factories import make_user

pytestmark = pytest.mark.django_db
SECRETS = ("hidden-user", "hidden-password", "hidden-token")


@pytest.fixture(autouse=True)
def home(settings: Any, tmp_path: Path) -> None:
    settings.ASSAY_HOME = tmp_path
    settings.CAMERA_NETWORKS = [ip_network("10.0.0.0/8")]


@pytest.fixture
def gate(ana: User) -> Camera:
    """A camera of Ana's that is to be watched, with all that must not be shown."""
    said = {"key": "gate", "name": "Gate", "source": "rtsp", "enabled": True, "notes": "By the road"}
    secret = {"address": "rtsp://10.0.0.1/live?token=hidden-token", "user": "hidden-user"}
    return keeping.create(ana, {**said, **secret, "password": "hidden-password"})


def tell(camera: Camera, *drafts: Draft) -> None:
    log.append(camera.topic_id, drafts, run=camera.runs.get().pk, attempt=1)


def shown(browser: Client, path: str, status: int = 200) -> str:
    answer = browser.get(path)
    assert answer.status_code == status
    return re.sub(r"\s+", " ", html.unescape(answer.content.decode()))


def browser_of(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def wanted(browser: Client, **changed: Any) -> dict[str, Any]:
    """What the form of a new camera sends as it comes, but for `changed`."""
    form = browser.get("/new-camera/").context["form"]
    given = {name: field.initial or form.initial.get(name) for name, field in form.fields.items()}
    given = {name: value for name, value in given.items() if value not in (None, False)}
    said = {"key": "yard", "address": "rtsp://10.0.0.2/one"}
    return {**given, **said, **changed}


def errors(answer: Any) -> dict[str, Any]:
    return {name: list(said) for name, said in answer.context["form"].errors.items()}


def test_a_desk_without_cameras_says_what_they_are_and_how_to_begin(browser: Client) -> None:
    page = shown(browser, "/cameras/")

    assert "No camera yet" in page
    assert "ASSAY_CAMERA_NETWORKS" in page
    assert 'href="/new-camera/"' in page


def test_the_list_says_how_each_camera_does_and_what_it_saw_today(browser: Client, gate: Camera) -> None:
    tell(gate, Draft("camera.offline", "It refuses the connection."), motion(), track(), track("left"))

    page = shown(browser, "/cameras/")

    assert "Gate" in page
    assert "Waiting" in page
    assert "It refuses the connection." in page
    assert "<dt>Motion, today</dt><dd>1</dd><dt>Object, today</dt><dd>2</dd>" in page.replace("> <", "><")
    assert 'aria-label="Switch off gate"' in page


def test_a_list_of_many_takes_as_many_queries_as_one_of_few(
    browser: Client, ana: User, gate: Camera, django_assert_max_num_queries: Any
) -> None:
    for number in range(8):
        said = {"key": f"c{number}", "source": "rtsp", "address": f"rtsp://10.0.1.{number}/", "enabled": True}
        keeping.create(ana, {**said, "name": "C"})

    with django_assert_max_num_queries(9):
        shown(browser, "/cameras/")


@pytest.mark.parametrize("path", ["", "edit/", "zones/", "delete/"])
def test_somebody_elses_camera_is_missing(gate: Camera, path: str) -> None:
    assert "Gate" not in shown(browser_of(make_user()), "/cameras/")
    shown(browser_of(make_user()), f"/cameras/gate/{path}", 404)


def test_a_viewer_looks_at_what_is_shared_and_changes_nothing(gate: Camera, ana: User) -> None:
    viewer, team = make_user(role="viewer"), Team.objects.create(name="Gate keepers")
    team.members.add(viewer)
    Camera.objects.update(team=team)
    browser = browser_of(viewer)

    page = shown(browser, "/cameras/gate/")

    assert "Gate" in page
    assert "/edit/" not in page
    assert "Switch off" not in page
    for path in ("edit/", "zones/", "delete/"):
        shown(browser, f"/cameras/gate/{path}", 403)
    assert browser.post("/cameras/gate/disable/").status_code == 403
    assert browser.post("/cameras/gate/delete/").status_code == 403
    shown(browser, "/new-camera/", 403)
    assert Camera.objects.get().enabled


def test_a_viewer_does_not_see_the_path_of_an_address(gate: Camera, ana: User) -> None:
    viewer, team = make_user(role="viewer"), Team.objects.create(name="Gate keepers")
    team.members.add(viewer)
    Camera.objects.update(team=team, address="rtsp://10.0.0.1/admin/hidden12345/video")

    page, own = shown(browser_of(viewer), "/cameras/gate/"), shown(browser_of(ana), "/cameras/gate/")

    assert "rtsp://10.0.0.1/…" in page
    assert "hidden12345" not in page + shown(browser_of(viewer), "/cameras/")
    assert "hidden12345" in own


def test_an_admin_changes_every_camera(gate: Camera) -> None:
    admin = browser_of(make_user(is_staff=True, is_superuser=True, role="admin"))

    admin.post("/cameras/gate/disable/")

    assert not Camera.objects.get().enabled
    shown(admin, "/cameras/gate/edit/")


def test_a_camera_is_set_up_from_the_form(browser: Client, ana: User) -> None:
    given = wanted(
        browser, classes="person, car", max_fps="2.5", detectors=["motion"], password="hidden-password"
    )
    answer = browser.post("/new-camera/", given)

    assert (answer.status_code, answer["Location"]) == (302, "/cameras/yard/")
    camera = Camera.objects.get(key="yard")
    assert (camera.owner, camera.name, camera.enabled, camera.has_credentials) == (ana, "yard", True, True)
    assert camera.settings["classes"] == ["person", "car"]
    assert (camera.settings["max_fps"], camera.settings["detectors"]) == (2.5, ["motion"])
    assert camera.settings["confidence"] == 0.5


@pytest.mark.parametrize(
    ("changed", "field", "said"),
    [
        ({"key": "a b"}, "key", "does not match"),
        ({"key": ".."}, "key", "browsers take"),
        ({"address": "ftp://10.0.0.2/"}, "address", "rtsp://"),
        ({"address": "rtsp://192.168.7.1/"}, "address", "ASSAY_CAMERA_NETWORKS"),
        ({"confidence": "much"}, "confidence", "number"),
        ({"max_fps": "0"}, "max_fps", "greater"),
        ({"detectors": []}, "detectors", "at least 1"),
        ({"plate_regions": "XX"}, "plate_regions", "Known:"),
        ({"retention_days": "0"}, "retention_days", "greater"),
        ({"loop": "on"}, "pace", "recorded files"),
    ],
)
def test_what_is_refused_stands_beside_its_field(
    browser: Client, changed: dict[str, Any], field: str, said: str
) -> None:
    answer = browser.post("/new-camera/", wanted(browser, **changed))

    assert answer.status_code == 400
    assert said in " ".join(errors(answer)[field])
    assert not Camera.objects.exists()


def test_every_setting_is_in_the_form_but_what_is_drawn(browser: Client) -> None:
    fields = set(browser.get("/new-camera/").context["form"].fields)

    missing = (set(CameraSettings.model_fields) | set(CameraSerializer().get_fields())) - fields
    told = {"id", "owner", "has_credentials", "topic", "status", "created", "updated"}
    assert missing - told == {"zones", "lines", "masks", "settings"}


def test_a_key_that_is_taken_is_refused_and_what_was_typed_stays(browser: Client, gate: Camera) -> None:
    answer = browser.post("/new-camera/", wanted(browser, key="gate", notes="By the river"))

    assert "already" in " ".join(errors(answer)["key"])
    assert "By the river" in answer.content.decode()


def test_what_opens_a_camera_is_in_no_page(browser: Client, gate: Camera) -> None:
    pages = [shown(browser, path) for path in ("/cameras/", "/cameras/gate/", "/cameras/gate/edit/")]
    pages += [shown(browser, f"/cameras/gate/{path}/") for path in ("zones", "delete")]
    typed = {"key": "gate", "user": "hidden-user", "password": "hidden-password"}
    secret = wanted(
        browser, **typed, address="rtsp://hidden-user:hidden-password@10.0.0.2/?token=hidden-token"
    )
    refused = browser.post("/new-camera/", secret)
    odd = browser.post("/new-camera/", wanted(browser, address="rtsp://hidden-user:hidden-password@/"))

    pages += [refused.content.decode(), odd.content.decode()]
    assert [secret for secret in SECRETS if secret in " ".join(pages)] == []
    assert (refused.status_code, odd.status_code) == (400, 400)


def test_a_changed_camera_keeps_its_credentials_and_its_outlines(browser: Client, gate: Camera) -> None:
    area = {"name": "Yard", "polygon": [[0, 0], [1, 0], [1, 1]]}
    keeping.change(gate, {"settings": {"zones": [area]}}, by=gate.owner)
    form = browser.get("/cameras/gate/edit/").context["form"]
    given = {name: value for name, value in form.initial.items() if value not in (None, False)}

    answer = browser.post("/cameras/gate/edit/", {**given, "name": "North gate", "max_fps": "4"})

    camera = Camera.objects.get()
    assert (answer.status_code, camera.name, camera.settings["max_fps"]) == (302, "North gate", 4)
    assert keeping.secret_of(camera).password == "hidden-password"
    assert camera.settings["zones"] == [area]


def test_credentials_are_forgotten_where_that_is_asked(browser: Client, gate: Camera) -> None:
    form = browser.get("/cameras/gate/edit/").context["form"]
    given = {name: value for name, value in form.initial.items() if value not in (None, False)}

    browser.post("/cameras/gate/edit/", {**given, "forget": "on"})

    secret = keeping.secret_of(Camera.objects.get())
    assert (secret.user, secret.password) == ("", "")


def test_deleting_says_what_goes_and_takes_it(browser: Client, gate: Camera) -> None:
    tell(gate, motion(), plate())

    page = shown(browser, "/cameras/gate/delete/")
    answer = browser.post("/cameras/gate/delete/", {"reason": "moved"})

    assert "2 events of what it saw" in page
    assert (answer.status_code, answer["Location"]) == (302, "/cameras/")
    assert not Camera.objects.exists()


def test_a_camera_under_a_legal_hold_is_not_deleted(browser: Client, gate: Camera) -> None:
    holds.place(gate, by=make_user(is_superuser=True, is_staff=True, role="admin"), reason="Case 12")

    page = shown(browser, "/cameras/gate/delete/")
    answer = browser.post("/cameras/gate/delete/", follow=True)

    assert "Case 12" in page
    assert "Delete it with all of that" not in page
    assert "hold" in answer.content.decode()
    assert Camera.objects.exists()


def test_the_page_of_a_camera_shows_what_it_saw_as_lanes_counts_and_events(
    browser: Client, gate: Camera
) -> None:
    tell(gate, motion(), track(), track("left"), plate("AB-12 CDE"))

    page = shown(browser, "/cameras/gate/")

    assert "Person: 2 in the time shown" in page
    assert "Motion: 1 in the time shown" in page
    assert "AB-12 CDE (gb)" in page
    assert "Person 15 came" in page
    lines = browser.get("/cameras/gate/").context["chart"].lines
    assert sum(total for _, _, total in lines) == 4


def test_events_are_narrowed_by_type_class_and_plate(browser: Client, gate: Camera) -> None:
    tell(gate, motion(), track(), track(**{"track": 16, "class": "car"}), plate("AB-12 CDE"), plate("XY-9"))

    def found(query: str) -> list[str]:
        return [event.said for event in browser.get(f"/cameras/gate/?{query}").context["events"]]

    assert found("event_type=motion") == ["Motion began"]
    assert found("object_class=car") == ["Car 16 came"]
    assert found("license_plate=AB*") == ["AB-12 CDE (gb)"]
    assert PlateSearch.objects.count() == 1
    assert found("license_plate=AB*&start_time=2020-01-01&end_time=2020-01-02") == []


def test_a_filter_that_cannot_be_read_is_told_beside_it(browser: Client, gate: Camera) -> None:
    page = shown(browser, "/cameras/gate/?license_plate=%21%21&start_time=never")

    assert page.count('<ul class="errorlist">') == 2


def test_when_it_came_and_went_is_told(browser: Client, gate: Camera) -> None:
    tell(gate, Draft("camera.online", "1280 × 720."), Draft("camera.offline", "It sends nothing."))

    page = shown(browser, "/cameras/gate/")

    assert re.search("<strong>Offline</strong>.*It sends nothing.*<strong>Online</strong>.*1280", page)


def test_a_key_that_browsers_take_for_a_step_has_an_address_all_the_same(browser: Client, ana: User) -> None:
    said = {"key": "..", "name": "Dots", "source": "rtsp", "address": "rtsp://10.0.0.9/", "enabled": False}
    camera = keeping.create(ana, said)

    assert f'href="/cameras/{camera.pk}/"' in shown(browser, "/cameras/")
    assert "Dots" in shown(browser, f"/cameras/{camera.pk}/")


@pytest.mark.parametrize(
    "query",
    [
        "end_time=0001-01-01",
        "start_time=0001-01-01",
        "start_time=9999-12-31",
        "end_time=9999-12-31",
        "start_time=0001-01-01&end_time=9999-12-31",
        "start_time=9999-12-31&end_time=0001-01-01T00:00:00Z",
    ],
)
def test_times_at_the_ends_of_the_calendar_are_shown(browser: Client, gate: Camera, query: str) -> None:
    tell(gate, motion(), track())

    shown(browser, f"/cameras/gate/?{query}")
