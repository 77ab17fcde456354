"""What the conformance kit found out about one detector."""

from dataclasses import dataclass
from enum import StrEnum

CHECKS = (
    "card",
    "loading",
    "scores",
    "polarity",
    "determinism",
    "batches",
    "abstention",
    "evidence",
    "cancelling",
    "time",
    "memory",
)


class State(StrEnum):
    """How a check came out; what could not be tried was neither passed nor failed."""

    PASSED = "passed"
    FAILED = "failed"
    NOT_TESTED = "not tested"


@dataclass(frozen=True)
class Finding:
    """How one check came out, and why, in a sentence."""

    check: str
    state: State
    sentence: str


@dataclass(frozen=True)
class Report:
    """One finding for each of CHECKS, in that order."""

    detector: str
    findings: tuple[Finding, ...]

    @property
    def conforms(self) -> bool:
        """Whether nothing failed; see `not_tested` for what that leaves open."""
        return not self.failed

    @property
    def failed(self) -> tuple[Finding, ...]:
        return self._of(State.FAILED)

    @property
    def not_tested(self) -> tuple[Finding, ...]:
        return self._of(State.NOT_TESTED)

    def _of(self, state: State) -> tuple[Finding, ...]:
        return tuple(finding for finding in self.findings if finding.state is state)

    def finding(self, check: str) -> Finding:
        return next(finding for finding in self.findings if finding.check == check)

    @property
    def conclusion(self) -> str:
        if self.failed:
            return f"{self.detector} is refused: {len(self.failed)} of {len(self.findings)} checks failed."
        if self.not_tested:
            open_ones = ", ".join(finding.check for finding in self.not_tested)
            return f"{self.detector} conforms as far as it was tested; not tested: {open_ones}."
        return f"{self.detector} conforms."

    def __str__(self) -> str:
        lines = [f"{one.check:12} {one.state.value:10}  {one.sentence}" for one in self.findings]
        return "\n".join([*lines, self.conclusion])
