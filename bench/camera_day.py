"""A day of a camera through the product: worker, database and disk, as fast as it goes.

    python bench/camera_day.py [--frames 86400] [--quota-bytes 500000] [--weights DIR]

A drawn clip of ten minutes, one picture a second, 640x360, is looped as a file camera by `manage.py runworker --queue
camera` until it has told of that many frames: motion, and tracking with a folder of weights, every snapshot kept up to
the quota. What moves in the clip is known, so each crossing has to be on record once. Memory is the PSS of the worker,
its slot and the child that decodes; snapshots are the bytes on disk: the worker makes room twice a minute, so between
two looks there are more than the quota, and none at the end.
"""

import argparse
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from bench import figures
from bench.installation import Installation, installation
from bench.memory import tree_megabytes
from bench.watching import CLIP_SECONDS, GROWTH, MARKS, make_clip

# when something begins to move in the clip of bench/watching.py; one picture a second
ENTERS = range(60, CLIP_SECONDS, 120)
LOOK_SECONDS, LEAST_FRAMES = 0.5, 2 * CLIP_SECONDS
SETTLE_SECONDS = 90.0
SETTINGS = {"pace": "fast", "loop": True, "snapshots": "all", "max_fps": 30}


class Day:
    """A camera that is watched, and what the database says of it."""

    def __init__(self, place: Installation, clip: Path, options: argparse.Namespace) -> None:
        from analysis.cameras import keeping
        from analysis.uploads import adopt_file
        from tests.factories import make_user

        self.place, self.options = place, options
        self.owner = make_user()
        media = adopt_file(clip, owner=self.owner)
        detectors = ["motion", *(["tracking"] if options.weights else [])]
        limits = {"snapshot_bytes": options.quota_bytes, "retention_days": 1}
        source = {"key": "day", "source": "file", "address": f"media:{media.pk}", "enabled": True}
        settings = SETTINGS | {"detectors": detectors}
        self.camera = keeping.create(self.owner, {**source, **limits, "settings": settings})

    def told(self, *types: str) -> list[Any]:
        """Lines of these types, in order."""
        from realtime.models import Event

        return list(Event.objects.filter(topic=self.camera.topic_id, type__in=types).order_by("seq"))

    def frame(self) -> int:
        """The last frame that motion was told of."""
        from realtime.models import Event

        found = Event.objects.filter(topic=self.camera.topic_id, type__startswith="motion.").order_by("-seq")
        last = found.first()
        return int(last.data["frame"]) if last and last.data else 0

    def bytes_on_disk(self) -> int:
        """Of all snapshots of the camera's runs; one that goes meanwhile is gone."""
        from analysis import snapshots

        total = 0
        for run in self.camera.runs.all():
            for path in snapshots.folder_of(run.pk).rglob("*"):
                try:
                    total += path.stat().st_size if path.is_file() else 0
                except OSError:
                    continue
        return total

    def watch(self, pid: int) -> list[dict[str, Any]]:
        """Waits for that many frames; what is used at each mark."""
        marks: list[dict[str, Any]] = []
        while len(marks) < len(MARKS):
            if self.told("run.failed", "run.succeeded"):
                raise SystemExit(f"The watch ended: {self.camera.runs.get().error_message}")
            frame = self.frame()
            if frame >= MARKS[len(marks)] * self.options.frames:
                memory = round(tree_megabytes(pid), 1)
                marks.append({"frame": frame, "memory_mb": memory, "snapshot_bytes": self.bytes_on_disk()})
                figures.say(f"{marks[-1]}")
            time.sleep(LOOK_SECONDS)
        return marks

    def stop(self) -> None:
        """Ends the watch, and lets the worker make room once more."""
        from analysis.cameras import keeping
        from tests.waiting import wait_until

        keeping.disable(self.camera, by=self.owner)
        wait_until(lambda: self.told("run.cancelled"), limit=60, what="the watch ends")
        until = time.monotonic() + SETTLE_SECONDS
        while self.bytes_on_disk() > self.options.quota_bytes and time.monotonic() < until:
            time.sleep(LOOK_SECONDS)

    def record(self) -> dict[str, Any]:
        """What is on record, beside what happened in the clip."""
        from analysis.models import Sighting
        from realtime.chain import verify
        from realtime.models import Event, Topic

        rows = Event.objects.filter(topic=self.camera.topic_id).order_by("seq")
        seqs = list(rows.values_list("seq", flat=True))
        started = self.told("motion.started")
        frames, times = [one.data["frame"] for one in started], [one.time for one in started]
        seconds = (times[-1] - times[0]).total_seconds()
        sightings = Sighting.objects.filter(topic=self.camera.topic_id)
        return {
            "frames_per_second": round((frames[-1] - frames[0]) / seconds, 1),
            "lines": dict(Counter(rows.values_list("type", flat=True))),
            "head": Topic.objects.get(pk=self.camera.topic_id).head,
            "without_holes": seqs == list(range(1, len(seqs) + 1)),
            "chain_holds": verify(self.camera.topic_id).ok,
            "crossings_drawn": _entered(frames[-1]),
            "crossings_on_record": len(set(map(_entered, frames))),
            "sightings": sightings.count(),
            "snapshot_bytes": self.bytes_on_disk(),
            "snapshot_bytes_on_record": sum(
                size or 0 for size in sightings.values_list("snapshot_bytes", flat=True)
            ),
        }


def _entered(frame: int) -> int:
    """How many crossings have begun by that frame."""
    loops, rest = divmod(frame, CLIP_SECONDS)
    return loops * len(ENTERS) + sum(at <= rest for at in ENTERS)


def measured(place: Installation, options: argparse.Namespace) -> tuple[dict[str, Any], dict[str, bool]]:
    from tests.product import make_worker

    with tempfile.TemporaryDirectory() as folder:
        day = Day(place, make_clip(Path(folder) / "day.mp4", 360), options)
        weights = {"ASSAY_WEIGHTS": str(options.weights.absolute())} if options.weights else {}
        program = make_worker(place.env | weights, place.home, "--queue", "camera", "--slots", "1")
        program.start()
        try:
            marks = day.watch(program.pid)
            day.stop()
        finally:
            program.stop()
        record = day.record()
    return {"frames": options.frames, "quota_bytes": options.quota_bytes, "marks": marks, **record}, {
        "no line lost": record["without_holes"] and record["head"] == sum(record["lines"].values()),
        "the chain holds": record["chain_holds"],
        "each crossing on record": record["crossings_on_record"] == record["crossings_drawn"],
        "every beginning has its end": record["lines"]["motion.started"] == record["lines"]["motion.ended"],
        "snapshots within the quota": record["snapshot_bytes"] <= options.quota_bytes,
        "disk as on record": record["snapshot_bytes"] == record["snapshot_bytes_on_record"],
        f"memory flat (≤ {GROWTH})": marks[-1]["memory_mb"] <= marks[0]["memory_mb"] * GROWTH,
    }


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--frames", type=int, default=86_400)
    parser.add_argument("--quota-bytes", type=int, default=500_000)
    parser.add_argument("--weights", type=Path, help="a folder of weights: tracking besides motion")
    options = parser.parse_args()
    if options.frames < LEAST_FRAMES:
        parser.error(f"at least {LEAST_FRAMES} frames: the clip has to be seen twice")
    before = figures.machine()
    with installation() as place:
        found, reached = measured(place, options)
    figures.report("camera_day", before, found, reached)


if __name__ == "__main__":
    main()
