"""What lines of a topic are in a dialect, for the sockets of its owner."""

from collections.abc import Iterator, Mapping, Sequence, Set
from typing import Any
from urllib.parse import parse_qsl
from uuid import UUID

from realtime import topics
from realtime.frames import FrameRefused
from realtime.lines import Line
from realtime.topics import Filters, UserFrame, compact

# What a socket wants to hear, by the names its dialect can be narrowed by.
Wanted = Mapping[str, Set[str]]
VALUES_LIMIT = 100
# What the address of any socket may carry besides.
_CREDENTIALS = ("ticket", "token")


def frames_of(kind: str, topic: UUID, lines: Sequence[Line], dialect: str) -> list[UserFrame]:
    """The frames of a kind's dialect; a run of emptied lines is named by `thinned`."""
    made = topics.frames(kind, topic, [line for line in lines if line.body], dialect)
    gaps = [_gap(topic, first, last) for first, last in _emptied(lines)]
    return sorted([*made, *gaps], key=lambda frame: frame.seq)


def wanted(query: str, filters: Filters) -> Wanted:
    """What the query of an address asks for; values are repeated or separated by commas. Raises FrameRefused."""
    asked: dict[str, set[str]] = {}
    for name, text in parse_qsl(query, keep_blank_values=True):
        if name in _CREDENTIALS:
            continue
        if name not in filters:
            known = ", ".join(sorted(filters))
            raise FrameRefused("unknown_filter", f"{name[:64]!r} is no filter. Known: {known}.")
        values = [value for value in text.split(",") if value]  # an empty filter is none
        asked.setdefault(name, set()).update(_checked(name, value, filters) for value in values)
    if sum(len(values) for values in asked.values()) > VALUES_LIMIT:
        raise FrameRefused("bad_filter", f"Filters may have {VALUES_LIMIT} values in all.")
    return {name: values for name, values in asked.items() if values}


def narrowed(made: Sequence[UserFrame], wanted: Wanted) -> Sequence[UserFrame]:
    """The frames a socket wants, and those that are for everybody."""
    if not wanted:
        return made
    return [frame for frame in made if not frame.about or _fits(frame.about, wanted)]


def _checked(name: str, value: str, filters: Filters) -> str:
    checked = filters[name](value)
    if checked is None:
        raise FrameRefused("bad_filter", f"{value[:64]!r} is no value of {name}.")
    return checked


def _fits(about: Mapping[str, str], wanted: Wanted) -> bool:
    return all(about.get(name) in values for name, values in wanted.items())


def replayed(topic: UUID, made: Sequence[UserFrame], *, thin: bool) -> Iterator[str]:
    """The texts to send; with `thin` without frames that newer ones of the same key outdate, and these named."""
    newest = {frame.key: frame.seq for frame in made if frame.key} if thin else {}
    gap: list[int] = []
    for frame in made:
        if frame.key and newest.get(frame.key, frame.seq) != frame.seq:
            gap.append(frame.seq)
            continue
        if gap:
            yield _gap(topic, gap[0], gap[-1]).text
            gap = []
        yield frame.text
    if gap:
        yield _gap(topic, gap[0], gap[-1]).text


def _gap(topic: UUID, first: int, last: int) -> UserFrame:
    named: dict[str, Any] = {"topic": str(topic), "first": first, "last": last}
    return UserFrame(last, compact({"type": "thinned", **named}))


def _emptied(lines: Sequence[Line]) -> list[tuple[int, int]]:
    gaps: list[tuple[int, int]] = []
    for line in lines:
        if line.body:
            continue
        if gaps and gaps[-1][1] == line.seq - 1:
            gaps[-1] = (gaps[-1][0], line.seq)
        else:
            gaps.append((line.seq, line.seq))
    return gaps
