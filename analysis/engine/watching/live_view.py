"""The newest frame of a watch as JPEG, with the boxes of what is followed."""

from typing import cast

from analysis.engine.types import FootageFrame, Snapshot
from analysis.engine.types.arrays import Pixels

# pixels of the longer side: for looking after a camera from afar, several times a second
MOST_SIDE = 1280


def view_of(frame: FootageFrame) -> Snapshot:
    """Both pictures are one where there is nothing to draw; larger frames are made smaller."""
    # not above: a worker imports what watches before it knows whether it will
    from analysis.engine.analytics.snapshots import Labelled, snapshot

    seen = [track for track in frame.tracks or () if not track.unseen_seconds]
    return snapshot(
        _smaller(frame.rgb), [Labelled(track.box, f"{track.class_name} {track.track_id}") for track in seen]
    )


def _smaller(rgb: Pixels) -> Pixels:
    height, width = rgb.shape[:2]
    scale = MOST_SIDE / max(height, width)
    if scale >= 1:
        return rgb
    import cv2

    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    return cast("Pixels", cv2.resize(rgb, size, interpolation=cv2.INTER_AREA))
