"""Whether scores are scores, and 1 means manipulated."""

from collections.abc import Sequence

from analysis.engine.conformance.playing import Played
from analysis.engine.conformance.trial import Refused, Trial, Untested
from analysis.engine.types import NotAssessed, Reason, ScorePoint, Verdict


def scores(trial: Trial) -> str:
    """NaN, infinity and what lies outside 0–1 raise while it is played."""
    plays = [trial.first(content) for content in trial.judged]
    for played in plays:
        _refuse_disorder(played.points)
    given = sum(len(played.scores) for played in plays)
    verdicts = sum(isinstance(played.assessment, Verdict) for played in plays)
    if told := sum(len(played.told) for played in plays):
        return f"It told {told} events of {len(plays)} contents, every one sound, and no score."
    if not given and not verdicts:
        return f"None was given; it abstained on all contents: {_abstentions(plays)}."
    return f"{given} scores and {verdicts} verdicts on {len(plays)} contents, every one in 0 to 1."


def _abstentions(plays: Sequence[Played]) -> str:
    said = {
        f"{played.content.title}: {played.assessment.reason.value}"
        for played in plays
        if isinstance(played.assessment, NotAssessed)
    }
    return "; ".join(sorted(said))


def _refuse_disorder(points: Sequence[ScorePoint]) -> None:
    last: dict[int | None, float] = {}
    for point in points:
        if point.score is None:
            continue
        if point.pts_seconds < last.get(point.track, point.pts_seconds):
            raise Refused(
                f"Its scores run backward: {point.pts_seconds:.2f} s comes after {last[point.track]:.2f} s."
            )
        last[point.track] = point.pts_seconds


def polarity(trial: Trial) -> str:
    """The manipulated one of the pair above the genuine one."""
    if not trial.card.forensic:
        raise Untested("It does not judge authenticity.")
    if trial.reference is None:
        _refuse_facts(trial)
        if trial.unfit:
            raise Untested(trial.unfit)
        raise Untested(
            "There is no reference pair: name one with --reference GENUINE MANIPULATED, or give it in terms(). "
            "Nobody has shown here that 1 means manipulated."
        )
    genuine, manipulated = (trial.first(content) for content in trial.reference)
    for played in (genuine, manipulated):
        if isinstance(played.assessment, NotAssessed):
            raise Untested(f"It abstained on {played.content.title}: {played.assessment.detail}.")
    return _ordered(genuine, manipulated)


def _refuse_facts(trial: Trial) -> None:
    assessments = [trial.first(content).assessment for content in trial.judged]
    if all(isinstance(one, NotAssessed) and one.reason is Reason.REPORTS_FACTS for one in assessments):
        raise Untested("It reports facts and scores nothing.")


def _ordered(genuine: Played, manipulated: Played) -> str:
    assert isinstance(genuine.assessment, Verdict)  # noqa: S101  # by polarity()
    assert isinstance(manipulated.assessment, Verdict)  # noqa: S101  # by polarity()
    low, high = genuine.assessment.score, manipulated.assessment.score
    told = f"{manipulated.content.title} (manipulated) scored {high:.4f}, {genuine.content.title} (genuine) {low:.4f}"
    if high < low:
        raise Refused(f"Inverted: {told}. 1 must mean manipulated.")
    if high == low:
        raise Refused(f"It does not tell them apart: {told}.")
    return f"{told}."
