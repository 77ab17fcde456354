"""Tells a terminal, or a log, how an examination goes."""

import shutil
from typing import TextIO

from analysis.engine.types import (
    Concluded,
    DetectorEnded,
    DetectorProgressed,
    NotAssessed,
    Observation,
    Reason,
    StageStarted,
    Verdict,
)
from analysis.recorder.altering import stressing

BAR_CELLS = 24


class Narrator:
    """Writes one line per stage and ending; on a terminal also a bar that stays in its place."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._is_terminal = stream.isatty()
        self._progress: dict[str, DetectorProgressed] = {}
        self._bar_shown = False

    def tell(self, observation: Observation) -> None:
        """Writes what this observation is worth."""
        if isinstance(observation, DetectorProgressed):
            self._progress[observation.detector] = observation
            self._draw()
        elif isinstance(observation, StageStarted):
            self.line(observation.message)
        elif isinstance(observation, DetectorEnded):
            self._progress.pop(observation.detector, None)
            self.line(f"{observation.title}: {_words(observation)}")
        elif isinstance(observation, Concluded):
            outcome = observation.outcome
            seen = f"Seen: {outcome.seen}." if outcome.seen else ""
            for sentence in (outcome.sentence, seen, outcome.why, outcome.limit):
                self.line(sentence)
        elif draft := stressing(observation):
            self.line(draft.message)

    def line(self, text: str) -> None:
        """A line of its own; the bar goes on below it."""
        self.clear()
        if text:
            self._stream.write(f"{text}\n")
            self._stream.flush()

    def clear(self) -> None:
        """Takes the bar away."""
        if self._bar_shown:
            self._stream.write("\r\x1b[K")
            self._stream.flush()
            self._bar_shown = False

    def _draw(self) -> None:
        if not self._is_terminal:
            return
        width = shutil.get_terminal_size().columns
        self._stream.write(f"\r{self._bar()[: width - 1]}\x1b[K")
        self._stream.flush()
        self._bar_shown = True

    def _bar(self) -> str:
        slowest = min(self._progress.values(), key=_share)
        filled = round(_share(slowest) * BAR_CELLS)
        total = f" of {slowest.total}" if slowest.total is not None else ""
        left = f", about {slowest.seconds_left:.0f} s left" if slowest.seconds_left is not None else ""
        cells = "█" * filled + "·" * (BAR_CELLS - filled)
        return f"{cells} {slowest.detector}: {slowest.done}{total} {slowest.unit}{left}"


def _share(progress: DetectorProgressed) -> float:
    return min(1.0, progress.done / progress.total) if progress.total else 0.0


def _words(ending: DetectorEnded) -> str:
    assessment = ending.assessment
    if isinstance(assessment, Verdict):
        coverage = assessment.coverage
        return (
            f"detector score {assessment.score:.3f} ({assessment.band.value}), "
            f"scored {coverage.scored} of {coverage.sampled} {coverage.unit}"
        )
    assert isinstance(assessment, NotAssessed)  # noqa: S101  # the sum type has no third member
    if assessment.reason is Reason.REPORTS_FACTS:
        return assessment.detail
    return f"no score ({assessment.reason.value}): {assessment.detail}"
