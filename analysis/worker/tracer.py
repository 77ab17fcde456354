"""Answers a question about one score: computes it once more, compares, and shows what it was computed from."""

import hashlib
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from analysis.engine.detectors.base import Attention, Explains, Piece, Window
from analysis.engine.errors import Cancelled
from analysis.engine.lane import InFeed
from analysis.engine.pipeline import Options
from analysis.engine.plan import Plan, computed_elsewhere, looked_otherwise
from analysis.engine.registry import Registry
from analysis.engine.tracing.comparing import Compared, compare
from analysis.engine.tracing.pictures import CAPTION, SOUND_RATE_HZ, crop_made, ground_made, heatmap_made
from analysis.engine.tracing.question import SCORE_DIGITS, Question
from analysis.engine.tracing.retrace import Found, Retrace
from analysis.errors import NoHeatmap, TraceRefused
from analysis.models import Evidence, Result, Run, Trace
from analysis.queue import Claim
from analysis.recorder.keeping import store_evidence
from analysis.recorder.plain import plain, text
from analysis.worker.explaining import Explaining

if TYPE_CHECKING:
    from analysis.worker.slot import Line

CHUNK_BYTES = 4 << 20


@dataclass(frozen=True)
class Answer:
    """`said` is what stays on record; the evidence lies in its files, its rows are still to be saved."""

    said: dict[str, Any]
    sentence: str
    evidence: Sequence[Evidence]


class Tracer:
    """Answers one question. `unwanted` is asked whether to stop; then Cancelled is raised.

    `current` and `close` are as those of an examination: for a watchdog, and for who must leave nothing at work.
    """

    def __init__(
        self,
        claim: Claim,
        registry: Registry,
        options: Options,
        line: "Line",
        unwanted: Callable[[], bool],
    ) -> None:
        self._claim, self._registry, self._options = claim, registry, options
        self._line, self._unwanted = line, unwanted
        self._retrace: Retrace | None = None
        self._explaining: Explaining | None = None
        self._trace = Trace.objects.select_related("result", "run__media").get(pk=claim.run)

    @property
    def current(self) -> InFeed | None:
        """Who is computing."""
        if self._explaining:
            return self._explaining.current
        return self._retrace.examination.current if self._retrace else None

    def close(self, within_seconds: float) -> bool:
        """Whether everything has ended by then."""
        until = time.monotonic() + within_seconds
        ended = self._retrace is None or self._retrace.examination.close(within_seconds)
        left = max(0.0, until - time.monotonic())
        return (self._explaining is None or self._explaining.close(left)) and ended

    def answer(self, path: Path) -> Answer:
        """Raises TraceRefused, Cancelled, EngineError."""
        detector = self._trace.result.detector
        if reason := self._claim.excluded.get(detector):
            raise TraceRefused(reason)
        sha256 = self._digest(path)
        plan = plan_of(self._trace.result)
        self._retrace = Retrace(
            path,
            Question(detector, self._trace.pts_seconds, self._trace.track),
            registry=self._registry,
            options=self._options,
            plan=plan,
            cancelled=self._unwanted,
        )
        found = self._retrace.follow(seen=lambda _: self._line.pulse())
        compared = self._compared(found, plan, sha256)
        attention = self._attention(detector, found.piece)
        made = self._pictures(detector, found.piece, attention)
        said = _said(self._trace, found, compared, plan, sha256) | {"map": _map(attention)}
        return Answer(
            plain(said), text(compared.sentence), [store_evidence(self._claim, one) for one in made]
        )

    def _digest(self, path: Path) -> str:
        sha256 = hashlib.sha256()
        with path.open("rb") as file:
            while chunk := file.read(CHUNK_BYTES):
                sha256.update(chunk)
                self._look()
        return sha256.hexdigest()

    def _stop_if_unwanted(self) -> None:
        if self._unwanted():
            raise Cancelled("The examination was cancelled.")

    def _compared(self, found: Found, plan: Plan | None, sha256: str) -> Compared:
        return compare(
            self._trace.recorded,
            found.score,
            digits=None if self._trace.pts_seconds is None else SCORE_DIGITS,
            changed=changes(self._trace, found, plan, sha256),
            elsewhere=computed_elsewhere(plan, found.plan) if plan and found.plan else (),
            abstained=found.abstained.detail if found.abstained else "",
        )

    def _attention(self, detector: str, piece: Piece | None) -> Attention | None:
        if self._claim.purpose != Run.Purpose.HEATMAP or piece is None:
            return None
        loaded = self._registry.detector(detector)
        if not isinstance(loaded, Explains):
            raise NoHeatmap(f"{detector} says that it shows where it looked, and does not.")
        self._explaining = Explaining(detector, lambda: loaded.explain(piece))
        return _checked(self._explaining.wait(self._look))

    def _look(self) -> None:
        self._line.pulse()
        self._stop_if_unwanted()

    def _pictures(self, detector: str, piece: Piece | None, attention: Attention | None) -> list[Any]:
        if piece is None:
            return []
        made = [crop_made(detector, piece)]
        if attention is None:
            return made
        ground = ground_made(detector, piece, attention)
        return [*made, *([ground] if ground else []), heatmap_made(detector, piece, attention)]


def _checked(attention: Attention) -> Attention:
    import numpy as np

    values = np.asarray(attention.values, np.float32)
    if values.ndim != 2 or not 1 <= max(values.shape) <= 64 or not np.isfinite(values).all():
        raise NoHeatmap("the map is no grid of at most 64 x 64 numbers.")
    if values.size == 0 or values.min() < 0 or values.max() > 1:
        raise NoHeatmap("the map is not within 0 and 1.")
    return Attention(values, attention.picture, attention.method)


def plan_of(result: Result) -> Plan | None:
    """The way it was examined, as far as that is on record."""
    try:
        return Plan.parse(result.plan) if result.plan else None
    except (TypeError, KeyError, IndexError):
        return None


def changes(trace: Trace, found: Found, plan: Plan | None, sha256: str) -> list[str]:
    """What makes it another computation than the one on record, in sentences."""
    result, card = trace.result, found.card
    said = []
    if sha256 != trace.run.file.sha256:
        said.append("The stored file is not the one that was examined: its SHA-256 differs.")
    if card.version != result.version:
        said.append(f"The detector was version {result.version} then and is {card.version} now.")
    if card.weights_sha256 != result.weights_sha256:
        said.append(
            f"Other weights: {_short(result.weights_sha256)} then, {_short(card.weights_sha256)} now."
        )
    if plan is None:
        said.append("How the file was examined then is not on record.")
    elif found.plan is not None:
        said += looked_otherwise(plan, found.plan, card)
    return said


def _short(sha256: str | None) -> str:
    return f"SHA-256 {sha256[:12]}…" if sha256 else "none"


def _said(trace: Trace, found: Found, compared: Compared, plan: Plan | None, sha256: str) -> dict[str, Any]:
    result, card = trace.result, found.card
    return {
        "comparison": compared.name.value,
        "sentence": compared.sentence,
        "recorded": trace.recorded,
        "recomputed": found.score,
        "difference": compared.difference,
        "tolerance": compared.tolerance,
        "changes": changes(trace, found, plan, sha256),
        "abstained": _abstained(found),
        "place": _place(found),
        "detector": {
            "name": card.name,
            "preprocessing": card.preprocessing,
            "then": {"version": result.version, "weights_sha256": result.weights_sha256},
            "now": {"version": card.version, "weights_sha256": card.weights_sha256},
        },
        "file": {"sha256_then": trace.run.file.sha256, "sha256_now": sha256},
        "plan": {
            "then": result.plan,
            "now": found.plan.as_json() if found.plan else None,
        },
    }


def _abstained(found: Found) -> dict[str, str] | None:
    why = found.abstained
    return {"reason": why.reason.value, "detail": why.detail} if why else None


def _place(found: Found) -> dict[str, Any] | None:
    """Where in the file the score was computed; None for the file as a whole."""
    if found.point is None:
        return None
    piece, window, index = found.piece, None, None
    if isinstance(piece, Window):
        ends = piece.start_seconds + len(piece.samples) / SOUND_RATE_HZ
        window = [round(piece.start_seconds, 6), round(ends, 6)]
    elif piece is not None:
        index = piece.index
    return {
        "pts_seconds": found.point.pts_seconds,
        "sample_index": index,
        "track": found.point.track,
        "box": list(found.point.box) if found.point.box else None,
        "window_seconds": window,
    }


def _map(attention: Attention | None) -> dict[str, Any] | None:
    if attention is None:
        return None
    rows = [[round(float(value), 4) for value in row] for row in attention.values]
    return {
        "caption": CAPTION,
        "method": attention.method,
        "rows": len(rows),
        "columns": len(rows[0]),
        "values": rows,
    }
