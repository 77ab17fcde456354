"""What lines of a topic are in a dialect, for `/ws/user/` sockets."""

from collections.abc import Iterator, Sequence
from typing import Any
from uuid import UUID

from realtime import topics
from realtime.lines import Line
from realtime.topics import UserFrame, compact


def frames_of(kind: str, topic: UUID, lines: Sequence[Line]) -> list[UserFrame]:
    """The frames of a kind's dialect; a run of emptied lines is named by `thinned`."""
    made = topics.frames(kind, topic, [line for line in lines if line.body])
    gaps = [_gap(topic, first, last) for first, last in _emptied(lines)]
    return sorted([*made, *gaps], key=lambda frame: frame.seq)


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
