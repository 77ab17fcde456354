"""The newest frame of a watch as JPEG, with the boxes of what is followed."""

from analysis.engine.types import FootageFrame, Snapshot


def view_of(frame: FootageFrame) -> Snapshot:
    """Both pictures are one where there is nothing to draw."""
    # not above: a worker imports what watches before it knows whether it will
    from analysis.engine.analytics.snapshots import Labelled, snapshot

    seen = [track for track in frame.tracks or () if not track.unseen_seconds]
    return snapshot(
        frame.rgb, [Labelled(track.box, f"{track.class_name} {track.track_id}") for track in seen]
    )
