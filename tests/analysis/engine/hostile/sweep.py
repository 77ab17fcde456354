"""A file, sent through a whole examination by every detector there is, and what each of them must keep to."""

import io
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

from analysis.engine.pipeline import examine
from analysis.engine.registry import BROKEN_PREFIX, Registry
from analysis.engine.types import (
    Assessment,
    Concluded,
    Consumes,
    DetectorEnded,
    EvidenceMade,
    NotAssessed,
    Observation,
    Outcome,
    OutcomeName,
    Reason,
    Verdict,
)
from tests.analysis.engine.plugins import of

# Of processor time: how long it takes by the clock says more about who else is using the cores. Most take one.
LIMIT_SECONDS = 60
# What may always be said: that a detector is not made for it, that its weights are not here, that it reports facts.
ANY_FILE = frozenset({Reason.DETECTOR_MISSING, Reason.OUTSIDE_DOMAIN, Reason.REPORTS_FACTS})
PICTURES = ANY_FILE | {Reason.NO_FACE, Reason.NO_SOUND}
FILMS = PICTURES | {Reason.TOO_SHORT}
SOUND = ANY_FILE | {Reason.NO_PICTURE, Reason.TOO_SHORT}
UNREAD = frozenset({Reason.DETECTOR_MISSING, Reason.DECODE_ERROR})
# What a person cannot read: words of Python, of its libraries and of nobody.
UNREADABLE = (
    "Traceback",
    "Error:",
    "Exception",
    "object at 0x",
    "<class",
    "numpy",
    "ndarray",
    "cv2.",
    "None",
)


@dataclass(frozen=True)
class Swept:
    """What came of a file: the assessment of each detector, by name, and all that was yielded."""

    assessments: Mapping[str, Assessment]
    outcome: Outcome
    seen: tuple[Observation, ...]
    processor_seconds: float

    @property
    def reasons(self) -> dict[str, Reason]:
        """Of those that abstained and would have been able to run."""
        given = {n: a.reason for n, a in self.assessments.items() if isinstance(a, NotAssessed)}
        return {name: reason for name, reason in given.items() if reason is not Reason.DETECTOR_MISSING}

    @property
    def scores(self) -> dict[str, float]:
        return {n: a.score for n, a in self.assessments.items() if isinstance(a, Verdict)}


def everybody(registry: Registry) -> list[str]:
    """The names of all detectors, also of those that run only when asked for."""
    return [card.name for card in registry.cards() if not card.name.startswith(BROKEN_PREFIX)]


def of_faces(registry: Registry) -> list[str]:
    """The names of those that look at faces."""
    return [name for name in everybody(registry) if registry.card(name).consumes is Consumes.FACES]


def sweep(path: Path, registry: Registry, names: Sequence[str] = ()) -> Swept:
    """Examines the file by those, or else by everybody, and asserts what holds for any file."""
    names, began = names or everybody(registry), time.process_time()
    with examine(path, registry=registry, detectors=names) as going:
        seen = tuple(going)
    endings = of(DetectorEnded, seen)
    assert sorted(one.detector for one in endings) == sorted(names)
    for ending in endings:
        assert_sound(ending, path)
    for made in of(EvidenceMade, seen):
        Image.open(io.BytesIO(made.content)).load()
    assert isinstance(seen[-1], Concluded)
    outcome = seen[-1].outcome
    assert outcome.name is not OutcomeName.STRONG_SIGNS
    assert outcome.sentence and outcome.rule
    seconds = time.process_time() - began
    assert seconds < LIMIT_SECONDS
    return Swept({one.detector: one.assessment for one in endings}, outcome, seen, seconds)


def assert_sound(ending: DetectorEnded, path: Path) -> None:
    """A score from 0 to 1, or a reason in words that a person can read and that name nothing of this machine."""
    assessment, who = ending.assessment, ending.detector
    if isinstance(assessment, Verdict):
        assert 0 <= assessment.score <= 1, who
        assert 1 <= assessment.coverage.scored <= assessment.coverage.sampled, who
        return
    told = assessment.detail
    assert assessment.reason is not Reason.DETECTOR_FAILED, f"{who}: {told}"
    assert told.strip(), who
    assert not [words for words in (*UNREADABLE, str(path.parent)) if words in told], f"{who}: {told}"


def others(swept: Swept, plausible: Iterable[Reason]) -> dict[str, Reason]:
    """Who abstained for a reason that this file cannot give."""
    allowed = set(plausible)
    return {name: reason for name, reason in swept.reasons.items() if reason not in allowed}
