"""The way a file was examined, kept with its results, so that a score can be computed once more the same way."""

import platform
import sys
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from analysis.engine.media.limits import Passages
from analysis.engine.types import Consumes

if TYPE_CHECKING:
    from analysis.engine.detectors.base import Card

LIBRARIES = (
    "torch",
    "numpy",
    "opencv-python-headless",
    "av",
    "scipy",
    "transformers",
    "onnxruntime",
    "rapidocr",
)
CPU_INFO = Path("/proc/cpuinfo")


@cache
def machine_name() -> str:
    """Processor, and GPU where torch is loaded and has one."""
    name = f"{platform.machine()} {_processor()}".strip()
    torch = sys.modules.get("torch")
    if torch is not None and torch.cuda.is_available():
        name += f", {torch.cuda.get_device_name(0)}"
    return name


def _processor() -> str:
    try:
        lines = CPU_INFO.read_text("utf-8", "replace").splitlines()
    except OSError:
        return platform.processor()
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "")


@cache
def library_versions() -> Mapping[str, str]:
    """Of what scores are computed with, as far as it is installed."""
    found = {}
    for name in LIBRARIES:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return found


@dataclass(frozen=True)
class Plan:
    """What decides a score beside the file, the detector and its weights.

    passages: what was read at the full rate, None when nothing was. threads: those of torch per detector, which
    decide in what order numbers are added. finder: who looked for faces, and the SHA-256 of its weights. object_finder:
    who looked for objects, its version and the SHA-256 of its weights (empty where it has none).
    machine: processor and, with a GPU, its name. libraries: versions by name. nets: by name the way each is run and
    how many inputs at once (null: as they come), which decide how numbers are rounded.
    """

    sample_fps: float
    batch_frames: int
    passages: Passages | None
    threads: int
    device: str
    finder: tuple[str, str] | None = None
    object_finder: tuple[str, str, str] | None = None
    machine: str = field(default_factory=machine_name)
    libraries: Mapping[str, str] = field(default_factory=library_versions)
    nets: Mapping[str, Mapping[str, str | int | None]] = field(default_factory=dict)

    def of(self, card: "Card") -> Self:
        """What of a run of several detectors decides the scores of this one."""
        return replace(
            self,
            finder=self.finder if card.consumes is Consumes.FACES else None,
            object_finder=self.object_finder if card.follows else None,
            passages=self.passages if card.dense else None,
        )

    def as_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def parse(cls, given: Mapping[str, Any]) -> Self:
        """The opposite of `as_json`. Raises TypeError when it is no such object."""
        passages, finder = given["passages"], given["finder"]
        objects = given.get("object_finder")  # plans of before there were any do not name it
        return cls(
            **dict[str, Any](given)
            | {
                "passages": Passages(**passages) if passages else None,
                "finder": (finder[0], finder[1]) if finder else None,
                "object_finder": (objects[0], objects[1], objects[2]) if objects else None,
            }
        )


def looked_otherwise(then: Plan, now: Plan, card: "Card") -> list[str]:
    """What makes it another examination for that detector, in sentences: then scores need not be the same at all.

    Plans may be of runs in which others were fed besides.
    """
    then, now, said = then.of(card), now.of(card), []
    if then.sample_fps != now.sample_fps:
        said.append(f"{then.sample_fps:g} frames a second were sampled then, {now.sample_fps:g} now.")
    if then.finder != now.finder:
        said.append(f"Faces were found by {_finder(then)} then, by {_finder(now)} now.")
    if then.object_finder != now.object_finder:
        said.append(f"Objects were found by {_objects(then)} then, by {_objects(now)} now.")
    if then.passages != now.passages:
        said.append("Other passages were read at the full rate.")
    return said


def computed_elsewhere(then: Plan, now: Plan) -> list[str]:
    """What makes the same computation round otherwise, in sentences: another machine, other versions.

    Of the nets only those that are run now: a record of several detectors holds those of all of them.
    """
    said = []
    for name, before, after in (
        ("device", then.device, now.device),
        ("machine", then.machine, now.machine),
        ("threads", str(then.threads), str(now.threads)),
        ("batches", str(then.batch_frames), str(now.batch_frames)),
        *((f"net {name}", _run(then.nets.get(name)), _run(one)) for name, one in sorted(now.nets.items())),
    ):
        if before != after:
            said.append(f"{name}: {before} then, {after} now.")
    for name in sorted({*then.libraries, *now.libraries}):
        before, after = then.libraries.get(name, "none"), now.libraries.get(name, "none")
        if before != after:
            said.append(f"{name}: {before} then, {after} now.")
    return said


def _run(net: Mapping[str, str | int | None] | None) -> str:
    """A record of before there were nets in it says nothing about them, so they may have been run otherwise."""
    if net is None:
        return "not on record"
    return f"{net['way']} in batches of {net['batch']}" if net["batch"] else f"{net['way']}, as inputs come"


def _finder(plan: Plan) -> str:
    return f"{plan.finder[0]} ({plan.finder[1][:12]})" if plan.finder else "nobody"


def _objects(plan: Plan) -> str:
    if plan.object_finder is None:
        return "nobody"
    name, version, sha256 = plan.object_finder
    return f"{name} {version} ({sha256[:12]})" if sha256 else f"{name} {version}"
