"""Puts what was kept of plates in the clear, or under another key, under the key of this installation.

Lines of the log stay as they were written: they are chained, and say what they said.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Model, QuerySet

from analysis import plates
from analysis.dialects import footage
from analysis.models import PlateSearch, Sighting, WatchedPlate
from analysis.plate_keys import unseal
from realtime import log

CHUNK = 1000


@dataclass
class Resealed:
    """How many were encrypted, were so before, and cannot be read with this key, nor made again from their line."""

    sealed: int = 0
    before: int = 0
    unreadable: int = 0


def reseal() -> Resealed:
    """All sightings with a plate, all searches and watched plates, in chunks; may be done again."""
    done = Resealed()
    for chunk in _chunks(PlateSearch.objects.all()):
        for search in chunk:
            _reseal_search(search, done)
    for chunk in _chunks(WatchedPlate.objects.all()):
        for watched in chunk:
            _reseal(watched, watched.plate, done)
    with_plate = Sighting.objects.exclude(plate="", plate_hash="")
    for chunk in _chunks(with_plate):
        unread = [one for one in chunk if not one.plate and unseal(one.plate_sealed) is None]
        texts = _from_lines(unread)
        for one in chunk:
            _reseal(one, one.plate or texts.get(one.pk, ""), done)
    return done


def _reseal(one: Sighting | WatchedPlate, text: str, done: Resealed) -> None:
    if not text and unseal(one.plate_sealed) is None:
        done.unreadable += 1
    elif not text:
        done.before += 1
    else:
        # by update: one deleted meanwhile stays deleted
        rows: QuerySet[Any] = type(one)._default_manager.all()
        done.sealed += rows.filter(pk=one.pk).update(**plates.columns(text))


def _reseal_search(search: PlateSearch, done: Resealed) -> None:
    if search.asked:
        kept = plates.columns(search.asked)
        names = {"asked": "plate", "asked_hash": "plate_hash", "asked_sealed": "plate_sealed"}
        columns = {name: kept[column] for name, column in names.items()}
        done.sealed += PlateSearch.objects.filter(pk=search.pk).update(**columns)
    elif unseal(search.asked_sealed) is None:
        done.unreadable += 1
    else:
        done.before += 1


def _from_lines(unread: Sequence[Sighting]) -> dict[int, str]:
    """The plates that the lines of these say."""
    by_place = {(one.topic_id, one.seq): one.pk for one in unread}
    if not by_place:
        return {}
    lines = [line for line in log.find(list(by_place)) if line.body]
    return {by_place[line.topic, line.seq]: footage.seen_in(line).plate for line in lines}


def _chunks(rows: QuerySet[Any]) -> Iterator[list[Any]]:
    last: Model | None = None
    while True:
        later = rows.filter(pk__gt=last.pk) if last else rows
        chunk = list(later.order_by("pk")[:CHUNK])
        if not chunk:
            return
        yield chunk
        last = chunk[-1]
