"""What was seen in footage, as the state of a run holds it: a fold of its events, bounded however long the clip.

Its twin in the browser is static/js/footage/state.js; both answer alike for every prefix of a log. The first spells of
motion, tracks, plates and marks stand one by one; of those beyond the limits each kind and class keeps how many there
were and, coarsely, when (`rest`). Where boxes are too many, the track with most of them loses every second one.
"""

from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise
from typing import Any

State = dict[str, Any]
Event = Mapping[str, Any]
Items = Sequence[Mapping[str, Any]]
Spans = list[list[float]]
Step = Callable[[State, Event, int], State]

KEPT = 200  # spells, tracks and plates each
MARKS, BOXES, SPANS, CLASSES = 300, 3000, 40, 20
SIGNS, CANDIDATES, TEXT = 16, 3, 120

EMPTY: State = {"spells": [], "tracks": [], "plates": [], "marks": [], "rest": [], "gaps": []}


def _motion_started(seen: State, data: Event, seq: int) -> State:
    at = number(data.get("pts_seconds"))
    if at is None:
        return seen
    if len(seen["spells"]) >= KEPT:
        return _further(seen, "motion", "", [at, at], count=1)
    return {**seen, "spells": [*seen["spells"], _spell(data, seq, at, None)]}


def _motion_ended(seen: State, data: Event, seq: int) -> State:
    at = number(data.get("pts_seconds"))
    if at is None:
        return seen
    began = max(0, at - (number(data.get("duration_seconds")) or 0))
    spells = seen["spells"]
    place = _last(
        spells, lambda spell: spell["to"] is None and spell["detector"] == _text(data.get("detector"))
    )
    if place is not None:
        said = {key: value for key, value in _moved(data).items() if value is not None}
        return {
            **seen,
            "spells": _with(spells, place, {**said, **_picture(spells[place], data, seq), "to": at}),
        }
    if len(spells) >= KEPT or any(row["kind"] == "motion" for row in seen["rest"]):
        return _further(seen, "motion", "", [began, at], count=0)
    return {**seen, "spells": [*spells, _spell(data, seq, began, at)]}


def _spell(data: Event, seq: int, begins: float, ends: float | None) -> State:
    spell = {"seq": seq, "detector": _text(data.get("detector")), "from": begins, "to": ends, **_moved(data)}
    return {**spell, **_picture({}, data, seq)}


def _moved(data: Event) -> State:
    numbers = {name: number(data.get(name)) for name in ("intensity", "area")}
    return {**numbers, "box": _box(data.get("box"))}


def _tracked(action: str) -> Step:
    def step(seen: State, data: Event, seq: int) -> State:
        at, name = number(data.get("pts_seconds")), data.get("track")
        if at is None or not _is_name(name):
            return seen
        detector = _text(data.get("detector"))
        place = _last(seen["tracks"], lambda one: one["track"] == name and one["detector"] == detector)
        began = max(0, at - (number(data.get("dwell_seconds")) or 0))
        if place is None and len(seen["tracks"]) >= KEPT:
            count = 1 if action == "entered" else 0
            further = _further(seen, "track", _text(data.get("class")) or "", [began, at], count=count)
            return _marked(further, data, seq, at)
        if place is None:
            place = len(seen["tracks"])
            new = {"track": name, "detector": detector, "seq": seq, "at": at, "from": began, **_UNSEEN}
            seen = {**seen, "tracks": [*seen["tracks"], new]}
        change = _track(seen["tracks"][place], data, seq, at, left=action == "left")
        return _marked(_thinned({**seen, "tracks": _with(seen["tracks"], place, change)}), data, seq, at)

    return step


_UNSEEN: State = {"class": "", "to": None, "last": 0, "confidence": None, "boxes": []} | {
    "picture": None,
    "pictured": None,
}


def _track(before: Event, data: Event, seq: int, at: float, *, left: bool) -> State:
    confidence, box = number(data.get("confidence")), _box(data.get("box"))
    known = before["confidence"]
    boxes = [told for told in before["boxes"] if told[0] != at] if box else before["boxes"]
    return {
        "class": _text(data.get("class")) or before["class"],
        "to": at if left else before["to"],
        "last": max(before["last"], at),
        "confidence": known
        if confidence is None or (known is not None and known > confidence)
        else confidence,
        "boxes": [*boxes, [at, *box]] if box else boxes,
        **_picture(before, data, seq),
    }


def _thinned(seen: State) -> State:
    tracks = seen["tracks"]
    while sum(len(track["boxes"]) for track in tracks) > BOXES:
        most = max(len(track["boxes"]) for track in tracks)
        place = next(at for at, track in enumerate(tracks) if len(track["boxes"]) == most)
        boxes = tracks[place]["boxes"]
        kept = [box for at, box in enumerate(boxes) if at % 2 == 0 or at == most - 1]
        tracks = _with(tracks, place, {"boxes": kept})
    return {**seen, "tracks": tracks}


def _marked(seen: State, data: Event, seq: int, at: float) -> State:
    """With the visit of a zone or the crossing of a line that the update was told for."""
    zone, line = data.get("zone"), data.get("line")
    if isinstance(zone, Mapping):
        said = {
            "kind": f"zone_{_text(zone.get('action')) or 'entered'}",
            "name": _text(zone.get("name")) or "",
        }
        seconds = number(zone.get("inside_seconds"))
    elif isinstance(line, Mapping):
        said = {
            "kind": f"line_{_text(line.get('direction')) or 'crossed'}",
            "name": _text(line.get("name")) or "",
        }
        seconds = None
    else:
        return seen
    named = {"track": data.get("track"), "class": _text(data.get("class")) or "", **said}
    if len(seen["marks"]) >= MARKS:
        return _further(seen, "mark", "", [at, at], count=1)
    return {**seen, "marks": [*seen["marks"], {"seq": seq, "at": at, **named, "seconds": seconds}]}


def _plate_read(seen: State, data: Event, seq: int) -> State:
    at = number(data.get("pts_seconds"))
    if len(seen["plates"]) >= KEPT:
        return _further(seen, "plate", "", [at, at] if at is not None else None, count=1)
    track = data.get("track")
    plate = {
        "seq": seq,
        "at": at,
        "plate": _text(data.get("written")) or _text(data.get("plate")) or "",
        "confidence": number(data.get("confidence")),
        "region": _text(data.get("region")),
        "track": track if _is_name(track) else None,
        "box": _box(data.get("box")),
        "reads": number(data.get("reads")),
        "signs": [
            [_text(one.get("sign")) or "", number(one.get("confidence")), _text(one.get("read_as"))]
            for one in _mappings(data.get("signs"))[:SIGNS]
        ],
        "candidates": [
            _text(one.get("plate")) or "" for one in _mappings(data.get("candidates"))[:CANDIDATES]
        ],
        "doubt": _text(data.get("doubt")),
        **_picture({}, data, seq),
    }
    return {**seen, "plates": [*seen["plates"], plate]}


def _gap(seen: State, data: Event, seq: int) -> State:
    begins, ends = number(data.get("from_seconds")), number(data.get("to_seconds"))
    # where one detector did not look, others did
    if begins is None or ends is None or ends < begins or data.get("detector"):
        return seen
    return {**seen, "gaps": joined(seen["gaps"], begins, ends)}


def _picture(before: Event, data: Event, seq: int) -> State:
    """Which line has the picture: the first that kept one, else why the last that told of one has none."""
    named = data.get("snapshot")
    if before.get("picture") == "kept" or not isinstance(named, Mapping):
        return {"picture": before.get("picture"), "pictured": before.get("pictured")}
    kept = isinstance(named.get("path"), str) and named["path"] != ""
    return {"picture": "kept" if kept else _text(named.get("missing")) or "gone", "pictured": seq}


def _further(seen: State, kind: str, name: str, span: list[float] | None, *, count: int) -> State:
    """With one more of those that do not stand one by one; classes beyond CLASSES count under no name."""
    rest = seen["rest"]
    place = _last(rest, lambda row: row["kind"] == kind and row["class"] == name)
    if place is None and len(rest) >= CLASSES:
        name = ""
        place = _last(rest, lambda row: row["kind"] == kind and row["class"] == "")
    if place is None:
        place, rest = len(rest), [*rest, {"kind": kind, "class": name, "count": 0, "spans": []}]
    row = rest[place]
    spans = joined(row["spans"], *span) if span else row["spans"]
    return {**seen, "rest": _with(rest, place, {"count": row["count"] + count, "spans": spans})}


def joined(spans: Sequence[Sequence[float]], begins: float, ends: float) -> Spans:
    """Ascending spans with one more; those that meet become one, and beyond SPANS the two nearest do."""
    apart = [list(span) for span in spans if span[1] < begins or span[0] > ends]
    met = [span for span in spans if not (span[1] < begins or span[0] > ends)]
    whole = [min([begins, *(span[0] for span in met)]), max([ends, *(span[1] for span in met)])]
    found = sorted([*apart, whole], key=lambda span: span[0])
    while len(found) > SPANS:
        between = [after[0] - before[1] for before, after in pairwise(found)]
        at = between.index(min(between))
        found = [*found[:at], [found[at][0], found[at + 1][1]], *found[at + 2 :]]
    return found


def number(value: object) -> float | None:
    """The value where it is a number."""
    return value if isinstance(value, int | float) and not isinstance(value, bool) else None


def _is_name(value: object) -> bool:
    """A browser cannot tell 15.0 from 15."""
    known = number(value)
    return isinstance(value, str) or (known is not None and float(known).is_integer())


def _text(value: object) -> str | None:
    return value[:TEXT] if isinstance(value, str) and value else None


def _mappings(value: object) -> Items:
    return [one for one in value if isinstance(one, Mapping)] if isinstance(value, list) else []


def _box(value: object) -> list[float] | None:
    sides = [number(side) for side in value] if isinstance(value, list) else []
    known = [side for side in sides if side is not None]
    return known if len(known) == len(sides) == 4 else None


def _last(items: Items, fits: Callable[[Mapping[str, Any]], bool]) -> int | None:
    return next((at for at in range(len(items) - 1, -1, -1) if fits(items[at])), None)


def _with(items: Items, place: int, change: Event) -> list[Any]:
    return [*items[:place], {**items[place], **change}, *items[place + 1 :]]


STEPS: dict[str, Step] = {
    "motion.started": _motion_started,
    "motion.ended": _motion_ended,
    "track.entered": _tracked("entered"),
    "track.updated": _tracked("updated"),
    "track.left": _tracked("left"),
    "plate.read": _plate_read,
    "camera.gap": _gap,
}
