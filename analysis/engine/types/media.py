"""What a file is and holds, before anything is decoded in full."""

from dataclasses import dataclass, field
from enum import StrEnum

from analysis.engine.types.footage import FootageSettings


class MediaKind(StrEnum):
    """What a file is, by its bytes."""

    VIDEO = "video"
    IMAGE = "image"
    AUDIO = "audio"


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

    `sample_fps` is that of the samples, also for detectors that are fed passages at the full rate. `footage` is for
    those that consume footage.
    """

    probe: Probe
    sample_fps: float
    expected_samples: int | None
    footage: FootageSettings = field(default_factory=FootageSettings)
