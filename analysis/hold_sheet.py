"""What pages show of legal holds: who placed one and why, what it keeps, where that is."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.utils.functional import Promise
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.permissions import may_examine
from analysis.camera_sheet import address
from analysis.models import Camera, LegalHold, Media, Run

Subject = Camera | Media


@dataclass(frozen=True)
class HoldRow:
    """One hold. `title` is the name of what it is about; `there` its page, "" where there is none any more."""

    hold: LegalHold
    title: str
    there: str

    @property
    def icon(self) -> str:
        """Of whether it is on."""
        return "cancelled" if self.hold.released else "lock"

    @property
    def covers(self) -> str | Promise:
        """What stays."""
        return covers(self.hold)


def may_place(subject: Subject, user: User) -> bool:
    """Whether they may place a hold on it."""
    return may_examine(user) and (subject.owner_id == user.pk or user.is_superuser)


def covers(hold: LegalHold) -> str | Promise:
    """What stays, in words."""
    if hold.subject.startswith("media:"):
        return _("the file, all its runs, and what was seen in it")
    if hold.start is None and hold.end is None:
        return _("everything the camera saw and will see")
    if hold.start is None:
        return _("all the camera saw until %(end)s UTC") % {"end": _minute(hold.end)}
    if hold.end is None:
        return _("all the camera sees from %(start)s UTC on") % {"start": _minute(hold.start)}
    return _("what the camera saw from %(start)s until %(end)s UTC") % {
        "start": _minute(hold.start),
        "end": _minute(hold.end),
    }


def notes(subject: Subject) -> list[HoldRow]:
    """The holds that are on a camera or a file, the first one first."""
    return [HoldRow(hold, "", "") for hold in subject.holds.order_by("placed", "pk")]


def rows(holds: Sequence[LegalHold], reader: User) -> list[HoldRow]:
    """Four queries at most, however many they are."""
    about = [hold.about for hold in holds]
    titles = {camera.pk: (camera.name, address(camera)) for camera in Camera.objects.filter(pk__in=about)}
    pages = _pages(Run.objects.owned_by(reader).examinations().filter(media__in=about))
    for media in Media.objects.filter(pk__in=about).only("filename"):
        titles[media.pk] = (media.filename, pages.get(media.pk, ""))
    return [HoldRow(hold, *titles.get(hold.about, (hold.subject, ""))) for hold in holds]


def _pages(runs: Iterable[Run]) -> dict[object, str]:
    """The page of the newest run of each media."""
    ordered = sorted(runs, key=lambda run: run.created)
    return {run.media_id: f"/runs/{run.pk}/" for run in ordered}


def _minute(time: datetime | None) -> str:
    return f"{time:%Y-%m-%d %H:%M:%S}" if time else ""
