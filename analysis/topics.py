"""The kind of topic a media run has: who may watch it, and what sockets and channels say of it."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import connection

from accounts.models import User
from analysis import sightings
from analysis.dialects import footage, progress
from analysis.dialects.analysis import RunAnalysis
from analysis.dialects.jobs import RunJobs
from analysis.models import Media, Run
from analysis.queue.asking import TRACE_TOPIC_KIND
from realtime import outside, publisher, topics
from realtime.dialects import Channel
from realtime.lines import COALESCED, Line
from realtime.topics import Pair, Snapshot, TopicKind, UserFrame, compact

KIND = "media_run"
SNAPSHOT_MEDIA = 50
_PLACE = ("media_id", "owner_id", "id", "media__external_id")
ENDINGS = frozenset({"run.succeeded", "run.failed", "run.cancelled"})


@dataclass(frozen=True)
class _Place:
    """Whose media a topic is about."""

    media: UUID
    owner: UUID
    run: UUID
    external_id: str


def register() -> None:
    """Makes the kinds known to realtime; called when the application is ready."""
    voices = {
        footage.NAME: footage.FootageVoice,
        "jobs": lambda topic: RunJobs(_run_of(topic)),
        "analysis": lambda topic: RunAnalysis(_run_of(topic)),
    }
    kind = TopicKind(
        watchable=watchable,
        snapshot=snapshot,
        frames=frames,
        voices=voices,
        channels=channels,
        index=sightings.index,
        indexed=footage.TYPES,
        forget=sightings.forget,
        claims=claims,
        user_dialects={footage.NAME: sightings.DIALECT},
    )
    topics.register(KIND, kind)
    # no dialect and no webhook: existing clients would take it for an examination of the file
    trace = TopicKind(
        watchable=watchable,
        snapshot=lambda _: Snapshot({}, {}),
        frames=lambda _topic, _lines: [],
        claims=claims,
        webhooks=False,
    )
    topics.register(TRACE_TOPIC_KIND, trace)


def watchable(pairs: Sequence[Pair]) -> set[Pair]:
    """Of pairs (user, topic) those where the user may see the media; one query."""
    users, watched = [user for user, _ in pairs], [topic for _, topic in pairs]
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT u.id, r.topic_id FROM unnest(%s::uuid[], %s::uuid[]) AS p(user_id, topic_id)"
            " JOIN analysis_run r ON r.topic_id = p.topic_id"
            " JOIN analysis_media m ON m.id = r.media_id"
            " JOIN accounts_user u ON u.id = p.user_id AND u.is_active"
            " WHERE u.is_superuser OR m.owner_id = u.id OR EXISTS (SELECT 1 FROM accounts_team_members t"
            " WHERE t.team_id = m.team_id AND t.user_id = u.id)",
            [users, watched],
        )
        return set(cursor.fetchall())


def claims(given: UUID, user_id: UUID) -> bool:
    """Whether it is the id of a media or a run of somebody else."""
    return any(kind.objects.filter(pk=given).exclude(owner=user_id).exists() for kind in (Media, Run))


def snapshot(user_id: UUID) -> Snapshot:
    """The newest runs of a user with their media, newest first; without media they may no longer see."""
    runs = Run.objects.owned_by(User.objects.get(pk=user_id)).examinations().filter(owner_id=user_id)
    shown = list(runs.select_related("media", "topic").order_by("-created")[:SNAPSHOT_MEDIA])
    return Snapshot(
        {"media": [media_object(run.file, run) for run in shown]},
        {run.topic_id: run.topic.head for run in shown},
    )


def media_object(media: Media, run: Run | None) -> dict[str, Any]:
    """A media with one of its runs, as sockets show it. `run` needs its topic."""
    return {
        "id": str(media.id),
        "filename": media.filename,
        "kind": media.kind,
        "media_type": media.media_type,
        "size_bytes": media.size_bytes,
        "sha256": media.sha256,
        "description": media.description,
        "external_id": media.external_id,
        "created": media.created.isoformat(),
        "run": _run_object(run) if run else None,
    }


def description_changed(media: Media) -> None:
    """Tells the owner's open sockets; nothing of a run has happened, so no log holds this."""
    run = media.runs.examinations().select_related("topic").order_by("-created").first()
    frame = {"type": "media_update", "media": media_object(media, run)}
    publisher.tell(media.owner_id, frame)


def frames(topic_id: UUID, lines: Sequence[Line]) -> list[UserFrame]:
    """Progress for every line the dialect has a word for; after an ending the media, and the error if it failed."""
    place = _place(topic_id)
    if place is None:
        return []
    made: list[UserFrame] = []
    for line in lines:
        event = json.loads(line.body)
        made += _progress(place, line, event)
        if line.type in ENDINGS:
            made += _ended(place, line, event)
    return made


def channels(topic_id: UUID) -> Sequence[Channel]:
    """What programs outside hear of a run."""
    place = _place(topic_id)
    if place is None:
        return ()
    ids = {"media": place.media, "user": place.owner, "run": place.run}
    voice = progress.ProgressVoice(**ids, external_id=place.external_id)
    return [
        Channel(outside.public(settings.EVENTS_CHANNEL), footage.FootageVoice(topic_id)),
        Channel(outside.public(settings.PROGRESS_CHANNEL), voice),
        outside.job_channel(str(place.run), RunJobs(place.run)),
        Channel(outside.public(f"analysis:{place.run}"), RunAnalysis(place.run)),
    ]


def _progress(place: _Place, line: Line, event: Mapping[str, Any]) -> list[UserFrame]:
    said = progress.spoken(event, media_id=place.media, user_id=place.owner)
    if said is None:
        return []
    frame = {
        "type": "progress_update",
        **_named(place),
        "event": said.event.value,
        "message": said.message,
        "data": said.data.as_json(),
        "timestamp": event["time"],
        "runId": str(place.run),
    }
    key = f"{line.type}/{line.subject}" if line.type in COALESCED else None
    return [UserFrame(line.seq, _numbered(frame, line), key)]


def _ended(place: _Place, line: Line, event: Mapping[str, Any]) -> list[UserFrame]:
    made = []
    if line.type == "run.failed":
        error = {
            "code": event["data"].get("code", ""),
            "message": event["data"].get("error", event["message"]),
        }
        said = {"type": "processing_error", **_named(place), "runId": str(place.run), **error}
        made.append(UserFrame(line.seq, _numbered(said, line)))
    run = Run.objects.filter(pk=place.run).select_related("media", "topic").first()
    if run is not None:
        frame = {"type": "media_update", "media": media_object(run.file, run)}
        made.append(UserFrame(line.seq, _numbered(frame, line)))
    return made


def _named(place: _Place) -> dict[str, str]:
    """The media; beside our id the one its client knows it by, if there is one."""
    known = {"external_id": place.external_id} if place.external_id else {}
    return {"mediaId": str(place.media), **known}


def _numbered(frame: Mapping[str, Any], line: Line) -> str:
    return compact({**frame, "topic": str(line.topic), "seq": line.seq})


def _place(topic_id: UUID) -> _Place | None:
    row = Run.objects.filter(topic_id=topic_id).values_list(*_PLACE).first()
    return _Place(*row) if row else None


def _run_of(topic_id: UUID) -> UUID:
    place = _place(topic_id)
    return place.run if place else topic_id  # deleted meanwhile: nobody will hear of it again


def _run_object(run: Run) -> dict[str, Any]:
    return {
        "id": str(run.id),
        "topic": str(run.topic_id),
        "head": run.topic.head,
        "state": run.state,
        "outcome": run.outcome,
        "sentence": run.sentence,
        "seen": run.seen,
        "error": {"code": run.error_code, "message": run.error_message} if run.error_code else None,
        "created": run.created.isoformat(),
        "started": run.started.isoformat() if run.started else None,
        "finished": run.finished.isoformat() if run.finished else None,
    }
