"""What an examination yields, from the first observation to the last."""

from dataclasses import dataclass

from analysis.engine.types.findings import DetectorEnded, EvidenceMade, ScoresMeasured
from analysis.engine.types.footage import FootageTold, SourceTold
from analysis.engine.types.outcome import Outcome
from analysis.engine.types.progress import (
    DetectorProgressed,
    DetectorStarted,
    Prepared,
    Probed,
    StageFinished,
    StageStarted,
)
from analysis.engine.types.stress import Stress, StressStarted, VariantEnded, VariantStarted, VariantWorked


@dataclass(frozen=True)
class Concluded:
    """The last observation of every examination that was not cancelled. `stress`: where it was asked for."""

    outcome: Outcome
    stress: Stress | None = None


Observation = (
    Probed
    | Prepared
    | StageStarted
    | StageFinished
    | DetectorStarted
    | DetectorProgressed
    | ScoresMeasured
    | EvidenceMade
    | FootageTold
    | SourceTold
    | DetectorEnded
    | StressStarted
    | VariantStarted
    | VariantWorked
    | VariantEnded
    | Concluded
)
