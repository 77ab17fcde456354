"""Webhooks in the account area, and in the admin."""

import re
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client

from accounts.models import User
from realtime.models import Webhook, WebhookDelivery
from realtime.webhooks import keeping, sealing
from tests.factories import make_user

pytestmark = pytest.mark.django_db
PUBLIC = "https://93.184.216.34/hook?token=abc"
GIVEN = {"url": PUBLIC, "types": "run.*, job.failed", "description": "tickets"}


@pytest.fixture
def ana() -> User:
    return make_user(email="ana@example.org", name="Ana")


@pytest.fixture
def browser(ana: User) -> Client:
    client = Client()
    client.force_login(ana)
    return client


@pytest.fixture
def hook(ana: User) -> Webhook:
    return keeping.create(ana, PUBLIC)[0]


def page(hook: Webhook, tail: str = "") -> str:
    return f"/account/webhooks/{hook.pk}/{tail}"


def delivery(hook: Webhook, **fields: Any) -> WebhookDelivery:
    topic = uuid4()
    defaults = {"state": "succeeded", "event_id": f"{topic}/1", "event_type": "run.started", "seq": 1}
    return WebhookDelivery.objects.create(webhook=hook, **{**defaults, "topic": topic, **fields})


def text(answer: Any) -> str:
    return str(answer.content.decode())


def test_a_webhook_is_made_and_its_secret_shown_once(browser: Client, ana: User) -> None:
    made = browser.post("/account/webhooks/new/", GIVEN)
    hook = Webhook.objects.get(owner=ana)
    secret = sealing.unseal(hook.secret)

    assert made.status_code == 201
    assert secret in text(made)
    assert "no-store" in made["Cache-Control"]
    assert (hook.types, hook.description) == (["run.*", "job.failed"], "tickets")
    assert secret not in text(browser.get(page(hook))) + text(browser.get("/account/webhooks/"))


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"url": "http://127.0.0.1/"}, "not on the public internet"),
        ({"url": "nonsense"}, "begins with https://"),
        ({"types": "run.*, ?"}, "is no event type"),
    ],
)
def test_what_makes_no_webhook_is_refused_and_stays_in_the_form(
    browser: Client, changed: dict[str, str], said: str
) -> None:
    answer = browser.post("/account/webhooks/new/", GIVEN | changed)

    assert answer.status_code == 400
    assert said in text(answer)
    assert next(iter(changed.values())) in text(answer)
    assert not Webhook.objects.exists()


def test_the_list_names_address_types_and_state(browser: Client, ana: User, hook: Webhook) -> None:
    Webhook.objects.filter(pk=hook.pk).update(enabled=False, disabled_reason="gone", types=["job.*"])
    keeping.create(make_user(), "https://93.184.216.34/foreign")

    said = text(browser.get("/account/webhooks/"))

    assert "93.184.216.34/hook" in said
    assert "the receiver said it is gone (410)" in said
    assert "job.*" in said
    assert "foreign" not in said


def test_the_account_page_leads_there(browser: Client) -> None:
    assert 'href="/account/webhooks/"' in text(browser.get("/account/"))


def test_it_is_changed_switched_rotated_tested_and_deleted(browser: Client, hook: Webhook) -> None:
    before = hook.secret
    browser.post(page(hook, "change/"), {"url": PUBLIC, "types": "", "description": "new"})
    browser.post(page(hook, "switch/"), {"enabled": "false"})
    rotated = browser.post(page(hook, "rotate/"))
    tested = browser.post(page(hook, "test/"), follow=True)
    hook.refresh_from_db()
    kept = (hook.description, hook.enabled, hook.secret != before, hook.previous_secret == before)
    deleted = browser.post(page(hook, "delete/"), follow=True)

    assert kept == ("new", False, True, True)
    assert sealing.unseal(hook.secret) in text(rotated)
    assert "waits for a worker" in text(tested)
    assert deleted.redirect_chain == [("/account/webhooks/", 302)]
    assert not Webhook.objects.exists()


@pytest.mark.parametrize(("kinds", "shown"), [([], ""), (["run.*", "job.failed"], "run.*, job.failed")])
def test_the_form_shows_what_is_and_sent_unchanged_changes_nothing(
    browser: Client, hook: Webhook, kinds: list[str], shown: str
) -> None:
    keeping.change(hook, types=kinds)

    form = browser.get(page(hook)).context["form"]
    given = {name: form[name].value() for name in ("url", "types", "description")}
    answer = browser.post(page(hook, "change/"), given)

    hook.refresh_from_db()
    assert (given["types"], answer.status_code) == (shown, 302)
    assert (hook.url, hook.types, hook.description) == (PUBLIC, kinds, "")


def test_a_refused_change_changes_nothing_and_says_why(browser: Client, hook: Webhook) -> None:
    answer = browser.post(page(hook, "change/"), {"url": "http://10.0.0.1/", "types": "", "description": "x"})

    hook.refresh_from_db()
    assert (answer.status_code, hook.url, hook.description) == (400, PUBLIC, "")
    assert "not on the public internet" in text(answer)


def test_the_log_says_what_came_of_each_and_offers_to_send_it_again(browser: Client, hook: Webhook) -> None:
    failed = delivery(hook, state="failed", error="timeout")
    delivery(hook, state="failed", status_code=500, response="<script>alert(1)</script>")

    said = text(browser.get(page(hook)))
    again = browser.post(page(hook, f"deliveries/{failed.pk}/redeliver/"), follow=True)

    assert "failed: timeout" in said
    assert "refused (500)" in said
    assert "<script>alert" not in said
    assert re.search(r'aria-label="Send run.started [0-9a-f-]+/1 again"', said)
    assert "It is being sent again." in text(again)
    assert hook.deliveries.filter(kind="redelivery", state="waiting").count() == 1


def test_the_log_costs_a_few_queries_however_long_it_is(
    browser: Client, hook: Webhook, django_assert_max_num_queries: Any
) -> None:
    for _ in range(60):
        delivery(hook)

    with django_assert_max_num_queries(6):  # session, user, credential, webhook, count, page
        answer = browser.get(page(hook))

    assert "Page 1 of 3" in text(answer)


@pytest.mark.parametrize("role", ["analyst", "admin"])
def test_somebody_elses_webhook_is_not_there(hook: Webhook, role: str) -> None:
    client = Client()
    client.force_login(make_user(role=role))
    sent = delivery(hook)

    tails = ["change/", "switch/", "rotate/", "test/", "delete/", f"deliveries/{sent.pk}/redeliver/"]
    answers = [client.get(page(hook)), *(client.post(page(hook, tail)) for tail in tails)]

    assert {answer.status_code for answer in answers} == {404}
    assert Webhook.objects.get().secret == hook.secret


def test_a_secret_that_cannot_be_read_is_said_with_what_to_do(browser: Client, hook: Webhook) -> None:
    Webhook.objects.filter(pk=hook.pk).update(sealed_with="another")

    listed, one = text(browser.get("/account/webhooks/")), text(browser.get(page(hook)))

    assert "nothing is sent: its secret cannot be read" in listed
    assert "nothing is sent: its secret cannot be read" in one
    assert "Make a new secret" in one


@pytest.fixture
def changing_name(monkeypatch: pytest.MonkeyPatch) -> str:
    """A name that leads to a public address when first asked for, and then to this machine."""
    found = iter(["93.184.216.34", "127.0.0.1"])

    def getaddrinfo(*_: object, **__: object) -> list[Any]:
        return [(2, 1, 6, "", (next(found), 443))]

    monkeypatch.setattr("socket.getaddrinfo", getaddrinfo)
    return "https://hooks.example/"


def test_a_name_that_changes_while_a_webhook_is_made_is_refused(browser: Client, changing_name: str) -> None:
    answer = browser.post("/account/webhooks/new/", GIVEN | {"url": changing_name})

    assert answer.status_code == 400
    assert "not on the public internet" in text(answer)
    assert not Webhook.objects.exists()


def test_a_name_that_changes_while_a_webhook_is_changed_is_refused(
    browser: Client, hook: Webhook, changing_name: str
) -> None:
    answer = browser.post(page(hook, "change/"), GIVEN | {"url": changing_name}, follow=True)

    hook.refresh_from_db()
    assert "not on the public internet" in text(answer)
    assert hook.url == PUBLIC


def test_a_viewer_may_stop_a_webhook_of_theirs(browser: Client, ana: User, hook: Webhook) -> None:
    User.objects.filter(pk=ana.pk).update(role="viewer")

    said = text(browser.get(page(hook)))
    off = browser.post(page(hook, "switch/"), {"enabled": "false"})
    on = browser.post(page(hook, "switch/"), {"enabled": "true"})
    hook.refresh_from_db()
    deleted = browser.post(page(hook, "delete/"))

    assert [tail for tail in ("switch/", "delete/") if page(hook, tail) not in said] == []
    assert (off.status_code, on.status_code, hook.enabled) == (302, 403, False)
    assert (deleted.status_code, Webhook.objects.exists()) == (302, False)


def test_a_viewer_sees_it_without_buttons_and_may_not_press_them(
    browser: Client, ana: User, hook: Webhook
) -> None:
    User.objects.filter(pk=ana.pk).update(role="viewer")
    sent = delivery(hook)

    said = text(browser.get(page(hook))) + text(browser.get("/account/webhooks/"))
    tails = ["change/", "rotate/", "test/", f"deliveries/{sent.pk}/redeliver/"]
    statuses = {browser.post(page(hook, tail)).status_code for tail in tails}

    assert "/account/webhooks/new/" not in said
    assert not [tail for tail in tails if page(hook, tail) in said]
    assert statuses | {browser.post("/account/webhooks/new/", GIVEN).status_code} == {403}


@pytest.mark.parametrize("model", ["webhook", "webhookdelivery"])
def test_the_admin_shows_neither_secret_nor_address(hook: Webhook, model: str) -> None:
    admin = Client()
    admin.force_login(make_user(role="admin"))
    sent = delivery(hook, response="inside")
    key = hook.pk if model == "webhook" else sent.pk

    listed = admin.get(f"/admin/realtime/{model}/")
    one = admin.get(f"/admin/realtime/{model}/{key}/change/")

    assert (listed.status_code, one.status_code) == (200, 200)
    hidden = [hook.secret, sealing.unseal(hook.secret), "token=abc", "inside"]
    assert [part for part in hidden if part in text(listed) + text(one)] == []
    assert 'name="_save"' not in text(one)
