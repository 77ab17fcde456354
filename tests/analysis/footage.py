"""Lines of footage to append."""

from typing import Any

from realtime.log import Draft

WITH_ALL = {
    "track": 15,
    "class": "person",
    "confidence": 0.91,
    "box": [0.25, 0.5, 0.5, 0.875],
    "pts_seconds": 12.48,
    "frame": 312,
    "dwell_seconds": 4.2,
    "model": {"type": "yolox-nano", "version": "0.1.1"},
}


def track(action: str = "entered", **data: Any) -> Draft:
    """A track, with everything one may say of it unless `data` says otherwise."""
    data = WITH_ALL | data
    return Draft(f"track.{action}", f"A track {action}.", data, subject=f"track/{data['track']}")


def motion(action: str = "started", **data: Any) -> Draft:
    said = {"intensity": 0.4, "area": 0.125, "pts_seconds": 3.0, "frame": 75} | data
    return Draft(f"motion.{action}", f"Motion {action}.", said)


def plate(text: str = "AB-12 CDE", **data: Any) -> Draft:
    said = {"plate": text, "confidence": 0.8, "region": "gb", "pts_seconds": 7.0, "frame": 175} | data
    return Draft("plate.read", f"Plate {text}.", said)
