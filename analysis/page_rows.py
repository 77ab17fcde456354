"""What the pages show, read from the database in a fixed number of queries and made ready for templates."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.conf import settings
from django.core.paginator import Page, Paginator
from django.http import QueryDict
from django.utils.translation import gettext as _

from accounts.models import User
from analysis import page_words
from analysis.calibrations import calibration_fields, load_calibrations
from analysis.models import DetectorCard, Evidence, Media, Result, Run
from analysis.topics import ENDINGS
from realtime import jobs
from realtime.models import PROGRESS_TYPES, Event, Job

TRAIL_LINES = 50
FACT_ROWS = 200
LONG_TEXT = 240
FORMATS = {
    "video": "MP4, MOV, MKV, WebM, AVI, MPEG-TS …",
    "image": "JPEG, PNG, WebP, GIF, HEIC, AVIF, TIFF",
    "audio": "WAV, FLAC, MP3, AAC, Ogg, Opus",
}
# These two report facts; they have panels of their own beside the detectors' outcome.
FACT_PANELS = ("provenance", "metadata")
TELLING_STATES = ("valid", "issuer_unknown", "incomplete", "tampered")
TELLING_KINDS = ("source_type", "generator", "thumbnail", "ai_source")


@dataclass(frozen=True)
class Limits:
    """What this desk takes, said before anybody uploads."""

    size_bytes: int
    duration_seconds: float
    pixels: int
    formats: Mapping[str, str]

    @property
    def megapixels(self) -> int:
        return self.pixels // 1_000_000


@dataclass(frozen=True)
class CardRow:
    """A detector's card, and whether a worker can run it."""

    name: str
    available: bool
    reason: str
    card: Mapping[str, Any]
    calibration: Mapping[str, Any] | None = None

    @property
    def title(self) -> str:
        return str(self.card.get("title") or self.name)


@dataclass(frozen=True)
class MediaFacts:
    """What the probe said of the file; None and "" where it said nothing."""

    width: int | None
    height: int | None
    duration_seconds: float | None
    codecs: str


@dataclass(frozen=True)
class Fact:
    """One line of a facts panel; `depth` is how far it is nested."""

    label: str
    value: str
    depth: int


@dataclass(frozen=True)
class ResultRow:
    """A result with the card of its detector and what it left as evidence."""

    result: Result
    card: Mapping[str, Any]
    evidence: Sequence[Evidence]
    facts: Sequence[Fact]

    @property
    def title(self) -> str:
        return str(self.card.get("title") or self.result.detector)

    @property
    def ended(self) -> str:
        """finished, abstained or failed."""
        if self.result.score is not None:
            return "finished"
        return "failed" if self.result.reason == "detector_failed" else "abstained"

    @property
    def reports_facts(self) -> bool:
        """Who was never to give a score has not abstained."""
        return bool(self.result.reason == "reports_facts")

    @property
    def watched(self) -> bool:
        """Whether it told what happens in the file, which it does not judge."""
        return self.reports_facts and not self.card.get("forensic", True)

    @property
    def statement(self) -> str:
        """One sentence of what it reports."""
        state = self.result.facts.get("state") if self.result.detector == "provenance" else None
        return str(page_words.PROVENANCE.get(str(state), self.result.detail))

    @property
    def notes(self) -> Sequence[str]:
        """What of its facts nobody who reads the outcome may miss."""
        state = self.result.facts.get("state") if self.result.detector == "provenance" else None
        found = [str(item["sentence"]) for item in self._found() if item.get("kind") in TELLING_KINDS]
        return [self.statement, *found] if state in TELLING_STATES else found

    @property
    def findings(self) -> Sequence[tuple[str, str]]:
        """The sentences of a detector that reports facts, and the field of the file each stands in."""
        return [(str(item["sentence"]), str(item.get("field") or "")) for item in self._found()]

    def _found(self) -> Sequence[Mapping[str, Any]]:
        found = self.result.facts.get("findings")
        found = found if isinstance(found, list) else []
        return [item for item in found if isinstance(item, Mapping) and item.get("sentence")]


@dataclass(frozen=True)
class Sheet:
    """Everything on record of one run, latest attempt."""

    rows: Sequence[ResultRow]
    panels: Sequence[ResultRow]
    unclaimed: Sequence[Evidence] = field(default=())
    siblings: Sequence[Run] = field(default=())

    @property
    def uncalibrated(self) -> bool:
        """Whether a score here is of a detector without a calibration."""
        return any(row.result.band == "uncalibrated" for row in self.rows)

    @property
    def seen(self) -> Sequence[tuple[str, str]]:
        """What happens in the file, with the title of who tells it."""
        return [(row.title, row.result.detail) for row in self.rows if row.watched and row.result.detail]

    @property
    def notes(self) -> Sequence[tuple[str, str]]:
        """Facts that belong beside the outcome, with the title of who reports them."""
        return [(row.title, note) for row in self.panels for note in row.notes]


@dataclass(frozen=True)
class Trail:
    """A page of the run's log, newest first."""

    page: Page[Event]
    everything: bool


def limits() -> Limits:
    """The limits of the settings."""
    return Limits(settings.MAX_UPLOAD_BYTES, settings.MAX_DURATION_SECONDS, settings.MAX_PIXELS, FORMATS)


def cards(known: Iterable[DetectorCard]) -> list[CardRow]:
    """Cards, those that can run first."""
    calibrations = load_calibrations()
    rows = [
        CardRow(
            card.name,
            card.available,
            card.reason,
            card.card,
            calibration_fields(card.card, calibrations.get(card.name)),
        )
        for card in known
    ]
    return sorted(rows, key=lambda row: (not row.available, row.name))


def media_facts(media: Media) -> MediaFacts:
    """What is shown of the probe; a file that could not be probed has nothing to show."""
    probe = media.facts or {}
    codecs = ", ".join(probe[key] for key in ("video_codec", "audio_codec") if probe.get(key))
    return MediaFacts(probe.get("width"), probe.get("height"), probe.get("duration_seconds"), codecs)


def filter_choices() -> dict[str, page_words.Words]:
    """What the history can be narrowed by, with the words people know."""
    return {"state": page_words.STATES, "outcome": page_words.OUTCOMES, "kind": page_words.KINDS}


def sheet(run: Run, *, reader: User) -> Sheet:
    """What is on record of the latest attempt: three queries, and one for other runs of the same bytes."""
    attempt = run.lease.attempt
    evidence = list(run.evidence.filter(attempt=attempt).order_by("created", "pk").defer("data"))
    known = dict(DetectorCard.objects.values_list("name", "card"))
    rows = [
        _row(result, known, evidence) for result in run.results.filter(attempt=attempt).order_by("detector")
    ]
    named = {row.result.detector for row in rows}
    return Sheet(
        rows=sorted((row for row in rows if row.result.detector not in FACT_PANELS), key=_strongest_first),
        panels=[row for row in rows if row.result.detector in FACT_PANELS],
        unclaimed=[picture for picture in evidence if picture.detector not in named],
        siblings=list(_siblings(run, reader)),
    )


def _row(result: Result, known: Mapping[str, Mapping[str, Any]], evidence: Sequence[Evidence]) -> ResultRow:
    pictures = [picture for picture in evidence if picture.detector == result.detector]
    # findings are told as sentences
    told = {name: value for name, value in result.facts.items() if name != "findings"}
    return ResultRow(result, known.get(result.detector, {}), pictures, facts(told))


def _strongest_first(row: ResultRow) -> tuple[bool, float, str]:
    return (row.result.score is None, -(row.result.score or 0), row.result.detector)


def _siblings(run: Run, reader: User) -> Iterable[Run]:
    same_bytes = Media.objects.owned_by(reader).filter(sha256=run.file.sha256)
    runs = Run.objects.examinations().filter(media__in=same_bytes).exclude(pk=run.pk)
    return runs.select_related("owner").order_by("-created")[:5]


def facts(given: Mapping[str, Any]) -> list[Fact]:
    """Nested facts as lines, in their own order; at most FACT_ROWS."""
    return list(_lines(given, 0))[:FACT_ROWS]


def _lines(given: Mapping[str, Any], depth: int) -> Iterable[Fact]:
    for key, value in given.items():
        label = str(key).replace("_", " ")
        if isinstance(value, Mapping) and value:
            yield Fact(label, "", depth)
            yield from _lines(value, depth + 1)
        elif isinstance(value, list) and any(isinstance(item, Mapping) for item in value):
            yield Fact(label, "", depth)
            for number, item in enumerate(value, start=1):
                yield from _lines({str(number): item}, depth + 1)
        else:
            yield Fact(label, _text(value), depth)


def _text(value: object) -> str:
    if value is None or value in ([], {}):
        return "–"
    if isinstance(value, list):
        return ", ".join(_text(item) for item in value)
    return f"{value:.4g}" if isinstance(value, float) else _shortened(str(value))


def _shortened(text: str) -> str:
    """Long texts by their beginning, and what programs wrote for programs by its length; the API has it all."""
    if text.startswith(("{", "[{")) and len(text) > LONG_TEXT // 4:
        return str(_("{count} characters of JSON").format(count=len(text)))
    if len(text) <= LONG_TEXT:
        return text
    return str(_("{beginning}… ({count} characters)").format(beginning=text[:LONG_TEXT], count=len(text)))


@dataclass(frozen=True)
class LastLine:
    """The ending of a run or a job: the closing proof, to be kept elsewhere. `behind`: how many lines came after."""

    seq: int
    hash: str
    behind: int


_UNDER_WAY = frozenset({Run.State.QUEUED, Run.State.RUNNING, *jobs.OPEN})


def last_line(of: Run | Job) -> LastLine | None:
    """The ending of what has ended; None while more is to come. It needs its topic."""
    if of.state in _UNDER_WAY:
        return None
    endings = Event.objects.filter(topic_id=of.topic_id, type__in=ENDINGS | jobs.ENDINGS).order_by("-seq")
    ending = endings.only("seq", "hash").first()
    if ending is None:
        return None
    # Read before the ending was: it may have been asked for again, and ended again, in between.
    behind = max(0, of.topic.head - ending.seq)
    return LastLine(ending.seq, bytes(ending.hash).hex(), behind)


def trail(run: Run, query: QueryDict) -> Trail:
    """A page of the log; progress lines only when `lines=all` asks for them."""
    everything = query.get("lines") == "all"
    events = Event.objects.filter(topic_id=run.topic_id)
    if not everything:
        events = events.filter(run=run.pk).exclude(type__in=PROGRESS_TYPES)
    shown = events.order_by("-seq").only("seq", "time", "type", "subject", "message", "attempt")
    return Trail(Paginator(shown, TRAIL_LINES).get_page(query.get("trail")), everything)
