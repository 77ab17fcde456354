"""Webhooks over REST."""

import json
from typing import Any
from uuid import uuid4

import pytest
from rest_framework.test import APIClient

from accounts import tokens
from accounts.models import User
from realtime.models import Webhook, WebhookDelivery
from realtime.webhooks import keeping
from tests.factories import make_user

pytestmark = pytest.mark.django_db
ADDRESS = "/api/v1/webhooks/"
PUBLIC = "https://93.184.216.34/hook"


def client_of(user: User) -> APIClient:
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {tokens.start_family(user).access}")
    return client


@pytest.fixture
def ana() -> User:
    return make_user(email="ana@example.org")


@pytest.fixture
def api(ana: User) -> APIClient:
    return client_of(ana)


@pytest.fixture
def hook(ana: User) -> Webhook:
    return keeping.create(ana, PUBLIC)[0]


def delivery(hook: Webhook, **fields: Any) -> WebhookDelivery:
    defaults = {"state": "succeeded", "event_id": f"{uuid4()}/1", "event_type": "run.started", "seq": 1}
    return WebhookDelivery.objects.create(webhook=hook, **{**defaults, "topic": uuid4(), **fields})


def post(api: APIClient, body: Any, address: str = ADDRESS, **headers: str) -> Any:
    return api.post(address, body, format="json", headers=headers)


def test_a_webhook_is_made_and_its_secret_shown_once(api: APIClient) -> None:
    made = post(api, {"url": PUBLIC, "types": ["run.*"], "description": "tickets"})
    got = api.get(made["Location"])

    assert made.status_code == 201
    assert made.json()["secret"].startswith("whsec_")
    assert made["Cache-Control"] == "no-store"
    assert got.json() == {name: value for name, value in made.json().items() if name != "secret"}
    assert got.json() == {
        "id": made.json()["id"],
        "url": PUBLIC,
        "types": ["run.*"],
        "description": "tickets",
        "enabled": True,
        "disabled_reason": "",
        "failing_since": None,
        "rests_until": None,
        "previous_secret_until": None,
        "secret_readable": True,
        "created": got.json()["created"],
    }


def test_made_twice_with_one_key_it_is_made_once_and_the_secret_not_kept(api: APIClient) -> None:
    first = post(api, {"url": PUBLIC}, **{"Idempotency-Key": "k"})
    second = post(api, {"url": PUBLIC}, **{"Idempotency-Key": "k"})

    assert second.json() == {**first.json(), "secret": None}
    assert Webhook.objects.count() == 1


@pytest.mark.parametrize(
    ("body", "field", "code"),
    [
        ({}, "url", "required"),
        ({"url": "http://127.0.0.1/"}, "url", "address_refused"),
        ({"url": "https://ana:pw@93.184.216.34/"}, "url", "address_refused"),
        ({"url": "ftp://93.184.216.34/"}, "url", "address_refused"),
        ({"url": PUBLIC, "types": ["run.*", "%"]}, "types", "bad_types"),
        ({"url": PUBLIC, "types": ["run"]}, "types", "bad_types"),
        ({"url": PUBLIC, "types": "run.*"}, "types", "not_a_list"),
        ({"url": PUBLIC, "secret": "whsec_mine"}, "secret", "unknown_field"),
        ({"url": PUBLIC, "failing_since": None}, "failing_since", "unknown_field"),
        ({"url": PUBLIC, "description": "x" * 201}, "description", "max_length"),
    ],
)
def test_what_makes_no_webhook_is_refused(api: APIClient, body: Any, field: str, code: str) -> None:
    answer = post(api, body)

    assert answer.status_code == 400
    assert [(one["field"], one["code"]) for one in answer.json()["errors"]] == [(field, code)]
    assert not Webhook.objects.exists()


def test_a_user_has_twenty_at_most(api: APIClient, ana: User) -> None:
    statuses = [post(api, {"url": PUBLIC}).status_code for _ in range(21)]

    assert statuses == [201] * 20 + [409]


def test_the_list_holds_ones_own_without_secrets_in_a_few_queries(
    api: APIClient, ana: User, django_assert_num_queries: Any
) -> None:
    secrets = [keeping.create(ana, PUBLIC)[1] for _ in range(5)]
    keeping.create(make_user(), PUBLIC)

    with django_assert_num_queries(3):  # the credential, the count, the page
        answer = api.get(ADDRESS)

    assert answer.json()["count"] == 5
    assert [secret for secret in secrets if secret in answer.content.decode()] == []


def test_the_log_of_deliveries_is_paged_and_filtered_in_a_few_queries(
    api: APIClient, hook: Webhook, django_assert_num_queries: Any
) -> None:
    wanted = [delivery(hook, event_type="run.failed", state="failed", status_code=500) for _ in range(3)]
    for _ in range(4):
        delivery(hook)

    with django_assert_num_queries(4):  # the credential, the webhook, the count, the page
        answer = api.get(f"{ADDRESS}{hook.pk}/deliveries/?state=failed&event_type=run.failed&page_size=2")

    assert (answer.json()["count"], answer.json()["page_size"]) == (3, 2)
    assert [one["id"] for one in answer.json()["results"]] == [wanted[2].pk, wanted[1].pk]


@pytest.mark.parametrize("query", ["state=lost", "stat=failed", "topic=x"])
def test_a_query_that_makes_no_sense_is_refused(api: APIClient, hook: Webhook, query: str) -> None:
    assert api.get(f"{ADDRESS}{hook.pk}/deliveries/?{query}").status_code == 400


def test_a_webhook_is_changed(api: APIClient, hook: Webhook) -> None:
    body = {"types": ["job.*"], "description": "x", "enabled": False, "url": "https://93.184.216.34/b"}

    answer = api.patch(f"{ADDRESS}{hook.pk}/", body, format="json")

    assert answer.status_code == 200
    assert {name: answer.json()[name] for name in body} == body


@pytest.mark.parametrize("body", [{"url": "http://10.0.0.1/"}, {"created": "2020-01-01"}, {"types": ["x"]}])
def test_a_change_that_makes_no_sense_changes_nothing(api: APIClient, hook: Webhook, body: Any) -> None:
    answer = api.patch(f"{ADDRESS}{hook.pk}/", {"description": "new", **body}, format="json")

    hook.refresh_from_db()
    assert (answer.status_code, hook.url, hook.types, hook.description) == (400, PUBLIC, [], "")


def test_a_secret_is_rotated_and_the_new_one_shown_once(api: APIClient, hook: Webhook) -> None:
    answer = post(api, {"previous_seconds": 60}, f"{ADDRESS}{hook.pk}/rotate-secret/")
    refused = post(api, {"previous_seconds": 8 * 24 * 3600}, f"{ADDRESS}{hook.pk}/rotate-secret/")

    assert answer.json()["secret"].startswith("whsec_")
    assert answer.json()["previous_secret_until"] is not None
    assert answer["Cache-Control"] == "no-store"
    assert refused.status_code == 400


def test_a_test_and_a_redelivery_wait_to_be_sent(api: APIClient, hook: Webhook) -> None:
    sent = delivery(hook)

    test = post(api, {}, f"{ADDRESS}{hook.pk}/test/")
    again = post(api, {}, f"{ADDRESS}{hook.pk}/deliveries/{sent.pk}/redeliver/")
    found = api.get(f"{ADDRESS}{hook.pk}/deliveries/{test.json()['id']}/")

    assert (test.status_code, test.json()["kind"], test.json()["state"]) == (202, "test", "waiting")
    assert (again.status_code, again.json()["event_id"]) == (202, sent.event_id)
    assert again.json()["delivery"]["kind"] == "redelivery"
    assert found.json() == test.json()


def test_only_so_many_may_wait(api: APIClient, hook: Webhook) -> None:
    answers = [post(api, {}, f"{ADDRESS}{hook.pk}/test/") for _ in range(21)]

    assert [answer.status_code for answer in answers] == [202] * 20 + [409]
    assert answers[20].json()["code"] == "too_many_waiting"


def test_what_is_off_is_not_sent_again(api: APIClient, hook: Webhook) -> None:
    keeping.change(hook, enabled=False)

    answer = post(api, {}, f"{ADDRESS}{hook.pk}/deliveries/{delivery(hook).pk}/redeliver/")

    assert (answer.status_code, answer.json()["code"]) == (409, "webhook_disabled")


def test_a_webhook_is_deleted_with_its_log(api: APIClient, hook: Webhook) -> None:
    delivery(hook)

    gone = api.delete(f"{ADDRESS}{hook.pk}/")

    assert (gone.status_code, api.get(f"{ADDRESS}{hook.pk}/").status_code) == (204, 404)
    assert not WebhookDelivery.objects.exists()


def asked_everything(api: APIClient, hook: Webhook, sent: WebhookDelivery) -> list[Any]:
    one = f"{ADDRESS}{hook.pk}/"
    return [
        api.get(one),
        api.patch(one, {"enabled": False}, format="json"),
        post(api, {}, f"{one}rotate-secret/"),
        post(api, {}, f"{one}test/"),
        api.get(f"{one}deliveries/"),
        api.get(f"{one}deliveries/{sent.pk}/"),
        post(api, {}, f"{one}deliveries/{sent.pk}/redeliver/"),
        api.delete(one),
    ]


@pytest.mark.parametrize("role", ["analyst", "admin"])
def test_somebody_elses_webhook_is_not_there(hook: Webhook, role: str) -> None:
    stranger = client_of(make_user(role=role))
    missing = Webhook(pk=uuid4())

    foreign = asked_everything(stranger, hook, delivery(hook))
    absent = asked_everything(stranger, missing, delivery(hook))

    assert {answer.status_code for answer in foreign + absent} == {404}
    told = [
        [json.loads(answer.content) | {"instance": ""} for answer in asked] for asked in (foreign, absent)
    ]
    assert told[0] == told[1]
    hook.refresh_from_db()
    assert hook.enabled


def test_somebody_elses_delivery_is_not_there(api: APIClient, hook: Webhook) -> None:
    foreign = delivery(keeping.create(make_user(), PUBLIC)[0])

    assert api.get(f"{ADDRESS}{hook.pk}/deliveries/{foreign.pk}/").status_code == 404


def test_a_secret_sealed_by_another_key_is_said_to_be_unreadable(api: APIClient, hook: Webhook) -> None:
    Webhook.objects.filter(pk=hook.pk).update(sealed_with="another")

    told = api.get(f"{ADDRESS}{hook.pk}/").json()
    post(api, {}, f"{ADDRESS}{hook.pk}/rotate-secret/")
    later = api.get(f"{ADDRESS}{hook.pk}/").json()

    assert (told["secret_readable"], later["secret_readable"]) == (False, True)


@pytest.mark.parametrize("how", ["switched off", "deleted"])
def test_a_viewer_may_stop_a_webhook_of_theirs(ana: User, hook: Webhook, how: str) -> None:
    User.objects.filter(pk=ana.pk).update(role="viewer")
    viewer, one = client_of(ana), f"{ADDRESS}{hook.pk}/"

    if how == "deleted":
        status = viewer.delete(one).status_code
    else:
        status = viewer.patch(one, {"enabled": False}, format="json").status_code

    assert status == (204 if how == "deleted" else 200)
    assert not Webhook.objects.filter(enabled=True).exists()


@pytest.mark.parametrize(
    "body", [{"enabled": True}, {"enabled": False, "url": PUBLIC}, {"types": []}, {}, []]
)
def test_a_viewer_may_change_nothing_else(ana: User, hook: Webhook, body: Any) -> None:
    User.objects.filter(pk=ana.pk).update(role="viewer")

    answer = client_of(ana).patch(f"{ADDRESS}{hook.pk}/", body, format="json")

    assert answer.status_code == 403


def test_a_viewer_may_look_and_not_change(ana: User, hook: Webhook) -> None:
    User.objects.filter(pk=ana.pk).update(role="viewer")
    answers = asked_everything(client_of(ana), hook, delivery(hook))

    statuses = [answer.status_code for answer in answers]

    assert statuses == [200, 200, 403, 403, 200, 200, 403, 204]
    assert post(client_of(ana), {"url": PUBLIC}).status_code == 403
