"""What happens in footage, in the words of the log."""

from collections.abc import Mapping, Sequence
from typing import Any

from analysis import plates
from analysis.engine.types import (
    FootageGap,
    MotionTold,
    PlateSign,
    PlateTold,
    SourceOffline,
    SourceOnline,
    TrackTold,
)
from analysis.recorder.plain import plain, rounded, text
from realtime.log import Draft

NAME_LIMIT = 64
REASON_LIMIT = 500
SIGNS_TOLD, CANDIDATES_TOLD, REGIONS_TOLD = 32, 16, 32
_WAYS = {"to_left": "to the left", "to_right": "to the right"}


def footage(observation: object, snapshot: Mapping[str, str] | None = None) -> Draft | None:
    """The event for what was told of footage or its source; None for everything else.

    snapshot: what the event says of the picture that was kept of it, or could not be.
    """
    pictured = {} if snapshot is None else {"snapshot": dict(snapshot)}
    if isinstance(observation, MotionTold):
        return _motion(observation, pictured)
    if isinstance(observation, TrackTold):
        return _track(observation, pictured)
    if isinstance(observation, PlateTold):
        return _plate(observation, pictured)
    return _source(observation)


def _motion(seen: MotionTold, pictured: Mapping[str, Any]) -> Draft:
    data = {
        "detector": seen.detector,
        "intensity": rounded(seen.intensity, 4),
        "area": rounded(seen.area, 6),
        "box": _box(seen.box),
        **_when(seen),
        **pictured,
    }
    if not seen.ended:
        return Draft("motion.started", "Motion started.", plain(data), subject=seen.detector)
    data["duration_seconds"] = rounded(seen.duration_seconds, 3)
    return Draft(
        "motion.ended", f"Motion ended{_after(seen.duration_seconds)}.", plain(data), subject=seen.detector
    )


def _track(seen: TrackTold, pictured: Mapping[str, Any]) -> Draft:
    data = {
        "detector": seen.detector,
        "track": seen.track,
        "class": text(seen.class_name, limit=NAME_LIMIT),
        "confidence": rounded(seen.confidence, 4),
        "box": _box(seen.box),
        **_when(seen),
        "dwell_seconds": rounded(seen.dwell_seconds, 3),
        "still": seen.still,
        "model": {
            "type": text(seen.model[0], limit=NAME_LIMIT),
            "version": text(seen.model[1], limit=NAME_LIMIT),
        },
        **_place(seen),
        **pictured,
    }
    name = text(seen.class_name, limit=NAME_LIMIT)
    message = f"{'An' if name[:1] in tuple('aeiou') else 'A'} {name} {_done(seen)}."
    return Draft(f"track.{seen.action.value}", message, plain(data), subject=f"track/{seen.track}")


def _place(seen: TrackTold) -> dict[str, Any]:
    """Why an update is told, where a zone or a line is the reason."""
    if seen.zone:
        name, action, inside_seconds = seen.zone
        inside = rounded(inside_seconds, 3)
        said = {"name": text(name, limit=NAME_LIMIT), "action": action.value, "inside_seconds": inside}
        return {"zone": said}
    if seen.line:
        name, direction = seen.line
        return {"line": {"name": text(name, limit=NAME_LIMIT), "direction": direction.value}}
    return {}


def _done(seen: TrackTold) -> str:
    if seen.zone:
        name, action, inside_seconds = seen.zone
        after = _after(inside_seconds) if action.value == "left" else ""
        return f"{action.value} zone {text(name, limit=NAME_LIMIT)}{after}"
    if seen.line:
        name, direction = seen.line
        return f"crossed line {text(name, limit=NAME_LIMIT)} {_WAYS[direction.value]}"
    if seen.action.value == "updated":
        return "stands still" if seen.still else "is in view"
    return seen.action.value + (_after(seen.dwell_seconds) if seen.action.value == "left" else "")


def _plate(seen: PlateTold, pictured: Mapping[str, Any]) -> Draft:
    plate, written = text(seen.plate, limit=NAME_LIMIT), text(seen.written, limit=NAME_LIMIT)
    data = {
        "detector": seen.detector,
        "plate": plate,
        "written": written or plate,
        "signs": _signs(seen.signs),
        "candidates": [
            {"plate": text(other, limit=NAME_LIMIT), "weight": rounded(weight, 4)}
            for other, weight in seen.candidates[:CANDIDATES_TOLD]
        ],
        "confidence": rounded(seen.confidence, 4),
        "region": text(seen.region, limit=NAME_LIMIT) or None,
        "regions": [text(region, limit=NAME_LIMIT) for region in seen.regions[:REGIONS_TOLD]],
        "box": _box(seen.box),
        **_when(seen),
        "track": seen.track,
        "vehicle": _vehicle(seen),
        "reads": seen.reads,
        "doubt": text(seen.doubt, limit=REASON_LIMIT),
        **pictured,
    }
    kept = plates.closed(plain(data))
    if "plate_hash" in kept:
        return Draft("plate.read", "A plate was read.", kept, subject=kept["plate_hash"])
    return Draft("plate.read", f"Plate {written or plate} was read.", kept, subject=plate)


def _signs(signs: Sequence[PlateSign]) -> list[dict[str, Any]]:
    """`read_as` stands only where the grammar settled a sign."""
    told = []
    for one in signs[:SIGNS_TOLD]:
        settled = {"read_as": text(one.read_as, limit=8)} if one.read_as else {}
        told.append({"sign": text(one.sign, limit=8), "confidence": rounded(one.confidence, 4), **settled})
    return told


def _vehicle(seen: PlateTold) -> dict[str, Any] | None:
    if not seen.vehicle_class and seen.vehicle_box is None:
        return None
    return {
        "class": text(seen.vehicle_class, limit=NAME_LIMIT) or None,
        "box": _box(seen.vehicle_box),
    }


def _source(seen: object) -> Draft | None:
    if isinstance(seen, SourceOnline):
        back = "" if seen.offline_seconds is None else f" again{_after(seen.offline_seconds)}"
        data = {
            "width": seen.width,
            "height": seen.height,
            "fps": rounded(seen.fps, 3),
            "codec": text(seen.codec, limit=NAME_LIMIT),
            "offline_seconds": rounded(seen.offline_seconds, 3),
        }
        return Draft("camera.online", f"The camera gives pictures{back}.", plain(data))
    if isinstance(seen, SourceOffline):
        reason = text(seen.reason, limit=REASON_LIMIT)
        code = {"code": seen.code} if seen.code else {}
        data = {"reason": reason, "retry_seconds": rounded(seen.retry_seconds, 3), **code}
        return Draft("camera.offline", f"The camera gives no pictures: {reason}", plain(data))
    if isinstance(seen, FootageGap):
        return _gap(seen)
    return None


def _gap(seen: FootageGap) -> Draft:
    reason = text(seen.reason, limit=REASON_LIMIT)
    data = {
        "from_seconds": rounded(seen.from_seconds, 3),
        "to_seconds": rounded(seen.to_seconds, 3),
        "frames": seen.frames,
        "reason": reason,
        **({} if seen.events is None else {"events": seen.events}),
        **({"detector": text(seen.detector, limit=NAME_LIMIT)} if seen.detector else {}),
    }
    if seen.events is not None:
        return Draft("camera.gap", f"Events are missing: {reason}", plain(data))
    span = f"{seen.from_seconds:.1f} to {seen.to_seconds:.1f} s"
    who = (
        f"{text(seen.detector, limit=NAME_LIMIT)} did not look" if seen.detector else "Nothing was looked at"
    )
    return Draft("camera.gap", f"{who} from {span}: {reason}", plain(data))


def _when(seen: MotionTold | TrackTold | PlateTold) -> dict[str, Any]:
    return {"pts_seconds": rounded(seen.pts_seconds, 3), "frame": seen.frame}


def _box(box: Sequence[float] | None) -> list[float | None] | None:
    return None if box is None else [rounded(side, 5) for side in box]


def _after(seconds: float | None) -> str:
    return "" if seconds is None else f" after {seconds:.1f} s"
