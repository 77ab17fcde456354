"""The folder of a classifier: what may lie in it, how it gets there, and that it still is what was added."""

import json
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from analysis.engine.classifiers.description import FILE, PARTS, Description, parsed, read, written
from analysis.engine.errors import UnverifiedWeights
from analysis.engine.weights import sha256_of

PLACE = "classifiers"
JSON_LIMIT_BYTES = 8 * 2**20
# Only their loading would run code; they are named, so that nobody wonders where they went.
PICKLED = (".bin", ".pt", ".pth", ".ckpt", ".pkl", ".h5", ".msgpack")


Prove = Callable[[Path, Description], object]


def _unproven(_folder: Path, _description: Description) -> None:
    """Nothing is tried."""


def folders(weights_dir: Path) -> Iterator[Path]:
    """Where classifiers lie, by name."""
    yield from sorted(path.parent for path in (weights_dir / PLACE).glob(f"*/{FILE}"))


def missing(folder: Path, description: Description) -> str:
    """Why the parts are not those that were added; empty when they are."""
    for name, digest in description.files.items():
        path = folder / name
        if not path.is_file():
            return f"{folder.name}/{name} is missing. Add the classifier again."
        if sha256_of(path) != digest:
            return (
                f"{folder.name}/{name} is not the file that was added: its SHA-256 differs. It is not loaded."
            )
    return ""


def add(
    weights_dir: Path, source: Path, *, prove: Prove = _unproven, **declared: Any
) -> tuple[Path, Description]:
    """Copies the parts of a model and what is declared of it, whole or not at all; replaces one of that name.

    prove: looks at the copy before it takes its place; when it raises, everything stays as it was. Raises
    UnverifiedWeights when there is no model that may be loaded, BadDescription for what is declared.
    """
    parts = [source / name for name in PARTS if (source / name).is_file()]
    refuse_unusable(source, parts)
    description = parsed({**declared, "files": {path.name: sha256_of(path) for path in parts}})
    place = weights_dir / PLACE
    place.mkdir(parents=True, exist_ok=True)
    target = place / description.name
    with tempfile.TemporaryDirectory(dir=place, prefix=".incoming-") as incoming:
        copy = Path(incoming) / description.name
        copy.mkdir()
        for path in parts:
            shutil.copyfile(path, copy / path.name)
        (copy / FILE).write_text(written(description))
        if reason := missing(copy, description):
            raise UnverifiedWeights(reason)
        prove(copy, description)
        if target.exists():
            target.rename(Path(incoming) / "before")
        copy.rename(target)
    return target, description


def remove(weights_dir: Path, name: str) -> None:
    """Raises UnverifiedWeights when there is no such classifier."""
    found = {folder.name: folder for folder in folders(weights_dir)}
    if name not in found:
        raise UnverifiedWeights(f"There is no classifier {name!r}. Known: {', '.join(found) or 'none'}.")
    shutil.rmtree(found[name])


def described(weights_dir: Path) -> Iterator[tuple[Path, Description]]:
    """Raises BadDescription for the first that cannot be used."""
    for folder in folders(weights_dir):
        yield folder, read(folder)


def refuse_unusable(source: Path, parts: list[Path]) -> None:
    """Raises UnverifiedWeights for a folder without a model that can be loaded without running its code."""
    names = {path.name for path in parts}
    if not names & {"model.safetensors", "model.onnx"}:
        pickled = [path.name for path in sorted(source.glob("*")) if path.suffix in PICKLED]
        why = f" {', '.join(pickled)} could run code when loaded and is not taken." if pickled else ""
        raise UnverifiedWeights(f"{source} holds neither model.safetensors nor model.onnx.{why}")
    if "config.json" not in names:
        raise UnverifiedWeights(f"{source} holds no config.json, which names the model's kind and labels.")
    for path in parts:
        if path.suffix == ".json":
            _refuse_code(path)


def _refuse_code(path: Path) -> None:
    if path.stat().st_size > JSON_LIMIT_BYTES:
        raise UnverifiedWeights(f"{path.name} is larger than {JSON_LIMIT_BYTES} bytes.")
    try:
        said = json.loads(path.read_bytes())
    except (ValueError, RecursionError) as error:
        raise UnverifiedWeights(f"{path.name} is not JSON: {error}") from error
    if not isinstance(said, dict):
        raise UnverifiedWeights(f"{path.name} holds no object.")
    if "auto_map" in said:
        raise UnverifiedWeights(f"{path.name} asks for code of its own (auto_map), which is never run.")
