"""Records one attempt: a thread draws observations, this one writes what is ready, in one transaction each.

What arrived while the last write ran goes with the next one; an idle recorder writes at once.
"""

import logging
import queue as threads
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from threading import Event as Flag
from threading import Thread

from django.db import InterfaceError, OperationalError, connection, transaction

from analysis import queue
from analysis.engine.detectors.base import Card
from analysis.engine.plan import Plan
from analysis.engine.types import (
    Concluded,
    DetectorEnded,
    EvidenceMade,
    Observation,
    Outcome,
    PlateTold,
    Prepared,
    Stress,
    VariantWorked,
)
from analysis.models import Evidence, Result
from analysis.queue import Claim
from analysis.recorder.drafting import Drafter
from analysis.recorder.hiding import Hiding
from analysis.recorder.keeping import result_of, sound, store_evidence
from analysis.recorder.pacing import Pacer
from analysis.recorder.pictures import Pictured, pictured
from realtime import log
from realtime.log import Draft
from realtime.models import Event

logger = logging.getLogger(__name__)
DRAWN_AHEAD = 512
BATCH = 200
OF_THE_RUN = ""
Told = Observation | Pictured
OUTAGE_FIRST_SECONDS, OUTAGE_LONGEST_SECONDS = 0.1, 2.0


@dataclass
class Record:
    """How an attempt was recorded. `seconds` is the CPU time the writing took."""

    outcome: Outcome | None = None
    stress: Stress | None = None
    events: int = 0
    seconds: float = 0.0


@dataclass(frozen=True)
class _Broken:
    error: BaseException


def record(
    claim: Claim,
    observations: Iterator[Observation],
    *,
    cards: Mapping[str, Card],
    pulse: Callable[[], None] = lambda: None,
    stop: Flag | None = None,
) -> Record:
    """Writes down a whole examination; returns when its conclusion was drawn and all before it is written.

    pulse: called for every sign of life. stop: set when writing came to an end before the observations did.
    Raises LeaseLost, and whatever the iterator raises.
    """
    stop = stop or Flag()
    drawn: threads.Queue[Told | _Broken] = threads.Queue(DRAWN_AHEAD)
    # in the thread that draws: pictures that wait for the database wait on disk, not in memory
    told = (pictured(claim, observation) for observation in observations)
    drawing = Thread(target=_draw, args=(told, drawn, stop), name="drawing", daemon=True)
    drawing.start()
    recorder = Recorder(claim, cards, pulse)
    try:
        return recorder.write_all(drawn)
    finally:
        stop.set()
        drawing.join(2.0)


def persist(write: Callable[[bool], None], *, pulse: Callable[[], None] = lambda: None) -> None:
    """Writes, again and again while the database does not answer.

    write: told whether it was tried before; then it may have been committed all the same.
    """
    again = False
    wait_seconds = OUTAGE_FIRST_SECONDS
    while True:
        try:
            return write(again)
        except (OperationalError, InterfaceError) as error:
            logger.warning("the database does not answer, trying again in %.1f s: %s", wait_seconds, error)
            connection.close()
        again = True
        pulse()
        time.sleep(wait_seconds)
        wait_seconds = min(2 * wait_seconds, OUTAGE_LONGEST_SECONDS)


class Recorder:
    """The writer of one attempt. Used by one thread."""

    def __init__(self, claim: Claim, cards: Mapping[str, Card], pulse: Callable[[], None]) -> None:
        self.record = Record()
        self._claim = claim
        self._pulse = pulse
        self._pacer = Pacer()
        self._drafter = Drafter(cards)
        self._hiding = Hiding()
        self._cards = cards
        self._evidence: dict[str, list[Evidence]] = {}
        self._plan: Plan | None = None
        self._written_seq = 0

    def write_all(self, drawn: "threads.Queue[Told | _Broken]") -> Record:
        """Until the conclusion. Raises what drawing raised, after everything before it was written."""
        while self.record.outcome is None:
            broken = self._take(drawn)
            began = time.thread_time()
            self._write(self._pacer.ready(time.monotonic()))
            self.record.seconds += time.thread_time() - began
            if broken and self.record.outcome is None:
                raise broken.error
        return self.record

    def _take(self, drawn: "threads.Queue[Told | _Broken]") -> _Broken | None:
        """Waits for an observation, or for the time of what waits; takes all there is."""
        due = self._pacer.due
        timeout = None if due is None else max(0.0, due - time.monotonic())
        for item in _all(drawn, timeout):
            if isinstance(item, _Broken):
                return item
            self._note(item)
        return None

    def _note(self, observation: Told) -> None:
        self._pulse()
        if isinstance(observation, Concluded):
            self.record.outcome = self._hiding.outcome(observation.outcome)
            self.record.stress = observation.stress
        elif isinstance(observation, Prepared):
            self._plan = observation.plan
        elif isinstance(observation, VariantWorked):
            return
        elif isinstance(observation, EvidenceMade):
            made = store_evidence(self._claim, observation)
            self._evidence.setdefault(observation.detector, []).append(made)
        else:
            told = observation.told if isinstance(observation, Pictured) else observation
            if isinstance(told, PlateTold):
                self._hiding.note(told)
            if isinstance(observation, DetectorEnded):
                observation = self._hiding.ending(sound(observation))
                self._hiding.evidence(self._evidence.get(observation.detector, []))
            self._pacer.take(observation, time.monotonic())

    def _write(self, observations: list[Told]) -> None:
        if not observations:
            return
        endings = [seen for seen in observations if isinstance(seen, DetectorEnded)]
        results = [result_of(self._claim, ending, self._plan_of(ending.detector)) for ending in endings]
        evidence = [made for ending in endings for made in self._evidence.get(ending.detector, [])]
        drafts = [draft for seen in observations if (draft := self._draft(seen))]
        if drafts:
            # what is of the run and of no detector waits for none to end
            evidence += self._evidence.pop(OF_THE_RUN, [])
        persist(lambda again: self._write_once(drafts, results, evidence, again=again), pulse=self._pulse)
        self.record.events += len(drafts)

    def _plan_of(self, detector: str) -> Plan | None:
        card = self._cards.get(detector)
        return self._plan.of(card) if self._plan and card else self._plan

    def _draft(self, observation: Told) -> Draft | None:
        mine: list[Evidence] = []
        if isinstance(observation, DetectorEnded):
            mine = self._evidence.get(observation.detector, [])
        draft = self._drafter.draft(observation, mine)
        return draft and replace(draft, time=datetime.now(UTC))

    def _write_once(
        self, drafts: list[Draft], results: list[Result], evidence: list[Evidence], *, again: bool
    ) -> None:
        claim = self._claim
        with transaction.atomic():
            queue.fence(claim)
            if not drafts or (again and self._is_written(drafts[0])):
                return
            Result.objects.bulk_create(results)
            Evidence.objects.bulk_create(evidence)
            lines = log.append(claim.topic, drafts, run=claim.run, attempt=claim.attempt)
        self._written_seq = lines[-1].seq

    def _is_written(self, first: Draft) -> bool:
        """Whether this batch was committed before and only the answer was lost: then it stands in the log."""
        tail = Event.objects.filter(topic=self._claim.topic, seq__gt=self._written_seq)
        tail = tail.filter(attempt=self._claim.attempt, type=first.type, subject=first.subject)
        return first.time in tail.values_list("time", flat=True)


def _all(drawn: "threads.Queue[Told | _Broken]", timeout: float | None) -> Iterator[Told | _Broken]:
    """Waits for one, then takes what else lies there, at most BATCH."""
    try:
        yield drawn.get(timeout=timeout)
        for _ in range(BATCH):
            yield drawn.get_nowait()
    except threads.Empty:
        return


def _draw(observations: Iterator[Told], drawn: "threads.Queue[Told | _Broken]", stop: Flag) -> None:
    try:
        for observation in observations:
            _put(drawn, observation, stop)
            if stop.is_set():
                return
    # raised again by the thread that writes
    except BaseException as error:
        _put(drawn, _Broken(error), stop)
    else:
        _put(drawn, _Broken(RuntimeError("the examination ended without a conclusion")), stop)


def _put(drawn: "threads.Queue[Told | _Broken]", item: Told | _Broken, stop: Flag) -> None:
    while not stop.is_set():
        try:
            return drawn.put(item, timeout=0.1)
        except threads.Full:
            continue
    return None
