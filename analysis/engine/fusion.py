"""What a run as a whole may say, fused from its detectors' assessments.

Detectors of one family are one voice. Only a band from a stored calibration can make an outcome strong or
let detectors disagree; an uncalibrated score lifts it to "some signs" at most. Abstentions, failures and
missing detectors never change the outcome: they are named.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby

from analysis.engine import marks, sentences
from analysis.engine.marks import UNCALIBRATED_MARK
from analysis.engine.seen import seen
from analysis.engine.types import Band, DetectorEnded, NotAssessed, Outcome, OutcomeName, Reason, Verdict

# The first that occurs is the one a reader should hear of: what was wrong with the content says more than
# what a detector is not made for.
_WEIGHT = (
    Reason.DECODE_ERROR,
    Reason.UNSUPPORTED_CODEC,
    Reason.FACE_TOO_BLURRED,
    Reason.FACE_TOO_SMALL,
    Reason.NO_FACE,
    Reason.TOO_SHORT,
    Reason.SILENCE,
    Reason.NOISE,
    Reason.DETECTOR_FAILED,
    Reason.DETECTOR_MISSING,
    Reason.OUTSIDE_DOMAIN,
    Reason.NO_SOUND,
    Reason.NO_PICTURE,
    Reason.REPORTS_FACTS,
)


@dataclass(frozen=True)
class Voice:
    """What one family says of one subject. `raised`: a score without a band lies at its mark or above.

    `mute`: it has nothing but low scores that their calibrations do not carry.
    """

    family: str
    subject: str
    band: Band
    raised: bool
    mute: bool
    speakers: tuple[DetectorEnded, ...]


def conclude(
    endings: Sequence[DetectorEnded],
    missing: Sequence[str] = (),
    *,
    damage: str = "",
    remarks: Sequence[str] = (),
) -> Outcome:
    """The outcome, its sentences, and the rule as it was applied.

    endings: of every detector that was asked for; those that only report facts have no voice.
    missing: titles of detectors that would have been asked but are not installed, if they have no ending.
    damage: what of the file could not be read, in words. remarks: what else the limit must name, in words.
    """
    judges = [ending for ending in endings if ending.forensic and not _reports_facts(ending)]
    voices = hear(judges)
    name, rule = _decide(voices, damaged=bool(damage))
    silent = [ending for ending in judges if isinstance(ending.assessment, NotAssessed)]
    if name is OutcomeName.NOT_ASSESSABLE:
        uncarried = bool(voices) and all(voice.mute for voice in voices)
        sentence = (
            sentences.UNCARRIED
            if uncarried and not damage
            else sentences.not_assessable(
                _dominating(silent or endings), damaged=bool(damage), asked=_asked(endings)
            )
        )
    else:
        sentence = sentences.OUTCOMES[name]
    return Outcome(
        name,
        sentence,
        why=sentences.why(name, [ending for voice in voices for ending in voice.speakers], silent),
        limit=sentences.limit(
            [ending for voice in voices for ending in voice.speakers],
            silent,
            [*missing, *_missing_watchers(endings)],
            [*remarks, damage],
        ),
        rule=rule,
        seen=seen(endings),
    )


def _reports_facts(ending: DetectorEnded) -> bool:
    return isinstance(ending.assessment, NotAssessed) and ending.assessment.reason is Reason.REPORTS_FACTS


def _asked(endings: Sequence[DetectorEnded]) -> bool:
    """Whether any detector was asked to judge; without any endings that is said in other words."""
    return not endings or any(ending.forensic for ending in endings)


def _missing_watchers(endings: Sequence[DetectorEnded]) -> list[str]:
    """Those that would have told what happens, named although they have no voice."""
    return [
        ending.title or ending.detector
        for ending in endings
        if not ending.forensic
        and isinstance(ending.assessment, NotAssessed)
        and ending.assessment.reason is Reason.DETECTOR_MISSING
    ]


def hear(judges: Iterable[DetectorEnded]) -> list[Voice]:
    """One voice per family and subject, of those that gave a score."""
    speaking = sorted(
        (ending for ending in judges if isinstance(ending.assessment, Verdict)),
        key=lambda e: (e.family, e.subject),
    )
    return [
        _voice(family, subject, tuple(group))
        for (family, subject), group in groupby(speaking, key=lambda e: (e.family, e.subject))
    ]


def _voice(family: str, subject: str, speakers: tuple[DetectorEnded, ...]) -> Voice:
    verdicts = [speaker.assessment for speaker in speakers if isinstance(speaker.assessment, Verdict)]
    bands = {verdict.band for verdict in verdicts}
    raised = any(marks.raised(verdict) for verdict in verdicts)
    mute = not raised and all(marks.limited(verdict) for verdict in verdicts)
    return Voice(family, subject, _family_band(bands), raised, mute, speakers)


def _family_band(bands: set[Band]) -> Band:
    """A family that contradicts itself says "some signs"; otherwise its strongest calibrated band counts."""
    if {Band.STRONG, Band.NONE} <= bands:
        return Band.SOME
    return next((band for band in (Band.STRONG, Band.SOME, Band.NONE) if band in bands), Band.UNCALIBRATED)


def _decide(voices: Sequence[Voice], *, damaged: bool) -> tuple[OutcomeName, str]:
    """The outcome, and the rule that was applied as a sentence."""
    if not voices:
        return OutcomeName.NOT_ASSESSABLE, "No detector gave a score, so nothing is said about the file."
    contradicted = _contradicted(voices)
    if contradicted:
        return OutcomeName.DISAGREE, (
            f"Calibrated detectors of different families gave strong signs and no signs for the same "
            f"{contradicted}, so they disagree."
        )
    if any(voice.band is Band.STRONG for voice in voices):
        return OutcomeName.STRONG_SIGNS, (
            f"At least one calibrated family of {len(voices)} lies in its band of strong signs, and no other "
            f"calibrated family contradicts it for the same subject."
        )
    return _inconclusive(voices) or _without_band(voices, damaged=damaged)


def _inconclusive(voices: Sequence[Voice]) -> tuple[OutcomeName, str] | None:
    if any(_contradicts_itself(voice) for voice in voices):
        return OutcomeName.SOME_SIGNS, (
            "Calibrated detectors of one family gave strong signs and no signs, so the family counts as some signs."
        )
    if any(voice.band is Band.SOME for voice in voices):
        return OutcomeName.SOME_SIGNS, "A calibrated family lies in its band of some signs, and none higher."
    return None


def _without_band(voices: Sequence[Voice], *, damaged: bool) -> tuple[OutcomeName, str]:
    if any(voice.raised for voice in voices):
        return OutcomeName.SOME_SIGNS, (
            f"A detector without a band scored at its mark ({UNCALIBRATED_MARK}, or its calibration's own cut where "
            f"that does not carry this file) or more; uncalibrated scores lift the outcome "
            f"to some signs at most."
        )
    if all(voice.mute for voice in voices):
        return OutcomeName.NOT_ASSESSABLE, (
            "Every score lies below the cut of a calibration that does not carry this file, so it says nothing."
        )
    return _nothing_found(damaged=damaged)


def _contradicts_itself(voice: Voice) -> bool:
    bands = {one.assessment.band for one in voice.speakers if isinstance(one.assessment, Verdict)}
    return {Band.STRONG, Band.NONE} <= bands


def _nothing_found(*, damaged: bool) -> tuple[OutcomeName, str]:
    if damaged:
        return OutcomeName.NOT_ASSESSABLE, (
            "Nothing that could be read shows signs, but parts of the file could not be read; "
            "that no signs were found cannot be said of a file that was not seen whole."
        )
    return OutcomeName.NO_SIGNS, (
        f"No calibrated family lies above its band of no signs, and no uncalibrated detector scored "
        f"{UNCALIBRATED_MARK} or more."
    )


def _contradicted(voices: Sequence[Voice]) -> str:
    """The subject for which one family gave strong signs and another none; empty without one."""
    strong = {voice.subject for voice in voices if voice.band is Band.STRONG}
    none = {voice.subject for voice in voices if voice.band is Band.NONE}
    return min(strong & none, default="")


def _dominating(silent: Sequence[DetectorEnded]) -> Reason | None:
    """Of the reasons why nothing was scored, the one that says most about the file; None without any."""
    reasons = Counter(e.assessment.reason for e in silent if isinstance(e.assessment, NotAssessed))
    return next((reason for reason in _WEIGHT if reason in reasons), None)
