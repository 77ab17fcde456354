"""What a file may cost, and how its frames are sampled."""

from dataclasses import dataclass
from math import isfinite


@dataclass(frozen=True)
class Limits:
    """Bounds on one file, held by the sandboxed reader.

    `memory_bytes` is address space of the child process; `cpu_seconds` its CPU time over the whole
    file; `probe_seconds` the wall clock until the probe is there; `facts_seconds` that of everything read
    besides pictures and sound; `stall_seconds` the longest silence while somebody waits for what comes
    next; `encoded_bytes` the largest still image whose encoded bytes are passed on.
    """

    max_pixels: int = 100_000_000
    max_duration_seconds: float = 4 * 3600.0
    max_streams: int = 64
    memory_bytes: int = 3 << 30
    cpu_seconds: int = 4 * 3600
    probe_seconds: float = 20.0
    facts_seconds: float = 45.0  # below the worker's patience with a run that shows nothing
    stall_seconds: float = 30.0
    encoded_bytes: int = 32 << 20


@dataclass(frozen=True)
class Passages:
    """Stretches of a video that are delivered at its full rate, up to `max_fps`, beside the sampled frames.

    At most `most` of `seconds` each, spread evenly over the duration that the header says, or one every
    `spacing_seconds` where it says none. A video no longer than all of them together is delivered whole.
    """

    seconds: float = 10.0
    most: int = 12
    max_fps: float = 60.0
    spacing_seconds: float = 60.0

    def spacing(self, duration_seconds: float | None) -> float:
        """From the beginning of one passage to that of the next."""
        if duration_seconds is None:
            return self.spacing_seconds
        return max(self.seconds, duration_seconds / self.most)

    def hold(self, pts_seconds: float, duration_seconds: float | None) -> bool:
        """Whether that moment lies in a passage. A header that says too little leaves the end out."""
        number, into = divmod(pts_seconds, self.spacing(duration_seconds))
        return number < self.most and into < self.seconds

    def begun(self, last_seconds: float, duration_seconds: float | None) -> int:
        """How many passages there were in a video that ended then."""
        return min(self.most, int(last_seconds / self.spacing(duration_seconds)) + 1)

    def expected_seconds(self, duration_seconds: float) -> float:
        return min(duration_seconds, self.seconds * self.most)


@dataclass(frozen=True)
class Flow:
    """The frames of footage, over the whole file: at most `max_fps` a second, of those one in `frame_skip` + 1.

    Raises ValueError for what is no rate.
    """

    max_fps: float = 10.0
    frame_skip: int = 0

    def __post_init__(self) -> None:
        if not (isfinite(self.max_fps) and self.max_fps > 0 and self.frame_skip >= 0):
            raise ValueError(f"{self.max_fps} a second with {self.frame_skip} left out is no rate of frames.")

    def fps(self, fps: float | None) -> float:
        """How many frames a second come of a video with so many; at most so many where that is not known."""
        return min(fps or self.max_fps, self.max_fps) / (self.frame_skip + 1)


@dataclass(frozen=True)
class Sampling:
    """Which frames are delivered, and in what portions.

    fps: for each point of the grid 0, 1/fps, 2/fps … the frame with the nearest timestamp (the earlier
    of two equally near), each frame once; None means every frame.
    A batch is full at `batch_frames` frames or `batch_bytes` of pixels. The first ones are shorter (1, 1, 2, 4 …
    frames), and so is the last.
    After `max_frames` no further frame is delivered; the sound goes on.
    until_seconds: where reading stops, as if the file ended there.
    passages: what is delivered at the full rate besides, for detectors that need it.
    flow: the frames of footage that are delivered besides; damaged ones are none of them.
    """

    fps: float | None = None
    batch_frames: int = 16
    batch_bytes: int = 64 << 20
    max_frames: int | None = None
    passages: Passages | None = None
    until_seconds: float | None = None
    flow: Flow | None = None


@dataclass(frozen=True)
class Trouble:
    """Something that could not be decoded, and where (media time, None when unknown)."""

    pts_seconds: float | None
    message: str


@dataclass(frozen=True)
class Summary:
    """How the reading ended. `troubles` holds the first few of `decode_errors`.

    timestamps_repaired: pictures that decoded well but whose time is missing or not later than the one before.
    """

    frames_decoded: int = 0
    frames_delivered: int = 0
    frames_resized: int = 0
    samples_delivered: int = 0
    silence_inserted_seconds: float = 0.0
    decode_errors: int = 0
    timestamps_repaired: int = 0
    last_pts_seconds: float | None = None
    troubles: tuple[Trouble, ...] = ()
