"""Builds the inputs a golden file describes: drawn from its formulas, or cut from the files it names."""

import hashlib
import re
from collections.abc import Mapping
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from analysis.engine.golden.expressions import UnreadableFormula, evaluate

Array = NDArray[Any]
WINDOW_SAMPLES = 64_600


class MissingInput(LookupError):
    """The file an input is cut from is not there, or is another file."""


def build(described: Mapping[str, Any], folder: Path) -> Array:
    """The array of one `input` entry, before the net's own layout.

    Pictures are (height, width, 3): float32 for synthetic ones, uint8 as decoded and cropped otherwise.
    Sound is float32 (samples,). `folder` is where the golden file lies; files are looked for beside it,
    then in its parent. Raises MissingInput and UnreadableFormula.
    """
    if described["kind"] == "synthetic":
        return synthetic(described["formula"])
    path = find(described["file"], folder)
    if (wanted := described.get("file_sha256")) and hashlib.sha256(path.read_bytes()).hexdigest() != wanted:
        raise MissingInput(f"{described['file']} is another file than the one described")
    import av

    try:
        return _sound(path, described) if "soundfile" in described["decode"] else _picture(path, described)
    except (av.FFmpegError, IndexError) as error:
        raise MissingInput(f"{described['file']} cannot be decoded ({error})") from error


def differs(array: Array, described: Mapping[str, Any]) -> bool:
    """Whether the array is another than the description's check says.

    Digests of synthetic arrays may differ in the last bit with the machine's sine: then the mean decides.
    """
    for name in ("check", "check_uint8_rgb_hwc", "check_uint8_bgr_hwc"):
        check = described.get(name)
        if check:
            return not _agrees(array, check)
    return False


def _agrees(array: Array, check: Mapping[str, Any]) -> bool:
    if hashlib.sha256(np.ascontiguousarray(array).tobytes()).hexdigest() == check.get("sha256"):
        return True
    if array.dtype == np.uint8 and "sha256" in check:
        return False
    sums = {"mean": np.mean(array, dtype=np.float64), "sum_of_abs": np.abs(array).sum(dtype=np.float64)}
    stated = [(float(sums[name]), check[name]) for name in sums if name in check]
    return bool(stated) and all(abs(got - want) <= 1e-6 * max(1.0, abs(want)) for got, want in stated)


def find(name: str, folder: Path) -> Path:
    """The file of that relative name, beside the golden file or in its parent folder. Raises MissingInput.

    Only the name is judged: `media` may well be a link to where the files lie.
    """
    if Path(name).is_absolute() or ".." in Path(name).parts:
        raise MissingInput(f"{name} is not a path below the golden file's folder")
    for base in (folder, folder.parent):
        if (base / name).is_file():
            return base / name
    raise MissingInput(f"{name} is neither beside the golden file nor in its parent folder")


def synthetic(formula: str) -> Array:
    """The array a formula describes, float32."""
    if "mgrid" in formula:
        return _wave(formula)
    statements = [part.strip() for part in _without_remarks(formula).split(";")]
    names: dict[str, Any] = {}
    value: Any = None
    for statement in statements:
        target, equals, expression = statement.partition("=")
        assigned = bool(equals) and re.fullmatch(r"\w+", target.strip())
        value = evaluate(expression if assigned else statement, names)
        if assigned:
            names[target.strip()] = value
    array = np.asarray(value, dtype=np.float32)
    return array[0] if array.ndim == 4 and array.shape[0] == 1 else array


def _without_remarks(formula: str) -> str:
    return re.sub(r"(,\s*all float64|\s+in float64)?,?\s*then astype\(float32\)\s*$", "", formula)


def _wave(formula: str) -> Array:
    grid = re.search(r"mgrid\[0:(\d+),\s*0:(\d+)\]", formula)
    channels = re.search(r"channel (\w+) in \(([\d,\s]+)\):\s*([^;]+)", formula)
    if not grid or not channels:
        raise UnreadableFormula(f"cannot read {formula!r}")
    y, x = np.mgrid[0 : int(grid[1]), 0 : int(grid[2])].astype(np.float64)
    name, numbers, expression = (
        channels[1],
        [int(n) for n in channels[2].split(",") if n.strip()],
        channels[3],
    )
    planes = [evaluate(expression, {"x": x, "y": y, name: number}) for number in numbers]
    return np.stack(planes, axis=-1).astype(np.float32)


def _picture(path: Path, described: Mapping[str, Any]) -> Array:
    import cv2

    decode = described["decode"]
    if number := re.search(r"frame number (\d+)", decode):
        pixels = _frame(path, int(number[1]))
    else:
        read = cv2.imread(str(path), cv2.IMREAD_COLOR)
        if read is None:
            raise MissingInput(f"{described['file']} cannot be decoded")
        pixels = np.asarray(read)
        if "BGR->RGB" in decode:
            pixels = cv2.cvtColor(pixels, cv2.COLOR_BGR2RGB)
    if isinstance(box := described.get("crop_xyxy_px"), list):
        pixels = _cropped(pixels, box)
    if size := re.search(r"resize to (\d+)x(\d+), INTER_LINEAR", described.get("resize", "")):
        wanted = (int(size[1]), int(size[2]))
        if (pixels.shape[1], pixels.shape[0]) != wanted:
            pixels = cv2.resize(pixels, wanted, interpolation=cv2.INTER_LINEAR)
    return np.ascontiguousarray(pixels)


def _cropped(pixels: Array, box: list[int]) -> Array:
    x0, y0, x1, y1 = box
    if not (0 <= x0 < x1 <= pixels.shape[1] and 0 <= y0 < y1 <= pixels.shape[0]):
        raise MissingInput(f"the crop {box} lies outside the picture of {pixels.shape[1]}x{pixels.shape[0]}")
    return pixels[y0:y1, x0:x1]


def _frame(path: Path, number: int) -> Array:
    import av

    with av.open(str(path)) as container:
        frame = next(islice(container.decode(video=0), number, None), None)
    if frame is None:
        raise MissingInput(f"{path.name} has no frame {number}")
    return frame.to_ndarray(format="rgb24")


def _sound(path: Path, described: Mapping[str, Any]) -> Array:
    from scipy.signal import resample_poly

    samples = _samples(path)
    if ratio := re.search(r"resample_poly\(x, (\d+), (\d+)\)", described.get("resample", "")):
        samples = resample_poly(samples, int(ratio[1]), int(ratio[2]))
    stated = re.search(r"[\d,]+(?= samples)", described.get("length", ""))
    count = int(stated[0].replace(",", "")) if stated else WINDOW_SAMPLES
    if not len(samples):
        raise MissingInput(f"{path.name} holds no sound")
    if len(samples) < count:
        samples = np.tile(samples, -(-count // len(samples)))
    return samples[:count].astype(np.float32)


def _samples(path: Path) -> Array:
    """Mono samples in float64, integers divided by their full scale."""
    import av

    with av.open(str(path)) as container:
        blocks = [frame.to_ndarray() for frame in container.decode(audio=0)]
        channels = container.streams.audio[0].channels
    joined = np.concatenate([block.reshape(-1) for block in blocks])
    if channels != 1:
        raise MissingInput(f"{path.name} is not mono")
    if np.issubdtype(joined.dtype, np.integer):
        return joined / float(-np.iinfo(joined.dtype).min)
    return joined.astype(np.float64)
