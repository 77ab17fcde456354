"""Whether the same content gives the same, again and in other batches."""

from collections.abc import Sequence

from analysis.engine.conformance.playing import Played
from analysis.engine.conformance.portions import WHOLE
from analysis.engine.conformance.trial import Refused, Trial, Untested
from analysis.engine.types import Consumes, ScorePoint, Verdict

SIZES = (1, WHOLE)


def determinism(trial: Trial) -> str:
    """A second time, in the other order: a detector is shared by runs and must not remember any of them."""
    tolerance = trial.terms.repeat_tolerance
    first = [trial.first(content) for content in trial.judged]
    for one in reversed(first):
        again = trial.play(one.content)
        if told := _difference(one, again, tolerance) or ("" if tolerance else _other_words(one, again)):
            raise Refused(f"{_title(one)} gives something else the second time: {told}.")
    trial.needs_scores()
    within = f"within the stated {tolerance:g}" if tolerance else "bit for bit, with facts and evidence"
    return f"{len(first)} contents gave the same twice, {within}."


def batches(trial: Trial) -> str:
    """The same frames, faces or sound in portions of another size."""
    if trial.card.consumes is Consumes.FILE:
        raise Untested("It is fed once per file.")
    tolerance, largest = trial.terms.batch_tolerance, 0.0
    for one in [trial.first(content) for content in trial.judged]:
        for size in SIZES:
            other = trial.play(one.content, size)
            if told := _difference(one, other, tolerance):
                raise Refused(f"{_title(one)} gives something else in {_words(size)}: {told}.")
            largest = max(largest, _largest(one, other))
    trial.needs_scores()
    return (
        f"One at a time, by fours and all at once differ by {largest:.2g} at most; {tolerance:g} is allowed."
    )


def _title(played: Played) -> str:
    return played.content.title[0].upper() + played.content.title[1:]


def _words(size: int) -> str:
    return "a single batch" if size == WHOLE else f"batches of {size}"


def _difference(one: Played, other: Played, tolerance: float) -> str:
    """What is not the same beyond the tolerance, in words; facts and evidence are left aside."""
    conclusions = [_conclusion(played) for played in (one, other)]
    if conclusions[0] != conclusions[1]:
        return f"{conclusions[0]} and then {conclusions[1]}"
    if [_moment(point) for point in _sorted(one)] != [_moment(point) for point in _sorted(other)]:
        return f"{len(one.points)} points and then {len(other.points)}, not at the same times for the same reasons"
    if one.told != other.told:
        return f"{len(one.told)} events of footage and then {len(other.told)}, not all the same"
    largest = _largest(one, other)
    if largest > tolerance:
        return f"scores differ by {largest:.3g}; {tolerance:g} is allowed"
    return ""


def _other_words(one: Played, other: Played) -> str:
    """What differs beside the scores."""
    if (one.assessment, one.points) != (other.assessment, other.points):
        return "the same scores with other facts, boxes or words"
    return "" if one.evidence == other.evidence else "other evidence"


def _conclusion(played: Played) -> str:
    given = played.assessment
    if isinstance(given, Verdict):
        return f"a verdict on {given.coverage.scored} of {given.coverage.sampled} {given.coverage.unit}"
    return f"no verdict ({given.reason.value})"


def _moment(point: ScorePoint) -> tuple[float, int, str]:
    return round(point.pts_seconds, 6), -1 if point.track is None else point.track, point.reason or ""


def _sorted(played: Played) -> Sequence[ScorePoint]:
    return sorted(played.points, key=_moment)


def _largest(one: Played, other: Played) -> float:
    pairs = [(a.score, b.score) for a, b in zip(_sorted(one), _sorted(other), strict=False)]
    if isinstance(one.assessment, Verdict) and isinstance(other.assessment, Verdict):
        pairs.append((one.assessment.score, other.assessment.score))
    return max((abs(a - b) for a, b in pairs if a is not None and b is not None), default=0.0)
