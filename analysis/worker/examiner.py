"""Examines one run in a slot: takes it, has it recorded, ends it. The worker loop of the product."""

import logging
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from threading import Event as Flag
from typing import TYPE_CHECKING, TypeAlias
from uuid import UUID

from django.conf import settings

from analysis import queue, recorder
from analysis.calibrations import load_calibrations
from analysis.engine.calibration import Calibration
from analysis.engine.errors import Cancelled, EngineError
from analysis.engine.pipeline import Examination, examine
from analysis.engine.registry import Registry
from analysis.engine.stress import Stressed, StressOrder
from analysis.engine.stress.wording import not_stressed, weigh
from analysis.engine.types import MediaKind, Outcome, Stress
from analysis.errors import LeaseLost, MediaMissing, TraceRefused
from analysis.examining import load_options
from analysis.models import Run
from analysis.queue import Claim
from analysis.recorder.altering import stress_fields
from analysis.recorder.keeping import clear_leftovers
from analysis.recorder.plain import text
from analysis.recorder.recording import persist
from analysis.uploads.places import media_root
from analysis.worker import scratch
from analysis.worker.tracer import Tracer

if TYPE_CHECKING:
    from analysis.engine.watching.watch import Watching
    from analysis.worker.slot import Line

logger = logging.getLogger(__name__)
# After the ending is written: nobody waits for this.
PART_SECONDS = 2.0
Going: TypeAlias = "Examination | Stressed | Tracer | Watching"


class Examiner:
    """Examines runs, one at a time, for slot `slot`."""

    def __init__(self, worker: UUID, slot: int, registry: Registry, threads: int, line: "Line") -> None:
        self._worker = worker
        self._slot = slot
        self._registry = registry
        self._options = replace(load_options(), threads=threads)
        self._cards = {card.name: card for card in registry.cards()}
        self._line = line
        self._going: Going | None = None

    def examine(self, run_id: str) -> None:
        """Takes the run, if it is still there to be taken, and brings it to an end."""
        # whatever was said so far was said of attempts that somebody had before us
        self._line.cancels.clear()
        calibrations = load_calibrations()
        claim = queue.claim(UUID(run_id), worker=self._worker, slot=self._slot, defaults=self._defaults)
        if claim is None:
            return
        logger.info("run %s claimed, attempt %d", claim.run, claim.attempt)
        idle = self._line.report
        self._line.tell(replace(idle, run=claim.run, attempt=claim.attempt, seen=1))
        try:
            self._bring_to_end(claim, calibrations)
        except LeaseLost as lost:
            logger.warning("%s", lost)
        finally:
            self._line.current, self._line.stressing = lambda: "", lambda: False
            self._line.tell(idle)
            self._part()

    def _part(self) -> None:
        """Leaves no detector at work: it would go on beside the next run, with the same weights on the same core."""
        going, self._going = self._going, None
        if going and not going.close(PART_SECONDS):
            logger.warning("a detector does not stop; the slot is replaced")
            self._line.give_up()

    def _bring_to_end(self, claim: Claim, calibrations: Mapping[str, Calibration]) -> None:
        try:
            if claim.purpose == Run.Purpose.EXAMINATION:
                outcome, stress = self._examine(claim, calibrations)
                said = stress_fields(stress) if stress else None
                self._persist(lambda: queue.succeed(claim, outcome, said))
            else:
                self._answer(claim)
        except Cancelled:
            self._stopped(claim)
        except LeaseLost:
            raise
        except EngineError as error:
            self._failed(claim, error)
        except (MediaMissing, TraceRefused) as error:
            self._fail(claim, error.code, str(error))
        # the worker loop: whatever a run does, the next one is examined
        except Exception as error:
            logger.exception("run %s failed", claim.run)
            self._fail(claim, "examination_failed", _without_places(f"{type(error).__name__}: {error}"))

    def _answer(self, claim: Claim) -> None:
        path = _stored(claim)
        clear_leftovers(claim)
        tracer = Tracer(claim, self._registry, self._options, self._line, lambda: self._unwanted(claim))
        self._note_going(tracer)
        answer = tracer.answer(path)
        told = {"comparison": answer.said["comparison"], "difference": answer.said["difference"]}
        self._persist(
            lambda: queue.answer(
                claim, answer.said, sentence=answer.sentence, told=told, evidence=answer.evidence
            )
        )

    def _note_going(self, going: Going) -> None:
        self._going = going
        self._line.current = lambda: _computing(going)
        self._line.stressing = lambda: isinstance(going, Stressed) and going.stressing

    def _examine(
        self, claim: Claim, calibrations: Mapping[str, Calibration]
    ) -> tuple[Outcome, Stress | None]:
        path = _stored(claim)
        clear_leftovers(claim)
        stop = Flag()
        with self._begin(
            path, claim, calibrations, lambda: stop.is_set() or self._unwanted(claim)
        ) as examination:
            self._note_going(examination)
            record = recorder.record(claim, examination, cards=self._cards, pulse=self._line.pulse, stop=stop)
        logger.info("run %s: %d events took %.3f s", claim.run, record.events, record.seconds)
        assert record.outcome  # noqa: S101  # record() returns with it
        if claim.stress_seconds is not None and claim.unstressed:
            stress = not_stressed(claim.stress_seconds, claim.unstressed)
            return weigh(record.outcome, stress), stress
        return record.outcome, record.stress

    def _begin(
        self, path: Path, claim: Claim, calibrations: Mapping[str, Calibration], cancelled: Callable[[], bool]
    ) -> Examination | Stressed:
        examination = examine(
            path,
            registry=self._registry,
            detectors=claim.detectors,
            options=self._options,
            cancelled=cancelled,
            excluded=claim.excluded,
            calibrations=calibrations,
        )
        if claim.stress_seconds is None or claim.unstressed:
            return examination
        return Stressed(
            examination,
            StressOrder(
                claim.stress_seconds,
                scratch.folder(self._worker, self._slot) / str(claim.attempt),
                # before the supervisor takes the slot for one that hangs
                settings.STALL_SECONDS / 2,
            ),
            path,
            registry=self._registry,
            options=self._options,
            cancelled=cancelled,
            calibrations=calibrations,
        )

    def _unwanted(self, claim: Claim) -> bool:
        return self._line.stopping.is_set() or claim.which in self._line.cancels

    def _stopped(self, claim: Claim) -> None:
        end = queue.cancelled if claim.which in self._line.cancels else queue.release
        self._persist(lambda: end(claim))

    def _failed(self, claim: Claim, error: EngineError) -> None:
        if error.retryable:
            self._persist(lambda: queue.put_back(claim, str(error)))
        else:
            self._fail(claim, error.code, str(error))

    def _fail(self, claim: Claim, code: str, error: str) -> None:
        message = text(f"{claim.filename}: {error}")
        self._persist(lambda: queue.fail(claim, code=code, error=message))

    def _persist(self, write: Callable[[], None]) -> None:
        # endings may be written twice: the second time changes nothing
        persist(lambda _again: write(), pulse=self._line.pulse)

    def _defaults(self, kind: str) -> list[str]:
        return self._registry.defaults(MediaKind(kind))


def _stored(claim: Claim) -> Path:
    path = media_root() / claim.path
    if not path.is_file():
        raise MediaMissing("the stored file is gone. Ask whoever runs this desk, or send it again.")
    return path


def _computing(going: Going) -> str:
    current = going.current
    return current.detector if current else ""


def _without_places(message: str) -> str:
    """The log of the worker may say where things lie; what people read of a run does not."""
    return message.replace(f"{settings.ASSAY_HOME}/", "")
