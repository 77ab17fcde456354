"""Has labelled files examined the way every file is, and keeps what each detector and the fusion said of them."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from analysis.engine.calibrating.fit import Scored
from analysis.engine.calibrating.labelled import Labelled
from analysis.engine.calibration import Calibration
from analysis.engine.detectors.base import Card
from analysis.engine.pipeline import Options, examine
from analysis.engine.registry import Registry
from analysis.engine.types import Concluded, Condition, DetectorEnded, Outcome, Verdict


@dataclass(frozen=True)
class Examined:
    """What came of one labelled file, by detector, and what the run as a whole would say."""

    file: Labelled
    endings: Mapping[str, DetectorEnded]
    outcome: Outcome


def examined(
    files: Iterable[Labelled],
    *,
    registry: Registry,
    detectors: Sequence[str] | None,
    options: Options,
    calibrations: Mapping[str, Calibration] | None = None,
    cancelled: Callable[[], bool] = lambda: False,
) -> Iterator[Examined]:
    """One after the other. A file that cannot be read is an abstention of every detector, not an error."""
    for file in files:
        endings: dict[str, DetectorEnded] = {}
        order = examine(
            file.path,
            registry=registry,
            detectors=detectors,
            options=options,
            calibrations=calibrations,
            cancelled=cancelled,
        )
        with order as going:
            for seen in going:
                if isinstance(seen, DetectorEnded):
                    endings[seen.detector] = seen
                elif isinstance(seen, Concluded):
                    yield Examined(file, endings, seen.outcome)


def answers(card: Card, seen: Iterable[Examined]) -> list[Scored]:
    """That detector's scores and abstentions, one per file it was asked about."""
    return [_answer(one.file, one.endings[card.name]) for one in seen if card.name in one.endings]


def _answer(file: Labelled, ending: DetectorEnded) -> Scored:
    verdict = ending.assessment
    condition = ending.condition or Condition()
    score, reason = (verdict.score, "") if isinstance(verdict, Verdict) else (None, verdict.reason.value)
    return Scored(file.name, file.source, file.manipulated, score, condition, reason, file.rung)
