"""The one place where an assessment gets its band: from the stored calibration of its detector, or none."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from analysis.engine.calibration import Calibration, Row, stale_for
from analysis.engine.detectors.base import Card
from analysis.engine.types import Assessment, Band, Condition, FaceCrop, Verdict

# a crop is a square of 1.3 times the longer side of the face's box
CROP_PER_FACE = 1.3
ROW_FILES = 10  # files of a label below which a condition counts as not measured
KEY = "calibration"  # in the facts of an assessment, and nobody else's to write


@dataclass
class Faces:
    """How large the faces were that a session was fed; sizes are counted, so that it stays small over any file."""

    sizes: Counter[int] = field(default_factory=Counter)

    def count(self, faces: Sequence[FaceCrop]) -> None:
        self.sizes.update(round(max(face.rgb.shape[:2]) / CROP_PER_FACE) for face in faces)

    def median_px(self) -> float | None:
        half = self.sizes.total() / 2
        passed = 0
        for size in sorted(self.sizes):
            passed += self.sizes[size]
            if passed >= half:
                return float(size)
        return None


def banded(
    card: Card, assessment: Assessment, calibration: Calibration | None, condition: Condition
) -> Assessment:
    """The assessment with its band, and in its facts which calibration that is from.

    A band that the detector gave itself does not count. A calibration of another version, weights or preprocessing
    is named and not used.
    """
    if not isinstance(assessment, Verdict):
        return assessment
    own = {key: value for key, value in assessment.facts.items() if key != KEY}
    if calibration is None:
        return replace(assessment, band=Band.UNCALIBRATED, facts=own)
    stale = stale_for(calibration, card)
    if stale:
        told: dict[str, Any] = {"digest": calibration.digest, "stale": stale}
        return replace(assessment, band=Band.UNCALIBRATED, facts=own | {KEY: told})
    placed = band_of(calibration, assessment.score, condition)
    told = facts_of(calibration, assessment.score, placed)
    return replace(assessment, band=placed.band, facts=own | {KEY: told})


@dataclass(frozen=True)
class Placed:
    """Where a score lies, the row of the file's condition that was looked at, and why the band is not the cuts'."""

    band: Band
    row: Row | None
    why: str = ""


def band_of(found: Calibration, score: float, condition: Condition) -> Placed:
    """The band of a score of a file in that condition.

    The cuts decide, unless the condition speaks against them: in one that was not measured the detector is
    uncalibrated; where it raises clearly more false alarms than promised nothing is strong, and where it misses
    clearly more, a low score says nothing.
    """
    band = Band.STRONG if score >= found.strong_cut else Band.NONE if score < found.none_cut else Band.SOME
    rows = [row for row in found.rows if row.holds(condition)]
    counted = "misses" if band is Band.NONE else "false_alarms"
    unmeasured = next((row for row in rows if getattr(row, counted).of < ROW_FILES), None)
    if unmeasured:
        label = "manipulated" if band is Band.NONE else "unmanipulated"
        of = getattr(unmeasured, counted).of
        return Placed(
            Band.UNCALIBRATED, unmeasured, f"{of} {label} files with {unmeasured.title} are too few"
        )
    if band is Band.STRONG and (worst := _worse(rows, found.false_positive_rate, "false_alarms")):
        return Placed(Band.SOME, worst, f"with {worst.title} it raises more false alarms than promised")
    if band is Band.NONE and (worst := _worse(rows, found.miss_rate, "misses")):
        return Placed(Band.UNCALIBRATED, worst, f"with {worst.title} it misses more than promised")
    return Placed(band, max(rows, key=lambda row: row.false_alarms.high, default=None))


def _worse(rows: Sequence[Row], promised: float, rate: str) -> Row | None:
    """The row in which that rate is surely above what was promised, the worst of several."""
    surely = [row for row in rows if getattr(row, rate).low > promised]
    return max(surely, key=lambda row: getattr(row, rate).low, default=None)


def facts_of(found: Calibration, score: float, placed: Placed) -> dict[str, Any]:
    """What a result keeps of the calibration that its band came from."""
    return {
        "digest": found.digest,
        "created": found.created,
        "files": asdict(found.files),
        "sources": asdict(found.sources),
        "cuts": {"strong_signs": found.strong_cut, "no_signs": found.none_cut},
        "false_alarms": asdict(found.false_alarms),
        "misses": asdict(found.misses),
        "log10_likelihood_ratio": round(found.ratios.of(score), 3),
        "condition": asdict(placed.row) | {"title": placed.row.title} if placed.row else None,
        "limited": placed.why,
    }
