"""The form of a rule. What a rule may ask for is decided where REST decides it; here it is said beside its field."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any
from zoneinfo import available_timezones

from django import forms
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from accounts.models import Team, User
from analysis import alert_words
from analysis.alerts import keeping
from analysis.alerts.conditions import LONGEST_COOLDOWN_SECONDS, Conditions
from analysis.engine.analytics.plates.watchlist import FARTHEST
from analysis.models import AlertRule, Camera

_NAME_LENGTH = 200
CLASSES_LENGTH = 7000
_NUMBERS = ("most_distance", "cooldown_seconds", "least_confidence")


class CameraChoice(forms.ModelMultipleChoiceField):
    """Cameras by what people call them."""

    def label_from_instance(self, obj: Any) -> str:
        return f"{obj.name} ({obj.key})" if obj.name != obj.key else obj.key


def _number(label: Any, help_text: Any, *, most: float, **options: Any) -> forms.FloatField:
    widget = forms.TextInput(attrs={"autocomplete": "off", "inputmode": "decimal"})
    return forms.FloatField(
        label=label, help_text=help_text, min_value=0, max_value=most, widget=widget, **options
    )


def _several(label: Any, help_text: Any = "", choices: Iterable[Any] = ()) -> forms.MultipleChoiceField:
    return forms.MultipleChoiceField(
        label=label,
        help_text=help_text,
        choices=list(choices),
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )


def _clock(label: Any, help_text: Any = "") -> forms.RegexField:
    return forms.RegexField(
        r"\A([01]\d|2[0-3]):[0-5]\d\Z",
        label=label,
        help_text=help_text,
        required=False,
        widget=forms.TextInput(attrs={"type": "time"}),
        error_messages={"invalid": _("A time of day is written like 22:00.")},
    )


class RuleForm(forms.Form):
    """A rule: what an event must be, as people say it."""

    template_groups = (
        (_("Rule"), ("name", "team", "enabled")),
        (_("Cameras"), ("cameras",)),
        (_("What raises it"), ("types", "zones", "lines", "classes", "least_confidence")),
        (_("Watched plates"), ("watchlist", "most_distance")),
        (_("When"), ("weekdays", "from_time", "until_time", "time_zone")),
        (_("How often"), ("cooldown_seconds",)),
    )

    name = forms.CharField(
        label=_("Name"),
        max_length=_NAME_LENGTH,
        help_text=_("It stands in each alert, in the camera's log and in what webhooks send."),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    team = forms.ModelChoiceField(
        Team.objects.none(),
        label=_("Team"),
        required=False,
        empty_label=_("Nobody"),
        help_text=_("Who sees the rule besides its owner. It holds for its owner's cameras all the same."),
    )
    enabled = forms.BooleanField(label=_("Switched on"), required=False, initial=True)
    cameras = CameraChoice(
        Camera.objects.none(),
        label=_("Of which cameras"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("None chosen: all cameras of the rule's owner, also those to come."),
    )
    types = _several(_("Events"), _("None chosen: every one of them."), alert_words.TYPES.items())
    zones = _several(_("Zones"), _("One of these was just entered."))
    lines = _several(_("Lines"), _("One of these was just crossed."))
    classes = forms.CharField(
        label=_("Classes of objects"),
        required=False,
        max_length=CLASSES_LENGTH,
        help_text=_("Of the object, or of a plate's vehicle. Such as: person, car. Empty: every class."),
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )
    least_confidence = _number(
        _("Least confidence"),
        _("0 to 1. Empty: any. Motion has no confidence and does not fit where a number stands here."),
        most=1,
        required=False,
    )
    watchlist = forms.BooleanField(
        label=_("Only plates that are watched"),
        required=False,
        help_text=_("Those of the rule's owner, and those that are shared with a team of theirs."),
    )
    most_distance = _number(
        _("Most distance to a watched plate"),
        _(
            "0: exactly as it is watched. A sign read for one that looks like it costs 0.2 (8 for B, 0 for O) to 0.6 "
            "(F for E); a wholly different, missing or further one costs 1. 0.6 forgives one or two likely mistakes; "
            "at 3, the most, many other plates are alike. A pattern with ? or * fits or does not."
        ),
        most=FARTHEST,
        required=False,
    )
    weekdays = _several(
        _("Days"),
        _("None chosen: every day. A night belongs to the day it began on."),
        alert_words.WEEKDAYS.items(),
    )
    from_time = _clock(_("From"), _("Empty, both: at any time of day."))
    until_time = _clock(_("Until"), _("Not included. Earlier than the beginning: over midnight."))
    time_zone = forms.ChoiceField(label=_("Time zone of these days and times"), required=False)
    cooldown_seconds = _number(
        _("Rest after an alert, in s"),
        _(
            "For each camera: meanwhile the rule raises nothing there, so that a parked car does not alarm all night. "
            "0: none. At most 604800, a week."
        ),
        most=LONGEST_COOLDOWN_SECONDS,
        required=False,
    )

    def __init__(
        self, user: User, data: Any = None, *, rule: AlertRule | None = None, camera: Camera | None = None
    ) -> None:
        self._owner, self._rule = rule.owner if rule else user, rule
        super().__init__(data, initial=_initial(rule, camera))
        if rule:
            del self.fields["enabled"]  # switched by a button, at once
        self._offer(Camera.objects.filter(owner=self._owner).order_by("key"))

    def _offer(self, cameras: QuerySet[Camera]) -> None:
        """What there is to choose from: the owner's cameras, and the outlines drawn on them."""
        fields: dict[str, Any] = self.fields
        fields["cameras"].queryset = cameras
        fields["team"].queryset = self._owner.teams.order_by("name")
        for kind in ("zones", "lines"):
            names = {*self.initial[kind], *_outlines(cameras, kind)}
            fields[kind].choices = [(name, name) for name in sorted(names)]
            if not names:
                fields[kind].help_text = _("None is drawn on a camera of the owner's yet.")
        zones = sorted({*available_timezones(), self.initial["time_zone"]})
        fields["time_zone"].choices = [(zone, zone) for zone in zones]

    @property
    def groups(self) -> Iterable[tuple[Any, list[forms.BoundField]]]:
        """The fields that are there, as they are shown."""
        for title, names in self.template_groups:
            yield title, [self[name] for name in names if name in self.fields]

    def clean_classes(self) -> list[str]:
        """One by one."""
        return [one.strip() for one in self.cleaned_data["classes"].split(",") if one.strip()]

    def clean(self) -> None:
        """What by itself is fine and together would never be raised."""
        said = self.cleaned_data
        begin, end = said.get("from_time"), said.get("until_time")
        if not self.errors and bool(begin) != bool(end):
            self.add_error("until_time" if begin else "from_time", _("Give both times, or none."))
        types = said.get("types", ())
        if said.get("watchlist") and types and "plate.read" not in types:
            self.add_error("watchlist", _("Then “A plate is read” must be among the events, or none chosen."))
        for kind in ("zones", "lines"):
            if said.get(kind) and types and "track.updated" not in types:
                self.add_error(kind, _("Then “An object goes on” must be among the events, or none chosen."))

    def save(self) -> AlertRule | None:
        """The rule, made or changed; None when something is refused, then `errors` says what."""
        if not self.is_valid():
            return None
        try:
            return self._keep()
        except keeping.BadConditions as refused:
            for name, reason in refused.reasons.items():
                field = name.split(".")[0]
                self.add_error(field if field in self.fields else None, reason.removeprefix("Value error, "))
        except keeping.TooManyRules as refused:
            self.add_error(None, str(refused))
        return None

    def _keep(self) -> AlertRule:
        said = self.cleaned_data
        given = {"name": said["name"], "team": said["team"], "cameras": list(said["cameras"])}
        given["conditions"] = self._conditions()
        if self._rule is None:
            return keeping.create(self._owner, given | {"enabled": said["enabled"]})
        # a rule counts from its last change on: who only gives it another name loses nothing
        if set(given["cameras"]) == set(self._rule.cameras.all()):
            del given["cameras"]
        if keeping.checked(given["conditions"]) == self._rule.conditions:
            del given["conditions"]
        return keeping.change(self._rule, given)

    def _conditions(self) -> dict[str, Any]:
        """What REST would be sent."""
        said, fields = self.cleaned_data, Conditions.model_fields
        given: dict[str, Any] = {
            name: said[name] for name in ("types", "classes", "zones", "lines", "watchlist")
        }
        given["weekdays"] = [int(day) for day in said["weekdays"]]
        for name in ("from_time", "until_time"):
            given[name] = said[name] or None
        given["least_confidence"] = said["least_confidence"]
        given["time_zone"] = said["time_zone"] or fields["time_zone"].default
        for name in ("most_distance", "cooldown_seconds"):
            given[name] = fields[name].default if said[name] is None else said[name]
        return given


def _initial(rule: AlertRule | None, camera: Camera | None) -> dict[str, Any]:
    """A rule as its form shows it; what is not understood any more as it stands."""
    kept: Mapping[str, Any] = rule.conditions if rule else {}
    said = {**Conditions().model_dump(mode="json"), **kept}
    said |= {name: _written(said[name]) for name in _NUMBERS}
    said["classes"] = ", ".join(said["classes"])
    said["weekdays"] = [str(day) for day in said["weekdays"]]
    if rule:
        return said | {
            "name": rule.name,
            "team": rule.team_id,
            "cameras": [one.pk for one in rule.cameras.all()],
        }
    return said | ({"cameras": [camera.pk]} if camera else {})


def _written(number: float | None) -> str:
    """60.0 → "60"."""
    if number is None:
        return ""
    return str(int(number)) if number == int(number) else str(number)


def _outlines(cameras: QuerySet[Camera], kind: str) -> Iterator[str]:
    """The names of what is drawn on them, once per camera."""
    for settings in cameras.values_list("settings", flat=True):
        yield from (drawn["name"] for drawn in settings.get(kind, ()))
