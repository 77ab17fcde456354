"""The form of a camera. What it means and what is refused is decided where REST decides it; here it is only asked.

What may open a camera is taken and never given back: not even to who has just typed it.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, cast

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _
from rest_framework.exceptions import ValidationError

from accounts.models import User
from analysis import camera_words
from analysis.api.camera_serializers import CameraSerializer, NewCameraSerializer
from analysis.cameras import keeping
from analysis.cameras.addresses import AddressRefused, parse
from analysis.cameras.models import Camera
from analysis.cameras.secrets import Secret
from analysis.cameras.watching import BadSettings, CameraSettings

_NUMBERS = (
    "confidence", "max_fps", "frame_skip", "least_area_percentage", "motion_cooldown_seconds", "track_buffer_seconds",
    "least_dwell_seconds", "plate_cooldown_seconds", "most_events_per_minute",
)  # fmt: skip
_LISTS = ("classes", "plate_regions")
_CHOICES = ("snapshots", "pace")
_LIMITS = ("retention_days", "snapshot_bytes")
_PLAIN = ("key", "name", "notes", "source", "address")


class Unshown(forms.TextInput):
    """What is typed here is not shown again."""

    def format_value(self, value: Any) -> str | None:
        return None


def _text(label: Any, help_text: Any = "", **attributes: Any) -> forms.CharField:
    widget = forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false", **attributes})
    return forms.CharField(label=label, help_text=help_text, required=False, strip=False, widget=widget)


def _number(label: Any, help_text: Any = "") -> forms.CharField:
    return _text(label, help_text, inputmode="decimal")


def _choice(label: Any, words: camera_words.Words, help_text: Any = "") -> forms.ChoiceField:
    return forms.ChoiceField(label=label, choices=list(words.items()), help_text=help_text, required=False)


class CameraForm(forms.Form):
    """All of a camera but its outlines, which are drawn."""

    template_groups = (
        (_("Camera"), ("key", "name", "source", "address", "user", "password", "forget", "team", "notes")),
        (_("What is looked for"), ("detectors", "classes", "confidence", "plate_regions", "finder")),
        (_("How often it is looked at"), ("max_fps", "frame_skip")),
        (
            _("When it is told"),
            (
                "least_area_percentage",
                "motion_cooldown_seconds",
                "track_buffer_seconds",
                "least_dwell_seconds",
                "plate_cooldown_seconds",
                "most_events_per_minute",
            ),
        ),
        (_("What is kept"), ("snapshots", "black_out_masks", "retention_days", "snapshot_bytes")),
        (_("Of a recorded file"), ("pace", "loop")),
        (_("Watching"), ("enabled",)),
    )

    key = _text(
        _("Key"),
        _("1 to 100 of A–Z a–z 0–9 . _ -; programs know the camera by it, as camera_id."),
        maxlength=100,
    )
    name = _text(_("Name"), _("Empty: its key."), maxlength=200)
    source = _choice(_("Source"), camera_words.SOURCES)
    address = _text(
        _("Address"),
        _(
            "rtsp://host/path or http://host/path; the number of a device; media:<id> of a video of this desk, or the "
            "name of a file in the folder of camera files. What may open the camera is not shown again."
        ),
    )
    user = forms.CharField(
        label=_("User"),
        required=False,
        strip=False,
        widget=Unshown(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )
    password = forms.CharField(
        label=_("Password"),
        required=False,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )
    forget = forms.BooleanField(label=_("Forget user and password"), required=False)
    team = forms.ChoiceField(label=_("Team"), required=False, help_text=_("Who sees it besides its owner."))
    notes = forms.CharField(
        label=_("Notes"), required=False, strip=False, widget=forms.Textarea(attrs={"rows": 2})
    )
    detectors = forms.MultipleChoiceField(
        label=_("Detectors"),
        choices=list(camera_words.DETECTORS.items()),
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    classes = _text(
        _("Classes of objects"),
        _("Such as: person, car. Separated by commas; empty: people, vehicles, animals and luggage."),
    )
    confidence = _number(_("Confidence"), _("0 to 1: from which on a detection may begin a track."))
    plate_regions = _text(
        _("Countries of plates"), _("Such as: DE, FR. Whose formats count; empty: all that are known.")
    )
    finder = _text(_("Finder of objects"), _("By name; empty: the best that is there."))
    max_fps = _number(_("Most frames per second"), _("Frames beyond it are left out."))
    frame_skip = _number(_("Frames left out"), _("After each one that is looked at, besides."))
    least_area_percentage = _number(_("Least area of motion, in %"), _("Of the frame."))
    motion_cooldown_seconds = _number(_("Pause between two motions, in s"))
    track_buffer_seconds = _number(
        _("Out of sight, in s"), _("How long an object may be, and is still the same.")
    )
    least_dwell_seconds = _number(
        _("Least stay, in s"), _("How long an object must be seen before it counts.")
    )
    plate_cooldown_seconds = _number(_("Pause of a plate, in s"), _("Before the same plate is told again."))
    most_events_per_minute = _number(
        _("Most events per minute"), _("What is beyond is counted, and the log says how many.")
    )
    snapshots = _choice(_("Snapshots"), camera_words.SNAPSHOTS)
    black_out_masks = forms.BooleanField(
        label=_("Black out masks in every picture"),
        help_text=_("In snapshots and in the live view too: what masks hide is kept nowhere."),
        required=False,
    )
    retention_days = _number(_("Keep for days"), _("Empty: for ever."))
    snapshot_bytes = _number(
        _("Most bytes of snapshots"),
        _("Then the oldest ones go. Empty: no limit of its own."),
    )
    pace = _choice(_("Pace"), camera_words.PACES)
    loop = forms.BooleanField(label=_("Again from its beginning at its end"), required=False)
    enabled = forms.BooleanField(label=_("Watch it at once"), required=False)

    def __init__(self, user: User, data: Any = None, *, camera: Camera | None = None) -> None:
        super().__init__(data, initial=_initial(camera))
        self._user, self._camera = user, camera
        owner = camera.owner if camera else user
        teams = [(str(team.pk), team.name) for team in owner.teams.order_by("name")]
        self.fields["team"].choices = [("", _("Nobody")), *teams]  # type: ignore[attr-defined]  # a ChoiceField
        kept = camera is not None and camera.has_credentials
        if kept:
            note = _("There is something kept; it is not shown. Empty: it stays.")
            self.fields["user"].help_text = self.fields["password"].help_text = note
        else:
            del self.fields["forget"]
        if camera:
            del self.fields["enabled"]  # switched by a button, at once
            del self.fields["retention_days"]  # on a page of its own, which says first what goes
            self.fields["key"].disabled = True
            self.fields["key"].help_text = _("It stays: what the camera saw is found by it.")

    @property
    def groups(self) -> Iterable[tuple[Any, list[forms.BoundField]]]:
        """The fields that are there, as they are shown."""
        for title, names in self.template_groups:
            if fields := [self[name] for name in names if name in self.fields]:
                yield title, fields

    def save(self) -> Camera | None:
        """The camera, made or changed; None when something is refused, then `errors` says what."""
        if not self.is_valid():
            self._hide()
            return None
        try:
            return self._keep(self._given())
        except ValidationError as refused:
            self._refuse(refused.detail)
        except AddressRefused as refused:
            self.add_error("address", str(refused))
        except BadSettings as refused:
            self._refuse({field: said for field, (said, _code) in refused.reasons.items()})
        except keeping.KeyTaken as refused:
            self.add_error("key", str(refused))
        except keeping.CameraRefused as refused:
            self.add_error(None, str(refused))
        self._hide()
        return None

    def _keep(self, given: Mapping[str, Any]) -> Camera:
        camera = self._camera
        if camera is None:
            made = NewCameraSerializer(data=given, context={"owner": self._user})
            made.is_valid(raise_exception=True)
            return keeping.create(self._user, made.validated_data)
        changed = CameraSerializer(data=given, partial=True, context={"owner": camera.owner})
        changed.is_valid(raise_exception=True)
        return keeping.change(camera, changed.validated_data, by=self._user)

    def _given(self) -> dict[str, Any]:
        """What REST would be sent."""
        said = self.cleaned_data
        given: dict[str, Any] = {name: said[name] for name in _PLAIN}
        given["team"] = said["team"] or None
        for name in _LIMITS:
            if name in said:
                given[name] = _as_number(said[name], None)
        given["settings"] = self._settings()
        if self._camera is None:
            given["enabled"] = said["enabled"]
        for name in ("user", "password"):
            if said[name] or said.get("forget"):
                given[name] = said[name]
        return given

    def _settings(self) -> dict[str, Any]:
        said, fields = self.cleaned_data, CameraSettings.model_fields
        settings = {name: _as_number(said[name], fields[name].default) for name in _NUMBERS}
        settings |= {name: _listed(said[name]) for name in _LISTS}
        settings |= {name: said[name] or fields[name].default for name in _CHOICES}
        return settings | {
            "detectors": said["detectors"],
            "finder": said["finder"].strip(),
            "loop": said["loop"],
            "black_out_masks": said["black_out_masks"],
        }

    def _refuse(self, detail: Any) -> None:
        """Puts what is refused beside its field."""
        for name, said in _flat(detail):
            first = name.split(".")[0]
            self.add_error(first if first in self.fields else None, said)

    def _hide(self) -> None:
        """What may open a camera is not shown again, wherever it was typed."""
        data: Any = QueryDict(mutable=True)
        data.update(cast(QueryDict, self.data))
        known = self._camera.address if self._camera else ""
        typed = data.get("address", "")
        if typed != known and not _is_plain(data.get("source", ""), typed):
            data["address"] = known
            self.add_error("address", _("Enter it again: what may open a camera is not shown."))
        data["user"] = data["password"] = ""
        self.data = data


def _initial(camera: Camera | None) -> dict[str, Any]:
    if camera is None:
        settings: dict[str, Any] = CameraSettings().model_dump(mode="json")
        plain: dict[str, Any] = {"enabled": True, "source": "rtsp"}
    else:
        settings = CameraSettings.model_validate(camera.settings).model_dump(mode="json")
        plain = {name: getattr(camera, name) for name in (*_PLAIN, *_LIMITS)}
        plain["team"] = str(camera.team_id or "")
    listed = {name: ", ".join(settings[name]) for name in _LISTS}
    numbers = {name: f"{settings[name]:g}" for name in _NUMBERS}
    return {**settings, **listed, **numbers, **plain}


def _as_number(text: str, default: Any) -> Any:
    """A number where it is one; else as it is, for whoever refuses it."""
    text = text.strip()
    readings: tuple[Callable[[str], Any], ...] = (int, float)
    for read in readings if text else ():
        try:
            return read(text)
        except ValueError:
            continue
    return text or default


def _listed(text: str) -> list[str]:
    return [one.strip() for one in text.split(",") if one.strip()]


def _flat(detail: Any, name: str = "") -> Iterable[tuple[str, str]]:
    if isinstance(detail, Mapping):
        for key, said in detail.items():
            yield from _flat(said, key if name in ("", "settings") else f"{name}.{key}")
    elif isinstance(detail, list | tuple):
        for said in detail:
            yield from _flat(said, name)
    else:
        yield name, str(detail)


def _is_plain(source: str, address: str) -> bool:
    try:
        return parse(source, address).secret == Secret()
    except (AddressRefused, KeyError, ValueError):
        rest = address.partition("://")[2] or address
        return not set("@?=&%") & set(rest) and ":" not in rest.partition("/")[2]
