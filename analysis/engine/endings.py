"""How a detector's part ends: checked conclusions, and the endings of detectors that never began."""

import json
import math
from collections.abc import Iterable, Sequence
from dataclasses import replace

from analysis.engine.detectors.base import Card
from analysis.engine.errors import EngineError, UnsupportedCodec
from analysis.engine.media.limits import Passages, Summary
from analysis.engine.plots import UnsoundPlot, described
from analysis.engine.sentences import listed
from analysis.engine.types import (
    Assessment,
    Band,
    Consumes,
    Coverage,
    DetectorEnded,
    EvidenceMade,
    NotAssessed,
    Observation,
    Probe,
    Reason,
    ScorePoint,
    ScoresMeasured,
    Verdict,
)

DETAIL_CHARACTERS = 500
EVIDENCE_BYTES = 8 << 20
EVIDENCE_TYPES = frozenset(("image/png", "image/webp", "image/jpeg"))


class BrokenProtocol(EngineError):
    """A detector gave something that is no score, no assessment or not its own."""

    code = "broken_protocol"


def ended(
    card: Card, assessment: Assessment, *, seconds: float = 0.0, error_type: str | None = None
) -> DetectorEnded:
    """The observation for this card."""
    return DetectorEnded(
        detector=card.name,
        version=card.version,
        family=card.family,
        weights_sha256=card.weights_sha256,
        assessment=assessment,
        seconds=seconds,
        error_type=error_type,
        title=card.title,
        subject=card.subject,
        forensic=card.forensic,
    )


def failed(card: Card, error: BaseException, *, seconds: float = 0.0) -> DetectorEnded:
    """The ending of a detector that raised."""
    detail = f"{type(error).__name__}: {error}"[:DETAIL_CHARACTERS]
    assessment = NotAssessed(Reason.DETECTOR_FAILED, detail)
    return ended(card, assessment, seconds=seconds, error_type=type(error).__name__)


def unread(error: EngineError | None, *, what: str = "file") -> NotAssessed:
    """Why a detector had nothing to look at, although the file should hold it."""
    reason = Reason.UNSUPPORTED_CODEC if isinstance(error, UnsupportedCodec) else Reason.DECODE_ERROR
    return NotAssessed(reason, str(error) if error else f"no {what} could be decoded")


def outside(card: Card, probe: Probe) -> NotAssessed | None:
    """Why this detector cannot look at such a file; None when it can."""
    if (card.consumes is Consumes.SOUND or card.hears) and not probe.has_sound:
        return _without_sound(probe)
    if card.consumes in {Consumes.FRAMES, Consumes.FACES, Consumes.FOOTAGE} and not probe.has_picture:
        return _without_picture(probe)
    if probe.kind not in card.kinds:
        kinds = " and ".join(sorted(kind.value for kind in card.kinds))
        return NotAssessed(
            Reason.OUTSIDE_DOMAIN, f"{card.title} looks at {kinds}; this is {probe.kind.value}"
        )
    return None


def _without_sound(probe: Probe) -> NotAssessed:
    if probe.sound_unread:
        return NotAssessed(Reason.UNSUPPORTED_CODEC, probe.sound_unread)
    return NotAssessed(Reason.NO_SOUND, "the file has no sound track")


def _without_picture(probe: Probe) -> NotAssessed:
    if probe.picture_unread:
        reason = Reason.DECODE_ERROR if probe.video_codec else Reason.UNSUPPORTED_CODEC
        return NotAssessed(reason, probe.picture_unread)
    return NotAssessed(Reason.NO_PICTURE, "the file has no picture")


def damage_of(probe: Probe, unread: str) -> str:
    """What of the file could not be read, in words: tracks without a decoder, and what failed on the way."""
    return "; ".join(filter(None, (probe.picture_unread, probe.sound_unread, unread)))


def remarks_on(probe: Probe, summary: Summary) -> list[str]:
    """What else the outcome's limit must name: tracks nobody looked at, and times that are not the file's own."""
    said = [
        f"1 of {count} {what} tracks was examined"
        for count, what, examined in (
            (probe.video_streams, "picture", summary.frames_delivered),
            (probe.audio_streams, "sound", summary.samples_delivered),
        )
        if count > 1 and examined
    ]
    if summary.timestamps_repaired:
        said.append(
            f"{summary.timestamps_repaired} of {summary.frames_decoded} timestamps ran backward and were "
            "replaced, so times are estimates"
        )
    return said


def remarks_on_passages(
    cards: Sequence[Card], passages: Passages, probe: Probe, summary: Summary
) -> list[str]:
    """What of a longer video the detectors that need its full rate looked at."""
    titles = [card.title for card in cards if card.dense]
    length = summary.last_pts_seconds or 0.0
    count = passages.begun(length, probe.duration_seconds)
    if not titles or count * passages.seconds >= length:
        return []
    return [
        f"{listed(titles)} looked at {count} passages of {passages.seconds:g} s in {length:.0f} s of video"
    ]


def checked_scores(card: Card, given: Iterable[Observation]) -> list[ScoresMeasured]:
    """What a session yielded, if it is the detector's own scores. Raises BrokenProtocol."""
    measured = []
    for observation in given:
        if not isinstance(observation, ScoresMeasured) or observation.detector != card.name:
            raise BrokenProtocol(f"{card.name} yielded {observation!r:.80}, which is not a score of its own.")
        for point in observation.points:
            _check_point(card, point)
        if observation.points:
            measured.append(observation)
    return measured


def checked_assessment(card: Card, given: Assessment) -> Assessment:
    """The conclusion, if its score, coverage and facts are sound. Raises BrokenProtocol."""
    if not isinstance(given, Verdict | NotAssessed):
        raise BrokenProtocol(f"{card.name} concluded with {given!r:.80}, which is no assessment.")
    if isinstance(given, Verdict):
        if card.consumes is Consumes.FOOTAGE:
            raise BrokenProtocol(f"{card.name} concluded with a score; detectors of footage report facts.")
        _check_verdict(card, given)
    elif not isinstance(given.reason, Reason) or not isinstance(given.detail, str):
        raise BrokenProtocol(f"{card.name} abstained for {given.reason!r:.80}, which is no known reason.")
    try:
        json.dumps(dict(given.facts), allow_nan=False)
    except (TypeError, ValueError) as error:
        raise BrokenProtocol(f"{card.name} gave facts that cannot be written down ({error}).") from error
    return given


def checked_evidence(card: Card, given: Iterable[EvidenceMade]) -> tuple[EvidenceMade, ...]:
    """What a session left as evidence, if it is pictures of its own. Raises BrokenProtocol."""
    made = tuple(given)
    for one in made:
        if not isinstance(one, EvidenceMade) or one.detector != card.name:
            raise BrokenProtocol(f"{card.name} left {one!r:.80}, which is no evidence of its own.")
        if one.media_type not in EVIDENCE_TYPES or not isinstance(one.content, bytes) or not one.content:
            raise BrokenProtocol(f"{card.name} left evidence that is no PNG, WebP or JPEG picture.")
        if not all(isinstance(words, str) for words in (one.kind, one.title, one.caption)):
            raise BrokenProtocol(f"{card.name} left evidence without a title or caption.")
        if len(one.content) > EVIDENCE_BYTES:
            raise BrokenProtocol(f"{card.name} left a picture of more than {EVIDENCE_BYTES:,} bytes.")
        _check_plot(card, one)
    return made


def _check_plot(card: Card, made: EvidenceMade) -> None:
    try:
        if made.plot is not None:
            described(made.plot)
    # a plug-in may have put anything at all into it
    except (UnsoundPlot, TypeError, ValueError, AttributeError, IndexError) as error:
        raise BrokenProtocol(f"{card.name} left evidence with unsound data ({error}).") from error


def without(assessment: Assessment, damaged: int) -> Assessment:
    """The assessment, its coverage counting the damaged frames that its session never saw."""
    if not damaged or not isinstance(assessment, Verdict):
        return assessment
    coverage = assessment.coverage
    lost = (Reason.DECODE_ERROR, damaged)
    seen = replace(coverage, sampled=coverage.sampled + damaged, left_out=(*coverage.left_out, lost))
    return replace(assessment, coverage=seen)


def _check_point(card: Card, point: ScorePoint) -> None:
    if point.score is not None and not is_score(point.score):
        raise BrokenProtocol(f"{card.name} gave {point.score!r} as a score; scores lie in 0 to 1.")
    if not isinstance(point.pts_seconds, float | int) or not math.isfinite(point.pts_seconds):
        raise BrokenProtocol(f"{card.name} gave {point.pts_seconds!r} as a media time.")
    if point.reason is not None and not isinstance(point.reason, Reason):
        raise BrokenProtocol(f"{card.name} gave {point.reason!r:.80} as the reason of a gap.")


def _check_verdict(card: Card, given: Verdict) -> None:
    if not is_score(given.score):
        raise BrokenProtocol(f"{card.name} concluded with the score {given.score!r}; scores lie in 0 to 1.")
    if not isinstance(given.band, Band):
        raise BrokenProtocol(f"{card.name} concluded with {given.band!r:.80}, which is no band.")
    _check_coverage(card, given.coverage)


def _check_coverage(card: Card, coverage: Coverage) -> None:
    if not 1 <= coverage.scored <= coverage.sampled:
        raise BrokenProtocol(f"{card.name} says it scored {coverage.scored} of {coverage.sampled}.")
    if coverage.decisive is not None and not 1 <= coverage.decisive <= coverage.scored:
        raise BrokenProtocol(f"{card.name} says its score rests on {coverage.decisive} of {coverage.scored}.")
    if not all(isinstance(reason, Reason) for reason, _ in coverage.left_out):
        raise BrokenProtocol(f"{card.name} left something out for no known reason.")


def is_score(value: object) -> bool:
    """Whether this is a finite number in 0–1 (NumPy's own scalars are not: they cannot be stored)."""
    return isinstance(value, float | int) and math.isfinite(value) and 0 <= value <= 1
