"""Conducts one examination: opens the file, loads detectors, has every lane fed, concludes."""

import logging
import os
import sys
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from threading import BoundedSemaphore, Event, Thread
from typing import TYPE_CHECKING

from analysis.engine.belt import LOOK_SECONDS, Belt, Stopped
from analysis.engine.calibration import Calibration
from analysis.engine.detectors.base import Card, Detector, wanted
from analysis.engine.endings import damage_of, ended, failed, outside, remarks_on, remarks_on_passages, unread
from analysis.engine.errors import EngineError, UnusableWeights, UnverifiedWeights
from analysis.engine.feeding import Feeder
from analysis.engine.feeds import condition, sampling, source
from analysis.engine.fusion import conclude
from analysis.engine.lane import InFeed, Lane
from analysis.engine.media.limits import Limits, Passages, Sampling
from analysis.engine.media.reader import MediaReader, open_media, recognise
from analysis.engine.plan import Plan
from analysis.engine.prepared import prepared
from analysis.engine.registry import Registry, forwards_of
from analysis.engine.stages import Stages
from analysis.engine.trust import NOBODY, TrustList
from analysis.engine.types import (
    Concluded,
    Consumes,
    DetectorEnded,
    DetectorStarted,
    FootageSettings,
    FoundBy,
    MediaKind,
    NotAssessed,
    Observation,
    Prepared,
    Probe,
    Probed,
    Reason,
    Stage,
)

if TYPE_CHECKING:
    from analysis.engine.analytics.detection import ObjectFinder

logger = logging.getLogger(__name__)
OUT_OBSERVATIONS = 256


@dataclass(frozen=True)
class Options:
    """How a file is examined. `threads` is how many cores may be used (None: all that this process may).

    passages: what is read at the full rate when a detector that runs needs it. until_seconds: where reading stops.
    footage: how it is watched by detectors that consume it.
    threads_each: those of torch and OpenCV, when they are not to follow from how much is busy.
    """

    limits: Limits = field(default_factory=Limits)
    sample_fps: float = 5.0
    passages: Passages = field(default_factory=Passages)
    # the nets here cost the same per face in any batch; small ones keep cores from waiting at both ends
    batch_frames: int = 4
    threads: int | None = None
    threads_each: int | None = None
    trust: TrustList = NOBODY
    until_seconds: float | None = None
    footage: FootageSettings = field(default_factory=FootageSettings)

    @property
    def cores(self) -> int:
        return self.threads or len(os.sched_getaffinity(0))


@dataclass(frozen=True)
class Order:
    """What is to be examined by whom; `excluded` names detectors that must not run, and why.

    `calibrations` holds the one that counts for each detector that has one.
    """

    path: Path
    registry: Registry
    detectors: tuple[str, ...] | None
    options: Options
    excluded: Mapping[str, str]
    calibrations: Mapping[str, Calibration] = field(default_factory=dict)


def threads_each(cards: Sequence[Card], cores: int) -> int:
    """The threads a net has when so many detectors, and whoever finds their faces and objects, share the cores."""
    faces = any(card.consumes is Consumes.FACES for card in cards)
    objects = any(card.follows for card in cards)
    # what is done with objects once they are found is little
    light = {Consumes.FILE, Consumes.FOOTAGE}
    busy = sum(card.consumes not in light for card in cards) + faces + objects
    return max(1, cores // max(1, busy))


class Conductor:
    """Runs in a thread of its own; what happens comes out of `out`, and `halt` ends it from outside."""

    def __init__(self, order: Order) -> None:
        self.order = order
        self.stop = Event()
        self.out: Belt[Observation] = Belt(OUT_OBSERVATIONS, self.stop)
        self.error: BaseException | None = None
        self.lanes: list[Lane] = []
        self._stages = Stages(self.out)
        self._reader: MediaReader | None = None
        self._sampling = Sampling()
        self._loading: InFeed | None = None
        self._endings: dict[str, DetectorEnded] = {}
        self._remarks: list[str] = []
        self._thread = Thread(target=self._run, name="conductor", daemon=True)

    def start(self) -> None:
        self._thread.start()

    @property
    def finished(self) -> bool:
        return not self._thread.is_alive()

    def halt(self, seconds: float) -> bool:
        """Stops every thread and the reader's child; waits at most `seconds`. Whether all have ended."""
        self.stop.set()
        if self._reader:
            self._reader.close()
        until = time.monotonic() + seconds
        self._thread.join(seconds)
        for lane in self.lanes:
            lane.join(max(0.0, until - time.monotonic()))
        return self.finished and not any(lane.is_alive for lane in self.lanes)

    def computing(self) -> list[InFeed]:
        """The detectors that are computing now, the longest first."""
        feeds = [self._loading, *(lane.in_feed for lane in self.lanes)]
        return sorted((feed for feed in feeds if feed), key=lambda feed: feed.since)

    def _run(self) -> None:
        try:
            self._conduct()
        except Stopped:
            return
        # carried over to the thread that iterates, and raised there
        except BaseException as error:
            self.error = error

    def _conduct(self) -> None:
        self._stages.begin(Stage.INITIALIZING, "Opening the file and loading detectors.")
        cards = self._chosen()
        asked = [card for card in cards if self._can_run(card)]
        try:
            reader = self._open(asked)
        except EngineError as error:
            for card in asked:
                self._end(ended(card, unread(error)))
            damage = str(error)
        else:
            with reader:
                damage = self._examine(reader, asked)
        with self._stages.during(Stage.POST_PROCESSING, "Weighing what was found."):
            endings = [self._endings[card.name] for card in cards]
            outcome = conclude(endings, damage=damage, remarks=self._remarks)
        self.out.put(Concluded(outcome))

    def _chosen(self) -> list[Card]:
        names = self.order.detectors if self.order.detectors is not None else self._defaults()
        return [self.order.registry.card(name) for name in names]

    def _defaults(self) -> Sequence[str]:
        try:
            return self.order.registry.defaults(recognise(self.order.path).kind)
        except EngineError:
            # nothing can be read, but each detector that would be asked of some file says so
            every = [self.order.registry.defaults(kind) for kind in MediaKind]
            return list(dict.fromkeys(name for names in every for name in names))

    def _can_run(self, card: Card) -> bool:
        if card.name in self.order.excluded:
            reason = NotAssessed(Reason.DETECTOR_FAILED, self.order.excluded[card.name])
            self._end(ended(card, reason, error_type="Excluded"))
            return False
        state = self.order.registry.state(card.name)
        if not state.available:
            self._end(ended(card, NotAssessed(Reason.DETECTOR_MISSING, state.reason)))
        return state.available

    def _end(self, ending: DetectorEnded) -> None:
        self._endings[ending.detector] = ending
        self.out.put(ending)

    def _open(self, cards: Sequence[Card]) -> MediaReader:
        self._sampling = sampling(self.order.options, cards)
        self._reader = open_media(
            self.order.path,
            limits=self.order.options.limits,
            sampling=self._sampling,
            wants=wanted(cards),
            trust=self.order.options.trust,
        )
        if self.stop.is_set():
            self._reader.close()
            raise Stopped
        return self._reader

    def _examine(self, reader: MediaReader, cards: Sequence[Card]) -> str:
        """Has everybody fed; returns what could not be read, in words, or nothing."""
        self.out.put(Probed(reader.probe))
        detectors = [loaded for card in cards if (loaded := self._load(card, reader.probe))]
        threads = self._share_cores(detectors)
        detectors, objects = self._find_objects(detectors, threads)
        self.lanes = self._make_lanes(detectors, reader)
        feeder = Feeder(
            reader,
            self.lanes,
            self.order.registry.weights,
            sampling=self._sampling,
            stages=self._stages,
            stop=self.stop,
            out=self.out,
            cores=self.order.options.cores,
            footage=self.order.options.footage,
            objects=objects,
        )
        self.out.put(Prepared(self._plan(threads, feeder, detectors)))
        self._stages.finish(Stage.INITIALIZING, "Ready.")
        with self._stages.during(Stage.MODEL_INFERENCE, "Detectors are looking."):
            for lane in self.lanes:
                self.out.put(DetectorStarted(lane.card.name, f"{lane.card.title} started."))
                lane.start()
            damage = damage_of(reader.probe, feeder.feed())
            self._remarks = self._remark(reader) + feeder.remarks
            self._wait(lane.fed for lane in self.lanes)
        with self._stages.during(Stage.VISUALIZATION, "Drawing evidence."):
            self._wait(lane.done for lane in self.lanes)
        self._endings |= {lane.card.name: lane.ending for lane in self.lanes if lane.ending}
        return damage

    def _remark(self, reader: MediaReader) -> list[str]:
        probe, summary = reader.probe, reader.summary
        cards = [lane.card for lane in self.lanes]
        return remarks_on(probe, summary) + remarks_on_passages(
            cards, self.order.options.passages, probe, summary
        )

    def _load(self, card: Card, probe: Probe) -> Detector | None:
        reason = outside(card, probe)
        if reason:
            self._end(ended(card, reason))
            return None
        self._loading = InFeed(card.name, time.monotonic())
        try:
            return self.order.registry.detector(card.name)
        except (UnverifiedWeights, UnusableWeights) as error:
            self._end(ended(card, NotAssessed(Reason.DETECTOR_MISSING, str(error))))
        # loading a plug-in may raise anything at all: the others go on
        except BaseException as error:
            logger.exception("detector %s could not be loaded", card.name)
            self._end(failed(card, error))
        finally:
            self._loading = None
        return None

    def _find_objects(
        self, detectors: list[Detector], threads: int
    ) -> "tuple[list[Detector], ObjectFinder | None]":
        """The detectors that can be fed, and who finds objects for those that follow any."""
        following = [detector.card for detector in detectors if detector.card.follows]
        if not following:
            return detectors, None
        registry, name = self.order.registry, self.order.options.footage.finder
        self._loading = InFeed(following[0].name, time.monotonic())
        try:
            return detectors, registry.find_objects(registry.weights, name, threads)
        except (UnverifiedWeights, UnusableWeights) as error:
            for card in following:
                self._end(ended(card, NotAssessed(Reason.DETECTOR_MISSING, str(error))))
        # a finder is a net like any other: whatever it raises, the others go on
        except BaseException as error:
            logger.exception("the object finder could not be loaded")
            for card in following:
                self._end(failed(card, error))
        finally:
            self._loading = None
        return [detector for detector in detectors if not detector.card.follows], None

    def _plan(self, threads: int, feeder: Feeder, detectors: Sequence[Detector]) -> Plan:
        return Plan(
            sample_fps=self.order.options.sample_fps,
            batch_frames=self._sampling.batch_frames,
            passages=self._sampling.passages,
            threads=threads,
            device=self.order.registry.device,
            finder=feeder.finder,
            object_finder=_named(feeder.found_by),
            nets={
                net.name: {"way": net.way.value, "batch": net.batch}
                for detector in detectors
                for net in forwards_of(detector)
            },
        )

    def _share_cores(self, detectors: Sequence[Detector]) -> int:
        """Gives torch and OpenCV the threads that are left when each busy part has one; how many that are."""
        cards = [detector.card for detector in detectors]
        threads = self.order.options.threads_each or threads_each(cards, self.order.options.cores)
        for name, setter in (("torch", "set_num_threads"), ("cv2", "setNumThreads")):
            # not imported for this: without detectors that use it there is nothing to limit
            if name in sys.modules:
                getattr(sys.modules[name], setter)(threads)
        return threads

    def _make_lanes(self, detectors: Sequence[Detector], reader: MediaReader) -> list[Lane]:
        options = self.order.options
        permits = BoundedSemaphore(options.cores)
        return [
            Lane(
                detector,
                source(reader.probe, options, detector.card),
                out=self.out,
                stop=self.stop,
                permits=permits,
                calibration=self.order.calibrations.get(detector.card.name),
                prepared=prepared(detector.card, self.order.registry.weights),
                condition=condition(detector.card, reader),
            )
            for detector in detectors
        ]

    def _wait(self, events: Iterable[Event]) -> None:
        for event in events:
            while not event.wait(LOOK_SECONDS):
                if self.stop.is_set():
                    raise Stopped


def _named(found_by: FoundBy | None) -> tuple[str, str, str] | None:
    return (found_by.name, found_by.version, found_by.sha256 or "") if found_by else None
