"""The observations of a stressed verdict: what became of it in altered copies of the file."""

from dataclasses import dataclass

from analysis.engine.types.outcome import OutcomeName
from analysis.engine.types.verdicts import Assessment


@dataclass(frozen=True)
class Compared:
    """What one detector said of the file, and of an altered copy: `after` is a score, or why there is none.

    `crossed`: the score lies on the other side of the detector's mark, or of a cut of its calibration.
    """

    detector: str
    title: str
    before: float
    after: Assessment
    crossed: bool


@dataclass(frozen=True)
class StressStarted:
    """Altered copies will be looked at: `variants` and `detectors` as (name, title); `left_out` says of detectors
    why they are not asked. `portion_seconds`: how much of the beginning, None for the whole file."""

    variants: tuple[tuple[str, str], ...]
    detectors: tuple[tuple[str, str], ...]
    left_out: tuple[tuple[str, str], ...]
    budget_seconds: float
    portion_seconds: float | None


@dataclass(frozen=True)
class VariantStarted:
    """A copy is being made and looked at."""

    variant: str
    title: str


@dataclass(frozen=True)
class VariantWorked:
    """A sign of life while a copy is made or looked at; `done` of all detectors have ended."""

    variant: str
    done: int = 0


@dataclass(frozen=True)
class VariantEnded:
    """What came of one copy. `not_run` says why nothing was looked at: "budget", or "failed" as `detail` tells.

    `outcome` is (before, after): what the detectors that scored both would have said together. `flipped`: a score
    crossed, or that outcome changed. `tested`: `before` is the outcome of the run; `detail` tells why it is not.
    `after` continues "score moved … after".
    """

    variant: str
    title: str
    after: str = ""
    compared: tuple[Compared, ...] = ()
    outcome: tuple[OutcomeName, OutcomeName] | None = None
    flipped: bool = False
    tested: bool = True
    not_run: str = ""
    detail: str = ""
    seconds: float = 0.0

    @property
    def state(self) -> str:
        """ "held", "flipped", "not_tested", "no_score" or "not_run"."""
        if self.not_run or self.flipped:
            return "not_run" if self.not_run else "flipped"
        if self.outcome is None:
            return "no_score"
        return "held" if self.tested else "not_tested"


@dataclass(frozen=True)
class Stress:
    """How a verdict bore being stressed. `not_run` says why it was not at all; `sentence` says it all in one."""

    sentence: str
    budget_seconds: float
    portion_seconds: float | None = None
    variants: tuple[VariantEnded, ...] = ()
    left_out: tuple[tuple[str, str], ...] = ()
    not_run: str = ""
