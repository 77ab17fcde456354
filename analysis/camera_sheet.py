"""What the camera pages show: how cameras do, and what was seen, counted by time."""

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db.models import Count, FloatField, IntegerField, QuerySet, Value
from django.db.models.functions import Cast, Extract, Floor
from django.utils import timezone
from django.utils.functional import Promise

from accounts.models import User
from analysis import camera_words, footage_words
from analysis.cameras.addresses import for_others
from analysis.cameras.missed import WITHIN_LINES, Missed
from analysis.cameras.models import Camera
from analysis.cameras.states import Status, statuses
from analysis.models import Sighting
from realtime.models import Event

SPANS: Mapping[str, timedelta] = {
    "hour": timedelta(hours=1),
    "day": timedelta(hours=24),
    "week": timedelta(days=7),
}
LANE_STEPS = {"hour": 60, "day": 15 * 60, "week": 3600}
_FIRST = datetime.min.replace(tzinfo=UTC)
MOST_STEPS, MOST_CLASSES, MOST_OUTAGES = 168, 12, 12


@dataclass(frozen=True)
class Row:
    """A camera in the list."""

    camera: Camera
    status: Status
    today: Mapping[str, int]
    mine: bool

    @property
    def icon(self) -> str:
        """Of its state."""
        return camera_words.ICONS[self.status.state]

    @property
    def state(self) -> str | Promise:
        """Its state as a word."""
        return camera_words.STATES[self.status.state]

    @property
    def there(self) -> str:
        """Where its page is."""
        return address(self.camera)

    @property
    def source_address(self) -> str:
        """Where it looks, as far as the reader may know."""
        camera = self.camera
        return camera.address if self.mine else for_others(camera.source, camera.address)

    @property
    def gives_pictures(self) -> bool:
        """Whether a still can be expected."""
        return self.status.state == "online"

    @property
    def counts(self) -> list[tuple[str | Promise, int]]:
        """Events of today, by type."""
        return [(camera_words.TYPES[kind], self.today.get(kind, 0)) for kind in camera_words.TYPES]


def address(camera: Camera) -> str:
    """Where its page is."""
    # a browser takes these two for steps in the path
    name = str(camera.pk) if camera.key in (".", "..") else camera.key
    return f"/cameras/{name}/"


def rows(cameras: Sequence[Camera], reader: User) -> list[Row]:
    """Three queries, however many they are."""
    told = statuses(cameras)
    midnight = datetime.combine(timezone.now().astimezone(UTC).date(), datetime.min.time(), UTC)
    seen = Sighting.objects.filter(topic__in=[camera.topic_id for camera in cameras], time__gte=midnight)
    counts: dict[Any, Counter[str]] = {}
    for topic, kind, count in seen.order_by().values_list("topic", "event_type").annotate(Count("pk")):
        counts.setdefault(topic, Counter())[kind] = count
    return [
        Row(camera, told[camera.pk], counts.get(camera.topic_id, {}), camera.may_be_changed_by(reader))
        for camera in cameras
    ]


def outages(camera: Camera) -> list[Event]:
    """When it came and went lately, newest first."""
    since = camera.topic.head - WITHIN_LINES
    lines = Event.objects.filter(topic=camera.topic_id, seq__gt=since, type__in=camera_words.OUTAGES)
    return list(lines.only("seq", "time", "type", "message").order_by("-seq")[:MOST_OUTAGES])


def who_missed(missed: Missed) -> str | Promise:
    """Who did not look."""
    known = camera_words.DETECTORS.get(missed.detector, missed.detector)
    return known if missed.detector else camera_words.NOBODY


@dataclass(frozen=True)
class Span:
    """A time that is looked at."""

    name: str
    begin: datetime
    end: datetime

    @property
    def seconds(self) -> float:
        return max(1.0, (self.end - self.begin).total_seconds())

    @property
    def lane_seconds(self) -> float:
        """The width of a step of a lane."""
        return float(LANE_STEPS.get(self.name) or math.ceil(self.seconds / MOST_STEPS))

    @property
    def is_short(self) -> bool:
        """Whether it is counted by the hour; else by the day."""
        return self.seconds <= 2 * 86_400


def span_of(name: str, begin: datetime | None, end: datetime | None) -> Span:
    """The span of a name, or the one between two times where any is given."""
    now = timezone.now()
    if begin is None and end is None:
        name = name if name in SPANS else "day"
        # at the edge of a step: a page rendered again a moment later shows the same steps
        step = float(LANE_STEPS[name])
        end = _floor(now, step) + timedelta(seconds=step)
        return Span(name, end - SPANS[name], end)
    end = end or now
    if begin is None or begin >= end:
        # the first day there is has none before it
        begin = max(end, _FIRST + SPANS["day"]) - SPANS["day"]
    return Span("custom", begin, end)


@dataclass(frozen=True)
class Bar:
    """Something in one step of time; its place is in a chart of 1000 by 100."""

    x: float
    width: float
    y: float
    height: float
    begin: datetime
    end: datetime
    count: int
    kind: str = ""


@dataclass
class Lane:
    """One kind of what was seen, over a span."""

    key: str
    title: str
    kind: str
    bars: list[Bar] = field(default_factory=list)

    @property
    def count(self) -> int:
        return sum(bar.count for bar in self.bars)


@dataclass(frozen=True)
class Chart:
    """Counts by the hour or day: bars stacked by type, and the same as a table."""

    bars: list[Bar]
    columns: list[str]
    lines: list[tuple[datetime, list[int], int]]
    most: int


def lanes(seen: QuerySet[Sighting], span: Span) -> list[Lane]:
    """Motion, every class of objects (the most frequent ones, then the rest), plates."""
    step = span.lane_seconds
    counted = _counted(seen, span.begin, step)
    by_lane: dict[tuple[str, str], Counter[int]] = {}
    for kind, name, nth, count in counted:
        by_lane.setdefault((kind, name), Counter())[nth] += count
    found = [_lane("motion", "", by_lane.pop(("motion", ""), Counter()), span)]
    plates = _lane("anpr", "", by_lane.pop(("anpr", ""), Counter()), span)
    often = sorted(by_lane.items(), key=lambda one: (-one[1].total(), one[0]))
    found += [_lane(kind, name, steps, span) for (kind, name), steps in often[:MOST_CLASSES]]
    if rest := often[MOST_CLASSES:]:
        merged: Counter[int] = sum((steps for _, steps in rest), Counter())
        found.append(_lane("others", "", merged, span))
    return [*found, plates]


def chart(seen: QuerySet[Sighting], span: Span) -> Chart:
    """How much was seen, by the hour or by the day, by type; the table has classes too."""
    step = 3600.0 if span.is_short else 86_400.0
    begin = _floor(span.begin, step)
    steps = min(MOST_STEPS * 3, math.ceil((span.end - begin).total_seconds() / step))
    names: Counter[str] = Counter()
    cells: dict[int, Counter[str]] = {}
    types: dict[int, Counter[str]] = {}
    for kind, name, nth, count in _counted(seen, begin, step):
        title = title_of(kind, name)
        names[title] += count
        cells.setdefault(nth, Counter())[title] += count
        types.setdefault(nth, Counter())[kind] += count
    most = max((one.total() for one in types.values()), default=0)
    columns = [name for name, _ in names.most_common(MOST_CLASSES + 2)]
    lines = [
        (begin + timedelta(seconds=nth * step), [counts[name] for name in columns], counts.total())
        for nth, counts in sorted(cells.items(), reverse=True)
    ]
    bars = [bar for nth, counts in types.items() for bar in _stack(nth, counts, most, steps, begin, step)]
    return Chart(bars, columns, lines, most)


def title_of(kind: str, name: str) -> str:
    """What people call it: a class by its word, where it has one."""
    if kind == "tracking" and name:
        word = str(footage_words.CLASSES[name][0]) if name in footage_words.CLASSES else name
        return word[:1].upper() + word[1:]
    return str(footage_words.LANES[kind])


def _counted(seen: QuerySet[Sighting], begin: datetime, step: float) -> Iterable[tuple[str, str, int, int]]:
    """(type, class, number of the step, how many); one query."""
    since = Value(begin.timestamp(), output_field=FloatField())
    elapsed = Cast(Extract("time", "epoch"), FloatField()) - since
    nth = Cast(Floor(elapsed / Value(step, output_field=FloatField())), IntegerField())
    rows = seen.order_by().annotate(nth=nth).values_list("event_type", "object_class", "nth")
    return list(rows.annotate(count=Count("pk")))


def _lane(kind: str, name: str, steps: Counter[int], span: Span) -> Lane:
    most = max(steps.values(), default=1)
    step = span.lane_seconds
    wide = 1000 * step / span.seconds
    bars = []
    for nth, count in sorted(steps.items()):
        high = round(30 + 70 * math.log1p(count) / math.log1p(most), 1)
        begin = span.begin + timedelta(seconds=nth * step)
        end = min(begin + timedelta(seconds=step), span.end)
        bars.append(Bar(round(nth * wide, 2), round(wide, 2), round(100 - high, 1), high, begin, end, count))
    return Lane(f"{kind}-{name}" if name else kind, title_of(kind, name), kind, bars)


def _stack(
    nth: int, counts: Counter[str], most: int, steps: int, begin: datetime, step: float
) -> Iterable[Bar]:
    wide = 1000 / steps
    top = 100.0
    at = begin + timedelta(seconds=nth * step)
    for kind in camera_words.TYPES:
        if count := counts[kind]:
            high = 100 * count / most
            top -= high
            yield Bar(
                round(nth * wide, 2),
                round(wide * 0.85, 2),
                round(top, 2),
                round(high, 2),
                at,
                at + timedelta(seconds=step),
                count,
                kind,
            )


def _floor(time: datetime, step: float) -> datetime:
    return datetime.fromtimestamp(time.timestamp() // step * step, UTC)
