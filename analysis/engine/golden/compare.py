"""Runs our nets on a golden file's inputs and says how far each is from the original implementation."""

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from analysis.engine.catalogue import CATALOGUE
from analysis.engine.errors import UnverifiedWeights
from analysis.engine.golden.expressions import UnreadableFormula
from analysis.engine.golden.inputs import MissingInput, build, differs, find
from analysis.engine.golden.ports import PORTS, Values
from analysis.engine.weights import WeightStore, sha256_of

DEFAULT_TOLERANCE = {"synthetic": 1e-4, "real": 1e-3}
# on a GPU, where sums of many products are added in another order, in full single precision all the same
DEVICE_TOLERANCE = 1e-3
# lists of what was found: how many numbers of each row are places in pixels
PLACES = {
    "opencv_FaceDetectorYN_full_size.faces": 14,
    "detections_xyxy_px_score_class": 4,
    "detections_x1_y1_x2_y2_score_class_thr_0.5": 4,
}


@dataclass
class Compared:
    """One net's comparison; `largest` is the largest |ours - golden| / max(1, |golden|) of its cases.

    `beyond` names the values out of tolerance; `skipped` says which cases, or the whole net, could not run.
    """

    net: str
    largest: float = 0.0
    largest_at: str = ""
    cases: int = 0
    values: int = 0
    beyond: list[str] = field(default_factory=list)
    skipped: list[str] = field(default_factory=list)


def compare(golden: Path, store: WeightStore, device: str = "cpu") -> Iterator[Compared]:
    """One Compared per net of the file, in its order; OSError and ValueError if it is unreadable.

    device: where our nets run. The tolerances are the file's on any other than the CPU too, but at least
    DEVICE_TOLERANCE.
    """
    for name, net in json.loads(golden.read_text("utf-8"))["nets"].items():
        yield _compare_net(name, net, golden.parent, store, device)


def _compare_net(
    name: str, net: Mapping[str, Any], folder: Path, store: WeightStore, device: str
) -> Compared:
    compared = Compared(name)
    port = PORTS.get(name)
    if port is None:
        compared.skipped.append("no port of this net here")
        return compared
    try:
        run = port.load(
            *(_weights(key, net, folder, store) for key in (port.key, *port.further)), device=device
        )
    except UnverifiedWeights as error:
        compared.skipped.append(str(error))
        return compared
    for case in net["cases"]:
        _compare_case(compared, case, allowed(net, device), folder, run)
    return compared


def allowed(net: Mapping[str, Any], device: str) -> dict[str, Any]:
    """The tolerances of a net's values by kind: the file's, and on a GPU at least DEVICE_TOLERANCE."""
    stated = DEFAULT_TOLERANCE | dict(net.get("tolerance", {}))
    if device == "cpu":
        return stated
    return stated | {kind: max(stated[kind], DEVICE_TOLERANCE) for kind in DEFAULT_TOLERANCE}


def _weights(key: str, net: Mapping[str, Any], folder: Path, store: WeightStore) -> Path:
    """The installed file; else the one beside the golden file that hashes to the catalogue's digest."""
    try:
        return store.path(key)
    except UnverifiedWeights:
        for entry in net.get("weights", []):
            with suppress(MissingInput):
                path = find(entry["file"], folder)
                if sha256_of(path) == CATALOGUE[key].sha256:
                    return path
        raise


def _compare_case(
    compared: Compared,
    case: Mapping[str, Any],
    tolerances: Mapping[str, float],
    folder: Path,
    run: Callable[[NDArray[Any], Mapping[str, Any]], Values],
) -> None:
    described = case["input"]
    try:
        array = build(described, folder)
    except (MissingInput, UnreadableFormula) as error:
        compared.skipped.append(f"{case['id']}: {error}")
        return
    if differs(array, described) and described["kind"] != "synthetic":
        compared.skipped.append(
            f"{case['id']}: decoded differently here; only synthetic cases can judge the net"
        )
        return
    try:
        given = run(array, described)
    except (RuntimeError, ValueError, cv2.error) as error:
        compared.beyond.append(f"{case['id']}: our net does not run on it ({error})")
        return
    _compare_values(compared, case, given, tolerances)


def _compare_values(
    compared: Compared, case: Mapping[str, Any], given: Values, tolerances: Mapping[str, float]
) -> None:
    described, before = case["input"], compared.values
    kind = "synthetic" if described["kind"] == "synthetic" else "real"
    allowed = dict(tolerances)
    stated = dict(_stated(case))
    for value, ours in given.items():
        if value in stated:
            _compare_value(compared, f"{case['id']} {value}", ours, stated[value], allowed, kind)
    if compared.values == before:
        compared.skipped.append(f"{case['id']}: it states no value that our net gives")
    else:
        compared.cases += 1


def _stated(case: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    for name, value in case["outputs"].items():
        yield name, value
        if isinstance(value, dict) and "faces" in value:
            yield f"{name}.faces", value["faces"]
        if isinstance(value, dict) and "raw" in value:
            yield from ((f"{name}.raw.{inner}", one) for inner, one in value["raw"].items())
    for layers in ("layers", "layers_nhwc"):
        for name, value in case.get(layers, {}).items():
            yield f"layers.{name}", value


def _compare_value(
    compared: Compared, at: str, ours: NDArray[Any], golden: Any, allowed: Mapping[str, float], kind: str
) -> None:
    compared.values += 1
    places = PLACES.get(at.rpartition(" ")[2])
    error = _found_error(ours, golden, allowed, places) if places else _error(ours, golden)
    # boxes carry a tolerance of their own, in pixels; _found_error scales to it
    limit = allowed[kind]
    if error > compared.largest or not compared.largest_at:
        compared.largest, compared.largest_at = error, at
    if not error <= limit:
        compared.beyond.append(f"{at}: {error:.3g} > {limit:g}")


def _relative(ours: Any, golden: Any) -> float:
    got, want = np.asarray(ours, np.float64).ravel(), np.asarray(golden, np.float64).ravel()
    if got.shape != want.shape:
        return float("inf")
    difference = np.abs(got - want) / np.maximum(1.0, np.abs(want))
    return float(np.nan_to_num(difference, nan=np.inf).max(initial=0.0))


def _error(ours: NDArray[Any], golden: Any) -> float:
    if isinstance(golden, str):
        return 0.0 if str(ours) == golden else float("inf")
    if not isinstance(golden, dict):
        return _relative(ours, golden)
    if list(golden["shape"]) not in (list(ours.shape), [1, *ours.shape]):
        return float("inf")
    if "values" in golden:
        return _relative(ours, golden["values"])
    flat = ours.astype(np.float64).ravel()
    summary = {"mean": flat.mean(), "std": flat.std(), "min": flat.min(), "max": flat.max()}
    named = [_relative(value, golden[name]) for name, value in summary.items() if name in golden]
    return max([*named, _relative(flat[golden["flat_index_c_order"]], golden["values_at"])])


def _found_error(ours: NDArray[Any], golden: Any, allowed: Mapping[str, float], places: int) -> float:
    """Boxes and points in pixels over their own tolerance, what follows as it is; both as a share of "real"."""
    want = np.asarray(golden, np.float64)
    if not (ours.size or want.size):
        return 0.0
    if ours.shape != want.shape:
        return float("inf")
    pixels = float(np.abs(ours[:, :places] - want[:, :places]).max(initial=0.0)) / allowed.get("box_px", 0.5)
    return max(pixels * allowed["real"], _relative(ours[:, places:], want[:, places:]))
