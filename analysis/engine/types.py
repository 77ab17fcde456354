"""What the engine takes in and yields. Nothing here knows of a database, a queue or a user.

Media time is a float in seconds from the start of the file. Boxes are `xyxy` in 0–1 of the upright
frame, origin top left. Scores are in 0–1 and 1 always means manipulated.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from analysis.engine.plan import Plan
    from analysis.engine.plots import Plot

    Pixels = NDArray[np.uint8]
    Samples = NDArray[np.float32]
    Floats = NDArray[np.float32]
else:
    # The web names kinds and probes but never touches a pixel: it should not load numpy for that.
    Pixels = Samples = Floats = Any
Box = tuple[float, float, float, float]
Point = tuple[float, float]
Landmarks = tuple[Point, Point, Point, Point, Point]


class MediaKind(StrEnum):
    """What a file is, by its bytes."""

    VIDEO = "video"
    IMAGE = "image"
    AUDIO = "audio"


class Stage(StrEnum):
    """The steps of a run, in the order they usually come."""

    INITIALIZING = "initializing"
    FRAME_EXTRACTION = "frame_extraction"
    AUDIO_EXTRACTION = "audio_extraction"
    SPECTROGRAM_GENERATION = "spectrogram_generation"
    FEATURE_EXTRACTION = "feature_extraction"
    MODEL_INFERENCE = "model_inference"
    VISUALIZATION = "visualization"
    POST_PROCESSING = "post_processing"


class Reason(StrEnum):
    """Why a detector gives no score."""

    NO_FACE = "no_face"
    FACE_TOO_SMALL = "face_too_small"
    FACE_TOO_BLURRED = "face_too_blurred"
    TOO_SHORT = "too_short"
    SILENCE = "silence"
    NOISE = "noise"
    NO_SOUND = "no_sound"
    NO_PICTURE = "no_picture"
    UNSUPPORTED_CODEC = "unsupported_codec"
    DECODE_ERROR = "decode_error"
    OUTSIDE_DOMAIN = "outside_domain"
    DETECTOR_FAILED = "detector_failed"
    DETECTOR_MISSING = "detector_missing"
    REPORTS_FACTS = "reports_facts"


class Band(StrEnum):
    """Where a score lies in the calibration of its detector version."""

    STRONG = "strong_signs"
    SOME = "some_signs"
    NONE = "no_signs"
    UNCALIBRATED = "uncalibrated"


class OutcomeName(StrEnum):
    """The five things a run may say."""

    STRONG_SIGNS = "strong_signs"
    SOME_SIGNS = "some_signs"
    NO_SIGNS = "no_signs"
    DISAGREE = "disagree"
    NOT_ASSESSABLE = "not_assessable"


@dataclass(frozen=True)
class Coverage:
    """How much was scored of what was looked at; `unit` is "frames", "windows", "images" or "blocks".

    decisive: how many of the scored the score itself rests on, when not on all. left_out: in how many of the
    sampled something was refused, by reason, although something else in them may have been scored.
    """

    scored: int
    sampled: int
    unit: str = "frames"
    decisive: int | None = None
    left_out: tuple[tuple[Reason, int], ...] = ()


@dataclass(frozen=True)
class Condition:
    """In what state a file reached a detector, measured on the file itself; None where it has no such side.

    jpeg_quality: 1 to 100, of a JPEG's own tables. quantiser: mean of H.264's QP over the first pictures, 0 to 51
    (what x264's CRF aims at). short_side_px: of the upright picture. face_px: median longer side of the faces scored.
    """

    jpeg_quality: float | None = None
    quantiser: float | None = None
    short_side_px: float | None = None
    face_px: float | None = None
    sound_rate_hz: float | None = None


@dataclass(frozen=True)
class Verdict:
    """A detector's score with where it lies and what it rests on."""

    score: float
    coverage: Coverage
    band: Band = Band.UNCALIBRATED
    facts: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class NotAssessed:
    """Why there is no score. `facts` may hold what was found all the same, never a score."""

    reason: Reason
    detail: str
    facts: Mapping[str, Any] = field(default_factory=dict)


Assessment = Verdict | NotAssessed


@dataclass(frozen=True)
class Outcome:
    """What the run as a whole says, in sentences made from the code path that ran.

    `rule` is the fusion rule as it was applied, for the record.
    """

    name: OutcomeName
    sentence: str
    why: str
    limit: str
    rule: str


# What flows from the reader to the sessions -----------------------------------------------------


@dataclass(frozen=True)
class Frame:
    """One picture, upright, uint8 RGB (height, width, 3). `index` counts samples from 0.

    A damaged one was not decoded whole, or is predicted from one that was not: no session is given it.
    One that is not `sampled` lies between two samples and has the index of the first; it and every `dense` one belong
    to a passage at the full rate, which only detectors whose card says `dense` are fed.
    """

    index: int
    pts_seconds: float
    rgb: Pixels
    damaged: bool = False
    sampled: bool = True
    dense: bool = False


@dataclass(frozen=True)
class FaceCrop:
    """One face that passed the quality gate; `rgb` is its crop from the full-size frame, uint8 (h, w, 3).

    `region` is what part of the frame the crop shows. `landmarks` are, in 0–1 of the frame, the person's right and
    left eye, the tip of the nose, and the right and left corner of the mouth; None where the finder gives none.
    `surroundings` hold, by how many times its box they are large (2.7 and 4), small copies of the face with what
    is around it, uint8 (80, 80, 3), from media/surroundings.py.
    """

    index: int
    pts_seconds: float
    track: int
    box: Box
    confidence: float
    rgb: Pixels
    landmarks: Landmarks | None = None
    region: Box | None = None
    surroundings: Mapping[float, Pixels] = field(default_factory=dict)


@dataclass(frozen=True)
class FrameBatch:
    """Consecutive frames, without the damaged ones where a session is fed."""

    frames: tuple[Frame, ...]


@dataclass(frozen=True)
class FaceBatch:
    """The faces of consecutive frames.

    `sampled` names every frame looked at as (index, pts_seconds); `refused` says for frames without a
    usable face why: no_face, face_too_small, face_too_blurred or decode_error; `left_out` names the refusals of single
    faces as (index, reason), also in frames where another face was usable. `finder` is who looked, and the
    SHA-256 of its weights.
    """

    sampled: tuple[tuple[int, float], ...]
    faces: tuple[FaceCrop, ...]
    refused: Mapping[int, Reason] = field(default_factory=dict)
    left_out: tuple[tuple[int, Reason], ...] = ()
    finder: tuple[str, str] | None = None


@dataclass(frozen=True)
class SoundBatch:
    """Consecutive sound, 16 kHz mono float32 in -1..1, without gaps between batches."""

    start_seconds: float
    samples: Samples


@dataclass(frozen=True)
class FileFacts:
    """What the container says, read in the sandbox: JSON-able facts by topic, and the encoded bytes
    of a still image (None above the reader's limit, and for video and sound).

    Keys of `facts`: "probe", "container", "exif", "xmp", "iptc", "text" (PNG and others), "c2pa", "jpeg",
    "sound" (its long-term spectrum at the rate it is stored with), "coding" (sizes, sorts and times of pictures).
    """

    facts: Mapping[str, Any]
    encoded: bytes | None = None


Batch = FrameBatch | FaceBatch | SoundBatch | FileFacts


class Consumes(StrEnum):
    """What a detector is fed."""

    FRAMES = "frames"
    FACES = "faces"
    SOUND = "sound"
    FILE = "file"


@dataclass(frozen=True)
class Probe:
    """What the file holds, before anything is decoded in full.

    Sizes are those of the upright picture. Durations come from the container and may be wrong
    (`duration_seconds` is None when it does not say). `picture_unread` and `sound_unread` say why there is a
    track of that sort and yet nothing of it can be read.
    """

    kind: MediaKind
    container: str
    duration_seconds: float | None = None
    width: int | None = None
    height: int | None = None
    fps_from_header: float | None = None
    frames_from_header: int | None = None
    video_codec: str | None = None
    rotation_degrees: int = 0
    bit_depth: int | None = None
    audio_codec: str | None = None
    sample_rate_hz: int | None = None
    channels: int | None = None
    video_streams: int = 0
    audio_streams: int = 0
    picture_unread: str | None = None
    sound_unread: str | None = None

    @property
    def has_picture(self) -> bool:
        return self.width is not None

    @property
    def has_sound(self) -> bool:
        return self.audio_codec is not None


@dataclass(frozen=True)
class Source:
    """What a session is told before it is fed: the probe and how frames are sampled.

    `sample_fps` is that of the samples, also for detectors that are fed passages at the full rate.
    """

    probe: Probe
    sample_fps: float
    expected_samples: int | None


# What the engine yields -------------------------------------------------------------------------


@dataclass(frozen=True)
class ScorePoint:
    """One raw detector score at a media time, or a gap: `score` is None and `reason` says why.

    `box` says what part of the frame was scored, where it was a part.
    """

    pts_seconds: float
    score: float | None
    track: int | None = None
    reason: Reason | None = None
    box: Box | None = None


@dataclass(frozen=True)
class Probed:
    """The file was opened; this is what it holds."""

    probe: Probe


@dataclass(frozen=True)
class Prepared:
    """Detectors are loaded, and this is how they will be fed."""

    plan: "Plan"


@dataclass(frozen=True)
class StageStarted:
    stage: Stage
    message: str


@dataclass(frozen=True)
class StageFinished:
    stage: Stage
    message: str
    seconds: float


@dataclass(frozen=True)
class DetectorStarted:
    detector: str
    message: str


@dataclass(frozen=True)
class DetectorProgressed:
    """How far a detector is: `done` of `total` units (None when the length is unknown)."""

    detector: str
    done: int
    total: int | None
    unit: str
    fps: float | None
    seconds_left: float | None
    pts_seconds: float
    faces: int | None = None


@dataclass(frozen=True)
class ScoresMeasured:
    """New points of a detector's curve, in media-time order per track."""

    detector: str
    points: tuple[ScorePoint, ...]


@dataclass(frozen=True)
class EvidenceMade:
    """A picture (PNG, WebP or JPEG bytes) that shows what a detector saw, and the data it was drawn from."""

    detector: str
    kind: str
    title: str
    caption: str
    media_type: str
    content: bytes
    plot: "Plot | None" = None


@dataclass(frozen=True)
class DetectorEnded:
    """A detector's conclusion; a failure is NotAssessed(detector_failed) with `error_type` set.

    `title`, `subject` and `forensic` are its card's. `condition` is None where the file was never opened.
    """

    detector: str
    version: str
    family: str
    weights_sha256: str | None
    assessment: Assessment
    seconds: float
    error_type: str | None = None
    title: str = ""
    subject: str = ""
    forensic: bool = True
    condition: Condition | None = None


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
    | DetectorEnded
    | StressStarted
    | VariantStarted
    | VariantWorked
    | VariantEnded
    | Concluded
)
