"""How well tracks agree with the truth.

MOTA after Bernardin and Stiefelhagen (2008), section 2.1: a pair of the frame before stays a pair while it overlaps by
half. IDF1 after Ristani et al. (2016), section 4: the pairing of whole tracks that explains most boxes.
"""

from collections import Counter
from dataclasses import dataclass

import numpy as np
from scipy.optimize import linear_sum_assignment

from analysis.engine.media.tracks import iou

LEAST = 0.5


@dataclass(frozen=True)
class Agreement:
    mota: float
    idf1: float
    switches: int


def agreement(truth, told):
    """Both are, frame by frame, boxes by number."""
    misses = made_up = switches = 0
    last, before = {}, {}
    for true, found in zip(truth, told, strict=True):
        now = pairs(true, found, before)
        switches += sum(last.get(number, other) != other for number, other in now.items())
        misses, made_up = misses + len(true) - len(now), made_up + len(found) - len(now)
        last, before = last | now, now
    total = sum(map(len, truth))
    return Agreement(1 - (misses + made_up + switches) / total, idf1(truth, told), switches)


def pairs(true, found, before):
    kept = {
        number: other
        for number, other in before.items()
        if number in true and other in found and iou(true[number], found[other]) >= LEAST
    }
    rows = [number for number in true if number not in kept]
    columns = [number for number in found if number not in kept.values()]
    if not rows or not columns:
        return kept
    overlap = np.array([[iou(true[row], found[column]) for column in columns] for row in rows])
    cost = np.where(overlap >= LEAST, 1 - overlap, 1e6)
    best = zip(*linear_sum_assignment(cost), strict=True)
    return kept | {rows[row]: columns[column] for row, column in best if overlap[row, column] >= LEAST}


def idf1(truth, told):
    both = Counter(
        (number, other)
        for true, found in zip(truth, told, strict=True)
        for number, box in true.items()
        for other, guess in found.items()
        if iou(box, guess) >= LEAST
    )
    rows, columns = sorted({one for one, _ in both}), sorted({other for _, other in both})
    counts = np.array([[both[row, column] for column in columns] for row in rows]).reshape(len(rows), -1)
    hits = counts[linear_sum_assignment(counts, maximize=True)].sum() if rows else 0
    return 2 * hits / (sum(map(len, truth)) + sum(map(len, told)))


def followed(tracker, frames):
    """All events, and the boxes by number in each frame as a timeline shows them: lines between the sightings told."""
    events = [
        event for seconds, _, detections in frames for event in tracker.step(seconds, detections)
    ] + tracker.finish()
    lines = {}
    for event in events:
        track = event.track
        line = lines.setdefault(track.track_id, {track.first_pts_seconds: track.first_box})
        line[track.pts_seconds] = track.box
    told = [{} for _ in frames]
    for number, line in lines.items():
        for at, box in between(line, [seconds for seconds, _, _ in frames]):
            told[at][number] = box
    return events, told


def between(line, seconds):
    """Which of the times a track was there, and where."""
    times = sorted(line)
    sides = np.array([line[time] for time in times]).T
    boxes = np.column_stack([np.interp(seconds, times, side) for side in sides])
    return [
        (at, tuple(map(float, box))) for at, box in enumerate(boxes) if times[0] <= seconds[at] <= times[-1]
    ]
