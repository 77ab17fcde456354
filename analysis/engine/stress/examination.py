"""An examination that goes on after its last detector: altered copies, and what the same detectors say of them."""

import logging
import shutil
import time
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from threading import Event
from types import TracebackType
from typing import Self

from analysis.engine.calibration import Calibration
from analysis.engine.detectors.base import Card, wanted
from analysis.engine.errors import Cancelled, EngineError
from analysis.engine.fusion import conclude
from analysis.engine.lane import InFeed
from analysis.engine.pipeline import HALT_SECONDS, Examination, Options, examine
from analysis.engine.prepared import prepared
from analysis.engine.registry import Registry
from analysis.engine.stress import wording
from analysis.engine.stress.comparing import Baseline
from analysis.engine.stress.making import Interrupted, make
from analysis.engine.stress.order import StressOrder
from analysis.engine.stress.variants import PORTION_SECONDS, Variant, not_stressed, variants_for
from analysis.engine.types import (
    Concluded,
    DetectorEnded,
    MediaKind,
    Observation,
    Outcome,
    OutcomeName,
    Probe,
    Probed,
    Stress,
    StressStarted,
    VariantEnded,
    VariantStarted,
    VariantWorked,
    Verdict,
)

WORKED_SECONDS = 1.0
LATE_SECONDS = 2.0
UNALTERED = "unaltered"
logger = logging.getLogger(__name__)


class Stressed(Iterator[Observation]):
    """`first`, whose conclusion is held back until altered copies were looked at. Used like an Examination.

    It must be given the same file, registry, options and calibrations as `first`. The order's scratch folder is made
    for this examination alone and gone when it is closed, however it ended.
    """

    def __init__(
        self,
        first: Examination,
        order: StressOrder,
        path: Path,
        *,
        registry: Registry,
        options: Options | None = None,
        cancelled: Callable[[], bool] = lambda: False,
        calibrations: Mapping[str, Calibration] | None = None,
    ) -> None:
        self._passes = [first]
        self._order, self._path, self._registry = order, path, registry
        self._options = options or Options()
        self._cancelled = cancelled
        self._calibrations = calibrations or {}
        self._closed = Event()
        self._until = float("inf")
        self._stressing = False
        self._heard_at = 0.0
        # why no further copy is made
        self._broken = ""
        self._going = self._run(first)

    @property
    def current(self) -> InFeed | None:
        """The detector that has been computing longest; whom a watchdog blames."""
        return self._passes[-1].current

    @property
    def stressing(self) -> bool:
        """Whether the outcome is known, and only copies are looked at."""
        return self._stressing

    def __next__(self) -> Observation:
        return next(self._going)

    def close(self, within_seconds: float = HALT_SECONDS) -> bool:
        """Ends everything that is under way, and removes the copies. Whether all has ended in time."""
        self._closed.set()
        until = time.monotonic() + within_seconds
        ended = [one.close(max(0.0, until - time.monotonic())) for one in self._passes]
        shutil.rmtree(self._order.scratch, ignore_errors=True)
        return all(ended)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _run(self, first: Examination) -> Iterator[Observation]:
        endings: dict[str, DetectorEnded] = {}
        probe: Probe | None = None
        for seen in first:
            if isinstance(seen, Concluded):
                first.close()
                yield from self._stress(seen.outcome, endings, probe)
                return
            if isinstance(seen, DetectorEnded):
                endings[seen.detector] = seen
            elif isinstance(seen, Probed):
                probe = seen.probe
            yield seen

    def _stress(
        self, outcome: Outcome, endings: Mapping[str, DetectorEnded], probe: Probe | None
    ) -> Iterator[Observation]:
        self._stressing = True
        self._until = time.monotonic() + self._order.budget_seconds
        cards, left_out = self._asked(endings)
        why = wording.NOT_ASSESSABLE if outcome.name is OutcomeName.NOT_ASSESSABLE else ""
        why = why or (wording.NO_SCORE if not cards or probe is None else "")
        why = why or self._open_scratch()
        if why or probe is None:
            stress = wording.not_stressed(self._order.budget_seconds, why, left_out)
        else:
            try:
                stress = yield from self._alter(outcome.name, cards, endings, left_out, probe)
            finally:
                shutil.rmtree(self._order.scratch, ignore_errors=True)
        yield Concluded(wording.weigh(outcome, stress), stress)

    def _asked(self, endings: Mapping[str, DetectorEnded]) -> tuple[list[Card], list[tuple[str, str]]]:
        """The cards of those whose score is compared, and of the others that gave one why not."""
        cards, left_out = [], []
        for name, ending in endings.items():
            if not isinstance(ending.assessment, Verdict):
                continue
            # lanes band with the card as prepared: a calibration made for that one must not be stale for copies
            card = prepared(self._registry.card(name), self._registry.weights)
            if why := not_stressed(card):
                left_out.append((name, why))
            else:
                cards.append(card)
        return cards, left_out

    def _alter(
        self,
        outcome: OutcomeName,
        cards: Sequence[Card],
        endings: Mapping[str, DetectorEnded],
        left_out: Sequence[tuple[str, str]],
        probe: Probe,
    ) -> Generator[Observation, None, Stress]:
        portion = _portion(probe)
        variants = variants_for(probe.kind, cards, _last_seconds(probe))
        yield StressStarted(
            tuple((variant.name, variant.title) for variant in variants),
            tuple((card.name, card.title) for card in cards),
            tuple(left_out),
            self._order.budget_seconds,
            portion,
        )
        whole = {card.name: endings[card.name] for card in cards}
        scored = whole
        if portion is not None:
            scored = yield from self._unaltered(cards, portion)
        short = _short(outcome, whole, scored, portion)
        baseline = Baseline(scored, {card.name: card for card in cards}, self._calibrations, outcome, short)
        ended = []
        for variant in variants:
            one = yield from self._one(variant, baseline, portion)
            ended.append(one)
            yield one
        return Stress(
            wording.sentence(outcome, ended, portion),
            self._order.budget_seconds,
            portion,
            tuple(ended),
            tuple(left_out),
        )

    def _unaltered(
        self, cards: Sequence[Card], portion: float
    ) -> Generator[Observation, None, dict[str, DetectorEnded]]:
        """What detectors say of the portion as it is; nothing where that came to no end: then no copy is made."""
        options = replace(self._options, until_seconds=portion)
        try:
            said = yield from self._look(self._path, cards, options, UNALTERED)
        except Interrupted:
            return {}
        except Cancelled:
            raise
        except (EngineError, OSError) as error:
            self._broken = self._words(error)
            return {}
        return {name: ending for name, ending in said.items() if isinstance(ending.assessment, Verdict)}

    def _one(
        self, variant: Variant, baseline: Baseline, portion: float | None
    ) -> Generator[Observation, None, VariantEnded]:
        cards = [card for card in baseline.cards.values() if variant.asks(card)]
        cards = [card for card in cards if card.name in baseline.endings]
        self._raise_if_unwanted()
        if self._broken or self._over():
            return self._interrupted(variant)
        if not cards:
            return VariantEnded(variant.name, variant.title, variant.after)
        yield VariantStarted(variant.name, variant.title)
        began = time.monotonic()
        copy = self._order.scratch / variant.name
        try:
            yield from self._make(variant, copy, cards, portion)
            said = yield from self._look(copy, cards, self._options, variant.name)
        except Interrupted:
            return self._interrupted(variant)
        except Cancelled:
            raise
        except (EngineError, OSError) as error:
            return _not_run(variant, "failed", self._words(error))
        finally:
            with suppress(OSError):
                copy.unlink()
        return baseline.compare(variant, said, seconds=time.monotonic() - began)

    def _make(
        self, variant: Variant, copy: Path, cards: Sequence[Card], portion: float | None
    ) -> Iterator[Observation]:
        made = make(
            self._path,
            variant,
            copy,
            wants=wanted(cards),
            limits=self._options.limits,
            until_seconds=portion,
            over=self._over,
        )
        try:
            for _ in made:
                yield VariantWorked(variant.name)
        except Interrupted:
            self._raise_if_unwanted()
            raise

    def _look(
        self, path: Path, cards: Sequence[Card], options: Options, variant: str
    ) -> Generator[Observation, None, dict[str, DetectorEnded]]:
        """One pass over a copy; of what happens only endings are kept. Raises Interrupted and Cancelled."""
        self._heard_at = time.monotonic()
        going = examine(
            path,
            registry=self._registry,
            detectors=[card.name for card in cards],
            options=options,
            cancelled=lambda: self._stalled(going) or self._over(),
            calibrations=self._calibrations,
        )
        self._passes.append(going)
        endings: dict[str, DetectorEnded] = {}
        worked = 0.0
        with going:
            try:
                for seen in going:
                    self._heard_at = time.monotonic()
                    if isinstance(seen, DetectorEnded):
                        endings[seen.detector] = seen
                    if time.monotonic() - worked >= WORKED_SECONDS:
                        worked = time.monotonic()
                        yield VariantWorked(variant, len(endings))
            except Cancelled as error:
                self._raise_if_unwanted()
                # the next detector to be asked would otherwise share its weights with one that is still at work
                going.close(LATE_SECONDS)
                raise Interrupted from error
        if going.close():
            self._passes.remove(going)
        return endings

    def _open_scratch(self) -> str:
        """Why there is no place for copies; empty where there is."""
        self._raise_if_unwanted()
        try:
            self._order.scratch.mkdir(mode=0o700, parents=True)
        except OSError as error:
            logger.warning("there is no place for copies: %s", error)
            return f"there is no place for copies ({error.strerror})"
        return ""

    def _stalled(self, going: Examination) -> bool:
        """Whether a detector is stuck in one call and nothing is heard of others; then no further copy is made."""
        current = going.current
        seconds = self._order.stall_seconds
        if current and time.monotonic() - max(current.since, self._heard_at) >= seconds:
            self._broken = wording.stalled(current.detector, seconds)
        return bool(self._broken)

    def _interrupted(self, variant: Variant) -> VariantEnded:
        """Of a copy that was given up, or not begun, because of what happened to one before it or the time."""
        return _not_run(variant, "failed" if self._broken else wording.BUDGET, self._broken)

    def _words(self, error: Exception) -> str:
        """What went wrong, without the names of places on this machine."""
        if isinstance(error, OSError):
            logger.warning("a copy could not be kept or read: %s", error)
            return f"it could not be kept or read ({error.strerror})"
        return str(error).removeprefix(f"{self._path.name}: ")

    def _over(self) -> bool:
        return self._closed.is_set() or self._cancelled() or time.monotonic() >= self._until

    def _raise_if_unwanted(self) -> None:
        if self._closed.is_set() or self._cancelled():
            raise Cancelled("The examination was cancelled.")


def _portion(probe: Probe) -> float | None:
    """How much of the beginning is altered; None where it is all of it."""
    if probe.kind is MediaKind.IMAGE:
        return None
    known = probe.duration_seconds
    return None if known is not None and known <= PORTION_SECONDS else PORTION_SECONDS


def _last_seconds(probe: Probe) -> float | None:
    """When its last picture is shown, or its sound ends, by its header and to the millisecond."""
    ends, fps = probe.duration_seconds, probe.fps_from_header
    if ends is None or not probe.has_picture or not fps:
        return ends
    return ends - 1 / fps + 0.001


def _short(
    outcome: OutcomeName,
    whole: Mapping[str, DetectorEnded],
    scored: Mapping[str, DetectorEnded],
    portion: float | None,
) -> str:
    """Why those who are asked come to another outcome than the run; empty where they do not."""
    if conclude([*whole.values()]).name is not outcome:
        return wording.UNASKED
    said = conclude([*scored.values()]).name
    return "" if said is outcome or portion is None else wording.alone(portion, said)


def _not_run(variant: Variant, why: str, detail: str = "") -> VariantEnded:
    return VariantEnded(variant.name, variant.title, variant.after, not_run=why, detail=detail)
