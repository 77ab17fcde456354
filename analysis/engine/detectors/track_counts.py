"""What is said at the end of the tracks of one source: how many of what, in which zones, across which lines."""

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from analysis.engine.sentences import counted, listed
from analysis.engine.types import FootageSettings, FoundBy

if TYPE_CHECKING:
    from analysis.engine.analytics.objects import Track
    from analysis.engine.analytics.zones import LineWatch, ZoneEvent

LEAST_FRAMES = 3  # in which an object must be seen: TrackerSettings.confirm_hits, which a test compares


class TrackCounts:
    """Counts tracks as they leave, by what their class was then; bounded, however long the footage is."""

    def __init__(self, settings: FootageSettings, *, still: bool) -> None:
        self.found_by: FoundBy | None = None
        self._still = still
        self._classes: Counter[str] = Counter()
        self._longest: dict[str, float] = {}
        self._zones = {zone.name: ZoneCounts() for zone in settings.zones}
        self._line_names = [line.name for line in settings.lines]
        self._frames = self._most = 0

    def frame(self, tracks: "Iterable[Track]") -> None:
        self._frames += 1
        self._most = max(self._most, sum(track.unseen_seconds == 0 for track in tracks))

    def left(self, track: "Track") -> None:
        self._classes[track.class_name] += 1
        longest = self._longest.get(track.class_name, 0.0)
        self._longest[track.class_name] = max(longest, track.dwell_seconds)

    def zone(self, change: "ZoneEvent", class_name: str) -> None:
        self._zones[change.zone].change(change, class_name)

    def too_short(self) -> str:
        """Why nothing could have been followed; empty where it could."""
        if self._still or self._classes or self._frames >= LEAST_FRAMES:
            return ""
        return f"{self._frames} frames were looked at; an object is followed from the {LEAST_FRAMES}rd on"

    def sentence(self) -> str:
        verb = "in the picture" if self._still else "followed"
        if not self._classes:
            return f"No object was {verb}."
        named = [counted(count, name) for name, count in self._classes.most_common()]
        single = sum(self._classes.values()) == 1
        return f"{listed(named)} {'was' if single else 'were'} {verb}."

    def facts(self, lines: "LineWatch") -> dict[str, Any]:
        found_by = self.found_by or FoundBy("", "")
        return {
            "frames": self._frames,
            "tracks": sum(self._classes.values()),
            "classes": dict(self._classes.most_common()),
            "longest_seconds": {name: round(seconds, 3) for name, seconds in self._longest.items()},
            "most_at_once": self._most,
            "zones": {name: counts.facts() for name, counts in self._zones.items()},
            "lines": {name: _directions(lines.counts(name)) for name in self._line_names},
            "finder": {
                "name": found_by.name,
                "version": found_by.version,
                "sha256": found_by.sha256,
                "cannot_see": found_by.blind,
            },
        }


class ZoneCounts:
    """Visits of one zone."""

    def __init__(self) -> None:
        self._visits: Counter[str] = Counter()
        self._seconds = self._longest = 0.0

    def change(self, change: "ZoneEvent", class_name: str) -> None:
        if change.action == "entered":
            self._visits[class_name] += 1
        else:
            self._seconds += change.dwell_seconds
            self._longest = max(self._longest, change.dwell_seconds)

    def facts(self) -> dict[str, Any]:
        return {
            "visits": sum(self._visits.values()),
            "classes": dict(self._visits.most_common()),
            "seconds": round(self._seconds, 3),
            "longest_seconds": round(self._longest, 3),
        }


def _directions(counts: "Mapping[Any, int]") -> dict[str, int]:
    return {str(direction): count for direction, count in counts.items()}
