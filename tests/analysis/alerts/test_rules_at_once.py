"""Rules that two people change at once, that name very many cameras, and a clock that was wrong."""

from datetime import timedelta
from time import process_time
from typing import Any

import pytest
from django.utils import timezone
from rest_framework.test import APIClient

from accounts.models import User
from analysis.alerts import keeping, raising
from analysis.models import Alert, AlertRule, Camera
from tests.analysis.alerts.conftest import MakeCamera, See
from tests.analysis.conftest import signed_in

pytestmark = pytest.mark.django_db(transaction=True)
RULES = "/api/v1/alert-rules/"


@pytest.fixture
def client(analyst: User) -> APIClient:
    return signed_in(analyst)


@pytest.fixture
def rule(analyst: User) -> AlertRule:
    return keeping.create(analyst, {"name": "Gate", "conditions": {"cooldown_seconds": 60}})


def delete_before(monkeypatch: pytest.MonkeyPatch, rule: AlertRule) -> None:
    """Somebody deletes the rule after another request has looked it up."""
    change = keeping.change

    def later(found: AlertRule, given: Any) -> AlertRule:
        AlertRule.objects.filter(pk=rule.pk).delete()
        return change(found, given)

    monkeypatch.setattr(keeping, "change", later)


def test_a_rule_deleted_while_it_is_changed_stays_deleted(
    client: APIClient, rule: AlertRule, monkeypatch: pytest.MonkeyPatch
) -> None:
    delete_before(monkeypatch, rule)

    answer = client.patch(f"{RULES}{rule.pk}/", {"name": "Yard"}, format="json")

    assert answer.status_code == 404
    assert not AlertRule.objects.exists()


def test_of_two_changes_at_once_both_are_kept(rule: AlertRule) -> None:
    other = AlertRule.objects.get(pk=rule.pk)

    keeping.change(rule, {"enabled": False})
    keeping.change(other, {"name": "Yard"})

    kept = AlertRule.objects.get()
    assert (kept.name, kept.enabled) == ("Yard", False)


def test_cameras_are_looked_up_once_however_many_are_named(
    client: APIClient, make_camera: MakeCamera, django_assert_max_num_queries: Any
) -> None:
    camera = make_camera()
    body = {"name": "Gate", "cameras": [str(camera.pk)] * 500}

    with django_assert_max_num_queries(30):
        answer = client.post(RULES, body, format="json")

    assert (answer.status_code, answer.json()["cameras"]) == (201, [str(camera.pk)])


@pytest.mark.parametrize("named", ["nonsense", 1, None, {}, "00000000-0000-4000-8000-000000000000"])
def test_what_is_no_camera_of_ones_own_is_refused(client: APIClient, named: Any) -> None:
    assert client.post(RULES, {"name": "Gate", "cameras": [named]}, format="json").status_code == 400


def test_a_clock_that_was_ahead_silences_no_rule(camera: Camera, see: See, rule: AlertRule) -> None:
    AlertRule.objects.update(since=timezone.now() - timedelta(days=1))
    run = camera.runs.get()
    see(run, -365)
    raising.raise_due()

    see(run, 0.01)
    see(run, 0.01)
    raising.raise_due()

    assert list(Alert.objects.order_by("seq").values_list("seq", flat=True)) == [1, 3]


def test_two_hundred_rules_are_read_in_no_time(camera: Camera, see: See) -> None:
    for number in range(keeping.RULES_PER_OWNER):
        keeping.create(camera.owner, {"name": str(number), "conditions": {"classes": ["cat"]}})
    see(camera.runs.get(), 0)
    began = process_time()

    raising.raise_due()

    assert process_time() - began < 1.5
