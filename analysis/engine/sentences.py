"""The words an outcome is told in. One place, so that what must never be said is never said."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from analysis.engine import marks
from analysis.engine.types import Band, DetectorEnded, NotAssessed, OutcomeName, Reason, Verdict

OUTCOMES = {
    OutcomeName.STRONG_SIGNS: "Strong signs of manipulation.",
    OutcomeName.SOME_SIGNS: "Some signs (inconclusive).",
    OutcomeName.NO_SIGNS: "No signs found by these detectors; this is not proof of authenticity.",
    OutcomeName.DISAGREE: "Detectors disagree.",
}
# No failure: who asks only what happens in a file asks for no verdict.
UNASKED = "Nothing was to be assessed: only footage detectors were asked."
_UNASKED_BEFORE = "Not assessable: no detector was asked to judge this file."
UNCARRIED = "Not assessable: the calibrations do not carry this file."
REASONS = {
    Reason.NO_FACE: "no face was found",
    Reason.FACE_TOO_SMALL: "the faces are too small",
    Reason.FACE_TOO_BLURRED: "the faces are too blurred",
    Reason.TOO_SHORT: "the recording is too short",
    Reason.SILENCE: "the sound is silent",
    Reason.NOISE: "the sound is only noise",
    Reason.NO_SOUND: "the file has no sound",
    Reason.NO_PICTURE: "the file has no picture",
    Reason.UNSUPPORTED_CODEC: "its codec is not supported",
    Reason.DECODE_ERROR: "the file could not be read",
    Reason.OUTSIDE_DOMAIN: "the file lies outside what the detectors are made for",
    Reason.DETECTOR_FAILED: "the detectors failed",
    Reason.DETECTOR_MISSING: "the detectors are not installed",
    Reason.REPORTS_FACTS: "the detectors asked for report facts only",
}
_UNREADABLE = (Reason.DECODE_ERROR, Reason.UNSUPPORTED_CODEC, Reason.NO_PICTURE)
_LEFT_OUT = {
    Reason.FACE_TOO_SMALL: "faces too small",
    Reason.FACE_TOO_BLURRED: "faces too blurred",
    Reason.DECODE_ERROR: "damaged",
}
_BANDS = {
    Band.STRONG: "gave strong signs",
    Band.SOME: "gave some signs",
    Band.NONE: "found no signs",
    Band.UNCALIBRATED: "scored below 0.5",
}


_PLURALS = {"person": "people", "mouse": "mice", "knife": "knives"} | {
    name: name for name in ("sheep", "skis", "scissors")
}
_HISSING = ("s", "x", "z", "ch", "sh")


def listed(names: Iterable[str]) -> str:
    """ "a", "a and b", "a, b and c"."""
    *most, last = list(names)
    return f"{', '.join(most)} and {last}" if most else last


def counted(count: int, name: str) -> str:
    """ "1 car", "2 cars"."""
    if count == 1:
        return f"1 {name}"
    ending = "es" if name.endswith(_HISSING) else "s"
    return f"{count} {_PLURALS.get(name, name + ending)}"


def nothing_to_judge(sentence: str) -> bool:
    """Whether an outcome's sentence, of whichever version, says that nobody was asked to judge the file."""
    return sentence in (UNASKED, _UNASKED_BEFORE)


def not_assessable(reason: Reason | None, *, damaged: bool = False, asked: bool = True) -> str:
    """The fifth outcome, with the reason that dominates; damage outweighs all but an unreadable file.

    asked: whether anybody was to judge. Otherwise that is the reason, unless there was nothing to look at.
    """
    if not asked and not damaged and reason not in _UNREADABLE:
        return UNASKED
    if damaged and reason not in (Reason.DECODE_ERROR, Reason.UNSUPPORTED_CODEC):
        return "Not assessable: parts of the file could not be read."
    return f"Not assessable: {REASONS[reason] if reason else 'no detector was asked'}."


def why(name: OutcomeName, speaking: Sequence[DetectorEnded], silent: Sequence[DetectorEnded]) -> str:
    """One sentence: who said what, each by its own band and score."""
    if name is OutcomeName.NOT_ASSESSABLE and not speaking:
        said = _together(silent, lambda ending: f"gave no score: {_detail(ending)}")
        return f"{'; '.join(said)}." if said else "No detector that judges such a file was asked."
    return f"{'; '.join(_together(speaking, _said))}."


def _said(ending: DetectorEnded) -> str:
    verdict = ending.assessment
    if not isinstance(verdict, Verdict):
        return ""
    if marks.limited(verdict):
        if marks.raised(verdict):
            return "scored at or above its cut, in a condition that its calibration does not carry"
        return "says nothing, in a condition that its calibration does not carry"
    return "scored 0.5 or more without a calibration" if marks.raised(verdict) else _BANDS[verdict.band]


def _detail(ending: DetectorEnded) -> str:
    if not isinstance(ending.assessment, NotAssessed):
        return ""
    if ending.assessment.reason is Reason.DETECTOR_FAILED:
        # an error's own text may say anything; it stays with the detector's result
        return "failed"
    if ending.assessment.reason is Reason.DETECTOR_MISSING:
        return "not installed"
    return REASONS[ending.assessment.reason]


def limit(
    speaking: Sequence[DetectorEnded],
    silent: Sequence[DetectorEnded],
    missing: Sequence[str],
    remarks: Sequence[str],
) -> str:
    """What the outcome rests on and what it lacks: coverage, calibration, abstentions, missing detectors, and
    what is to be said of the file, such as damage."""
    parts = _together(speaking, _coverage) + _left_out(speaking) + _uncalibrated(speaking)
    parts += _calibrations(speaking)
    if speaking:
        away = [ending for ending in silent if _reason(ending) is not Reason.DETECTOR_MISSING]
        parts += _together(away, lambda ending: f"gave no score ({_detail(ending)})")
    parts += _named_missing(silent, missing)
    parts += [remark.rstrip(".") for remark in remarks if remark]
    return f"{'; '.join(parts)}." if parts else ""


def _title(ending: DetectorEnded) -> str:
    return ending.title or ending.detector


def _reason(ending: DetectorEnded) -> Reason | None:
    return ending.assessment.reason if isinstance(ending.assessment, NotAssessed) else None


def _together(endings: Sequence[DetectorEnded], say: Callable[[DetectorEnded], str]) -> list[str]:
    """What is said of each, those of whom the same is said named together."""
    said: dict[str, list[str]] = {}
    for ending in endings:
        said.setdefault(say(ending), []).append(_title(ending))
    return [f"{listed(titles)} {words}" for words, titles in said.items()]


def _coverage(ending: DetectorEnded) -> str:
    if not isinstance(ending.assessment, Verdict):
        return ""
    coverage = ending.assessment.coverage
    said = f"scored {coverage.scored} of {coverage.sampled} {coverage.unit}"
    return f"{said}, the score rests on {coverage.decisive} of them" if coverage.decisive else said


def _left_out(speaking: Sequence[DetectorEnded]) -> list[str]:
    leaving = [
        ending
        for ending in speaking
        if isinstance(ending.assessment, Verdict) and ending.assessment.coverage.left_out
    ]
    return _together(leaving, _leaving)


def _leaving(ending: DetectorEnded) -> str:
    if not isinstance(ending.assessment, Verdict):
        return ""
    coverage = ending.assessment.coverage
    counts = listed(
        f"{count} of {coverage.sampled} {coverage.unit} ({_LEFT_OUT.get(reason, REASONS[reason])})"
        for reason, count in coverage.left_out
    )
    return f"left out part of {counts}"


def _uncalibrated(speaking: Sequence[DetectorEnded]) -> list[str]:
    titles = [
        _title(ending)
        for ending in speaking
        if isinstance(ending.assessment, Verdict) and ending.assessment.band is Band.UNCALIBRATED
    ]
    if not titles:
        return []
    verb, they = ("is", "it") if len(titles) == 1 else ("are", "they")
    return [f"{listed(titles)} {verb} uncalibrated here, so {they} cannot lift the outcome above some signs"]


def _calibrations(speaking: Sequence[DetectorEnded]) -> list[str]:
    """What the bands rest on, and why one was not used."""
    said = []
    for ending in speaking:
        told = ending.assessment.facts.get("calibration") if isinstance(ending.assessment, Verdict) else None
        if isinstance(told, Mapping):
            said.append(_calibration(_title(ending), told))
    return said


def _calibration(title: str, told: Mapping[str, Any]) -> str:
    if told.get("stale"):
        return f"the calibration of {title} is not used, it was {told['stale']}"
    if told.get("limited"):
        return f"the calibration of {title} does not carry this file: {told['limited']}"
    files, sources = told["files"], told["sources"]
    return (
        f"{title} was calibrated on {files['manipulated']} manipulated files of {sources['manipulated']} sources "
        f"and {files['unmanipulated']} others of {sources['unmanipulated']}"
    )


def _named_missing(silent: Sequence[DetectorEnded], missing: Sequence[str]) -> list[str]:
    named = [_title(ending) for ending in silent if _reason(ending) is Reason.DETECTOR_MISSING]
    absent = list(dict.fromkeys([*named, *missing]))
    return [f"{listed(absent)} {'was' if len(absent) == 1 else 'were'} missing"] if absent else []
