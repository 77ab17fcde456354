"""What belongs to a list of media, each in one query."""

from collections.abc import Sequence
from uuid import UUID

from django.db.models import Window
from django.db.models.functions import RowNumber

from accounts.models import User
from analysis.models import Media, Run

ALIKE = 20


def latest_runs(media: Sequence[Media]) -> dict[UUID, Run]:
    """The newest run of each media that has one."""
    runs = (
        Run.objects.examinations()
        .filter(media__in=media)
        .order_by("media_id", "-created")
        .distinct("media_id")
    )
    return {run.file.pk: run for run in runs.select_related("topic", "media")}


def same_bytes(media: Sequence[Media], *, user: User) -> dict[UUID, list[UUID]]:
    """For each media the others with the same bytes that `user` may see: the newest ones, oldest first."""
    digests = {one.sha256 for one in media}
    newest_first = Window(RowNumber(), partition_by="sha256", order_by=["-created", "-pk"])
    visible = Media.objects.owned_by(user).filter(sha256__in=digests).annotate(place=newest_first)
    alike: dict[str, list[UUID]] = {}
    # one more: each leaves itself out
    for media_id, sha256 in (
        visible.filter(place__lte=ALIKE + 1).order_by("-place").values_list("pk", "sha256")
    ):
        alike.setdefault(sha256, []).append(media_id)
    others = {one.pk: [other for other in alike.get(one.sha256, []) if other != one.pk] for one in media}
    return {media_id: same[-ALIKE:] for media_id, same in others.items()}
