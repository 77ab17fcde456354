"""What belongs to a list of media, each in one query."""

from collections.abc import Sequence
from uuid import UUID

from accounts.models import User
from analysis.models import Media, Run


def latest_runs(media: Sequence[Media]) -> dict[UUID, Run]:
    """The newest run of each media that has one."""
    runs = Run.objects.filter(media__in=media).order_by("media_id", "-created").distinct("media_id")
    return {run.media_id: run for run in runs.select_related("topic")}


def same_bytes(media: Sequence[Media], *, user: User) -> dict[UUID, list[UUID]]:
    """For each media the others with the same bytes that `user` may see, oldest first."""
    digests = {one.sha256 for one in media}
    visible = Media.objects.owned_by(user).filter(sha256__in=digests).order_by("created", "pk")
    alike: dict[str, list[UUID]] = {}
    for media_id, sha256 in visible.values_list("pk", "sha256"):
        alike.setdefault(sha256, []).append(media_id)
    return {one.pk: [other for other in alike.get(one.sha256, []) if other != one.pk] for one in media}
