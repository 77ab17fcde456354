"""Pictures, still and animated, opened with Pillow inside the sandbox."""

import importlib
import struct
from collections.abc import Iterator
from itertools import count
from typing import TYPE_CHECKING, Any

from PIL import Image, ImageFile, ImageOps

from analysis.engine.errors import LimitExceeded, UndecodableMedia
from analysis.engine.media import pixels
from analysis.engine.media.faults import words_of
from analysis.engine.media.job import Job
from analysis.engine.media.limits import Limits
from analysis.engine.media.quantisation import quality_of
from analysis.engine.media.reading import Block, Ledger, Picture
from analysis.engine.types import MediaKind, Probe

if TYPE_CHECKING:
    from analysis.engine.types import Pixels

_PLUGINS = {
    "jpeg": ("JpegImagePlugin", ("JPEG", "MPO")),
    "png": ("PngImagePlugin", ("PNG",)),
    "gif": ("GifImagePlugin", ("GIF",)),
    "webp": ("WebPImagePlugin", ("WEBP",)),
    "avif": ("AvifImagePlugin", ("AVIF",)),
    "tiff": ("TiffImagePlugin", ("TIFF",)),
    "bmp": ("BmpImagePlugin", ("BMP", "DIB")),
}
_ANIMATED = frozenset(("gif", "webp", "png", "avif"))
_ORIENTATION_TAG = 0x0112
# What browsers do with a frame that names no duration or nearly none.
_DEFAULT_FRAME_MS, _SHORTEST_FRAME_MS = 100.0, 10.0
# What Pillow raises on files that are not what they should be.
BROKEN = (OSError, SyntaxError, ValueError, EOFError, KeyError, IndexError, TypeError, struct.error)


def open_source(job: Job) -> "StillSource":
    """The picture, opened and its header read. Raises UndecodableMedia or LimitExceeded."""
    # Pillow raises its own error at twice this; ours comes first and says what is allowed.
    Image.MAX_IMAGE_PIXELS = max(job.limits.max_pixels, 1)
    return StillSource(job)


def open_picture(job: Job) -> Image.Image:
    """The picture as the format that its bytes said, nothing decoded yet."""
    try:
        picture = open_as(job.path, job.format)
    except Image.DecompressionBombError as error:
        raise _too_large(str(error), job.limits) from error
    except BROKEN as error:
        raise UndecodableMedia(f"its header cannot be read ({words_of(error)}).") from error
    _refuse_too_large(picture, job.limits)
    return picture


def open_as(path: str, image_format: str) -> Image.Image:
    """The picture as that format and no other. Raises what Pillow raises."""
    if image_format == "heif":
        importlib.import_module("pillow_heif").register_heif_opener()
        return Image.open(path, formats=("HEIF",))
    plugin, names = _PLUGINS[image_format]
    importlib.import_module(f"PIL.{plugin}")
    return Image.open(path, formats=names)


class StillSource:
    """One picture, or the frames of an animation at their own times."""

    def __init__(self, job: Job) -> None:
        self._job = job
        self._picture = open_picture(job)
        self._frames = _counted(self._picture) if job.format in _ANIMATED else 1
        self._decoded = False
        self._fault: Exception | None = None
        self.probe = self._probe()

    def pictures(self, ledger: Ledger) -> Iterator[Picture]:
        if self._frames == 1:
            yield self._still(ledger)
            return
        seconds, turn = 0.0, _TRANSPOSES.get(orientation_of(self._picture))
        frame = open_picture(self._job)
        for number in count():
            if number == self._frames:
                return
            try:
                frame.seek(number)
                frame.load()
            except BROKEN as error:
                ledger.trouble(seconds, words_of(error))
                return
            _refuse_too_large(frame, self._job.limits)
            # copied, because Pillow draws the next frame over this one
            yield _picture(frame.transpose(turn) if turn is not None else frame.copy(), seconds)
            seconds += _frame_seconds(frame)

    def blocks(self, ledger: Ledger) -> Iterator[Block]:
        yield from ()

    def describe(self) -> dict[str, Any]:
        picture = self._picture
        return {
            "format": picture.format,
            "format_title": picture.format_description,
            "mode": picture.mode,
            "size": list(picture.size),
            "frames": _counted(picture),
            "size_bytes": self._size_bytes(),
            "has_icc_profile": bool(picture.info.get("icc_profile")),
            "progressive": bool(picture.info.get("progressive") or picture.info.get("progression")),
            "dpi": [float(one) for one in picture.info.get("dpi", ())[:2]],
            "jpeg_quality": self._jpeg_quality(),
        }

    def _jpeg_quality(self) -> int | None:
        luma = getattr(self._picture, "quantization", {}).get(0)
        return int(quality_of(luma)["quality"]) if self._job.format == "jpeg" and luma else None

    def _size_bytes(self) -> int:
        with open(self._job.path, "rb") as file:  # noqa: PTH123  # the job holds a plain string
            return file.seek(0, 2)

    def _still(self, ledger: Ledger) -> Picture:
        """The picture, decoded strictly; failing that, as much of it as there is, counted as an error."""
        self._decode()
        picture, damaged = self._picture, self._fault is not None
        if self._fault:
            ledger.trouble(0.0, words_of(self._fault))
            picture = self._salvaged(self._fault)
        upright = ImageOps.exif_transpose(picture) if _turned(picture) else picture
        return _picture(upright, 0.0, damaged=damaged)

    def _decode(self) -> None:
        """Once, strictly: Pillow takes a picture that failed to decode for a decoded one the next time."""
        if self._decoded:
            return
        self._decoded = True
        try:
            self._picture.load()
        except BROKEN as error:
            self._fault = error

    def _salvaged(self, reason: Exception) -> Image.Image:
        ImageFile.LOAD_TRUNCATED_IMAGES = True
        try:
            picture = open_picture(self._job)
            picture.load()
        except BROKEN:
            raise UndecodableMedia(f"it cannot be decoded ({words_of(reason)}).") from reason
        return picture

    def _probe(self) -> Probe:
        width, height = self._picture.size
        if self._job.format == "png":
            # its EXIF may stand behind the pixels: Pillow decodes it when asked for the orientation
            self._decode()
        degrees, swapped = _TURNS.get(orientation_of(self._picture), (0, False))
        swapped = swapped and self._job.format != "tiff"  # Pillow turns those itself and says so in the size
        animated = self._frames != 1
        duration = _frame_seconds(self._picture) if animated else None
        return Probe(
            kind=MediaKind.VIDEO if animated else MediaKind.IMAGE,
            container=self._job.format,
            width=height if swapped else width,
            height=width if swapped else height,
            rotation_degrees=degrees,
            bit_depth=pixels.bit_depth(self._picture),
            video_codec=self._job.format,
            video_streams=1,
            duration_seconds=duration * self._frames if duration and self._frames else None,
            fps_from_header=1 / duration if duration else None,
            frames_from_header=self._frames,
        )


def _counted(picture: Image.Image) -> int | None:
    """How many frames there are; None where counting them breaks off."""
    try:
        return int(getattr(picture, "n_frames", 1))
    except BROKEN:
        return None


# EXIF orientation → (clockwise degrees to upright, sides swapped); 2, 4, 5 and 7 are mirrored.
_TRANSPOSES = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
_TURNS = {3: (180, False), 4: (180, False), 5: (90, True), 6: (90, True), 7: (270, True), 8: (270, True)}


def orientation_of(picture: Image.Image) -> int:
    """EXIF's orientation, 1 where there is none."""
    try:
        return int(picture.getexif().get(_ORIENTATION_TAG, 1))
    except BROKEN:
        return 1


def _turned(picture: Image.Image) -> bool:
    return orientation_of(picture) in range(2, 9)


def _frame_seconds(picture: Image.Image) -> float:
    milliseconds = float(picture.info.get("duration") or 0)
    return (milliseconds if milliseconds >= _SHORTEST_FRAME_MS else _DEFAULT_FRAME_MS) / 1000


def _picture(image: Image.Image, seconds: float, *, damaged: bool = False) -> Picture:
    def draw(into: "Pixels") -> None:
        pixels.draw(image, into)

    def shrunk(width: int, height: int) -> Picture:
        return _picture(image.resize((width, height)), seconds, damaged=damaged)

    return Picture(seconds, image.width, image.height, draw, shrunk, damaged)


def _refuse_too_large(picture: Image.Image, limits: Limits) -> None:
    width, height = picture.size
    if width * height > limits.max_pixels:
        raise _too_large(f"{width}×{height}", limits)
    if not width * height:
        raise UndecodableMedia("its header names a picture without a size.")


def _too_large(what: str, limits: Limits) -> LimitExceeded:
    return LimitExceeded(f"its picture is too large ({what}); {limits.max_pixels:,} pixels are allowed.")
