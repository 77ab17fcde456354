"""Making and changing rules and watched plates."""

from collections.abc import Mapping
from typing import Any

from django.db import transaction
from django.utils import timezone
from pydantic import ValidationError

from accounts.models import Team, User
from accounts.problems import MOST_ERRORS
from analysis import plates
from analysis.alerts.conditions import Conditions
from analysis.engine.analytics.plates.watchlist import MOST_ENTRIES
from analysis.errors import AnalysisError
from analysis.models import AlertRule, WatchedPlate

RULES_PER_OWNER = 200
_PLAIN = ("name", "team", "enabled")


class BadConditions(ValueError):
    """Conditions that are refused: sentences by field."""

    def __init__(self, reasons: Mapping[str, str]) -> None:
        super().__init__("; ".join(f"{field}: {reason}" for field, reason in reasons.items()))
        self.reasons = dict(reasons)


class TooManyRules(AnalysisError):
    """One person has very many rules, or watches for very many plates."""

    code = "too_many"


def checked(given: Any) -> dict[str, Any]:
    """Conditions as they are kept: all of them, so that another default later changes no rule. Raises BadConditions."""
    try:
        return Conditions.model_validate(given).model_dump(mode="json")
    except ValidationError as error:
        said = error.errors(include_url=False, include_input=False, include_context=False)
        raise BadConditions(
            {".".join(map(str, one["loc"])) or "conditions": one["msg"] for one in said[:MOST_ERRORS]}
        ) from None


def create(owner: User, given: Mapping[str, Any]) -> AlertRule:
    """A new rule. Raises BadConditions, TooManyRules."""
    conditions = checked(given.get("conditions", {}))
    with transaction.atomic():
        User.objects.select_for_update(no_key=True).get(pk=owner.pk)
        if AlertRule.objects.filter(owner=owner).count() >= RULES_PER_OWNER:
            raise TooManyRules(f"You have {RULES_PER_OWNER} rules; delete one first.")
        plain = {name: given[name] for name in _PLAIN if name in given}
        rule = AlertRule.objects.create(owner=owner, conditions=conditions, **plain)
        rule.cameras.set(given.get("cameras", []))
    return rule


def change(rule: AlertRule, given: Mapping[str, Any]) -> AlertRule:
    """Changes what is given; `conditions` as a whole. From now on: nothing before counts.

    Raises BadConditions, AlertRule.DoesNotExist.
    """
    with transaction.atomic():
        # as it is now: somebody else may have changed something else of it, or deleted it
        rule = AlertRule.objects.select_for_update(of=("self",), no_key=True).get(pk=rule.pk)
        for name in _PLAIN:
            setattr(rule, name, given.get(name, getattr(rule, name)))
        if "conditions" in given:
            rule.conditions = checked(given["conditions"])
        if "cameras" in given:
            rule.cameras.set(given["cameras"])
        if given.keys() - {"name", "team"}:
            rule.since = timezone.now()
        rule.save()
    return rule


def watch_for(owner: User, *, name: str, plate: str, note: str, team: Team | None = None) -> WatchedPlate:
    """A plate or pattern to wait for. Raises InvalidPattern, TooManyRules."""
    wanted = plates.pattern(plate)
    with transaction.atomic():
        User.objects.select_for_update(no_key=True).get(pk=owner.pk)
        if WatchedPlate.objects.filter(owner=owner).count() >= MOST_ENTRIES:
            raise TooManyRules(f"You watch for {MOST_ENTRIES} plates; delete one first.")
        kept = {"name": name, "note": note, "team": team, **plates.columns(wanted.text)}
        return WatchedPlate.objects.create(owner=owner, **kept)


def may_change(kept: AlertRule | WatchedPlate, user: User) -> bool:
    """Whether they may change or delete it; the role is another question."""
    return kept.owner_id == user.pk or user.is_superuser
