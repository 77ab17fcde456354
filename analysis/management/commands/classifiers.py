"""`manage.py classifiers`: models in Hugging Face format that a user adds as detectors, and heads trained on them."""

import argparse
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from analysis.engine.classifiers import folder as folders
from analysis.engine.classifiers.description import PARTS, BadDescription, read
from analysis.engine.errors import EngineError
from analysis.engine.registry import built_in_names
from analysis.management.training import declare_training, train


class Command(BaseCommand):
    """Adds, lists, checks, removes and trains classifiers."""

    help = "Add, list, check or remove classifiers in Hugging Face format, or train a head on your own files."
    requires_system_checks: list[str] = []  # needs no database

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        verbs = parser.add_subparsers(dest="verb", required=True)
        verbs.add_parser("list", help="every classifier that was added, and whether it can run")
        for verb, words in (("check", "load it and prove that it answers"), ("remove", "delete it")):
            verbs.add_parser(verb, help=words).add_argument("name")
        _declare(verbs.add_parser("add", help="copy a model, say what it means, and prove that it answers"))
        training = verbs.add_parser(
            "train", help="a linear head on a model's frozen features, on your own files"
        )
        declare_training(training)
        _declare_preprocessing(training)

    def handle(self, *args: object, verb: str, **options: Any) -> None:
        self.weights: Path = settings.ASSAY_WEIGHTS
        try:
            getattr(self, f"_{verb}")(options)
        except EngineError as error:
            raise CommandError(str(error)) from error

    def _list(self, _options: dict[str, Any]) -> None:
        for folder in folders.folders(self.weights):
            try:
                said = read(folder)
            except BadDescription as error:
                self.stdout.write(f"{folder.name:24} cannot be used: {error}")
                continue
            state = folders.missing(folder, said) or "ready"
            self.stdout.write(f"{said.name:24} {said.consumes:8} {said.licence:16} {state}")
            self.stdout.write(f"{'':24} {said.origin}   manipulated: {', '.join(said.manipulated) or 'high'}")
            if said.training:
                self.stdout.write(f"{'':24} {said.training.sentence()}")

    def _add(self, options: dict[str, Any]) -> None:
        name = options["name"]
        if name in built_in_names():
            raise CommandError(f"{name} is the name of a detector that comes with Assay. Choose another.")
        with _source(options["source"], options["revision"]) as (source, origin):
            declared = {key: options[key] for key in _DECLARED if options[key] not in (None, "", [])}
            declared |= {"origin": origin} | _objects(options)
            folders.add(
                self.weights,
                source,
                prove=lambda folder, said: self._prove(folder, said.name, options["device"]),
                **declared,
            )
        self.stdout.write(f"Added. Ask for it by name: {name}. Workers that run must be started again.")

    def _train(self, options: dict[str, Any]) -> None:
        order = options | _preprocessing(options)
        train(self.weights, order, self.stdout.write, prove=self._prove)

    def _check(self, options: dict[str, Any]) -> None:
        found = {folder.name: folder for folder in folders.folders(self.weights)}
        if options["name"] not in found:
            raise CommandError(
                f"There is no classifier {options['name']!r}. Known: {', '.join(found) or 'none'}."
            )
        self._prove(found[options["name"]], options["name"], "cpu")

    def _remove(self, options: dict[str, Any]) -> None:
        folders.remove(self.weights, options["name"])
        self.stdout.write(f"{options['name']} was removed.")

    def _prove(self, folder: Path, name: str, device: str) -> None:
        from analysis.engine.classifiers import proof  # loads torch

        for sentence in (*proof.prove(folder, read(folder), device), proof.NOT_PROVEN):
            self.stdout.write(f"{name}: {sentence}")


_DECLARED = (
    "name",
    "title",
    "consumes",
    "manipulated",
    "licence",
    "paper",
    "looks_at",
    "cannot_see",
    "family",
    "batch",
    "precision",
    "window_seconds",
    "by_default",
)


def _declare(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("source", help="a folder, or hub:OWNER/NAME to fetch it from the Hugging Face hub")
    parser.add_argument("--revision", help="commit, tag or branch on the hub")
    parser.add_argument("--name", required=True, help="how it is asked for: small letters, digits, hyphens")
    parser.add_argument("--consumes", choices=("frames", "faces", "sound"), required=True)
    parser.add_argument(
        "--manipulated", action="append", default=[], help="a label that means manipulated (again for more)"
    )
    for option, words in (
        ("title", "its name for people"),
        ("licence", "under which terms the weights may be used"),
        ("paper", "where it is described"),
        ("looks-at", "a sentence for its card"),
        ("cannot-see", "a sentence for its card"),
        ("family", "detectors of one family are one voice"),
    ):
        parser.add_argument(f"--{option}", help=words)
    parser.add_argument("--batch", type=int, help="pictures or windows at once (16)")
    parser.add_argument("--precision", choices=("float32", "float16", "bfloat16"))
    parser.add_argument("--device", default="cpu", help="where it is tried now")
    parser.add_argument("--window-seconds", type=float, help="of sound at a time (4)")
    parser.add_argument("--by-default", action="store_true", help="runs whenever nobody names detectors")
    _declare_preprocessing(parser)
    parser.add_argument("--head", choices=("linear", "lstm", "transformer"), help="of head.safetensors")
    for option in ("features", "hidden", "layers", "heads", "window", "stride"):
        parser.add_argument(f"--head-{option}", type=int, help="with --head")


def _declare_preprocessing(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--size", help="WIDTHxHEIGHT, in place of the model's own preprocessing")
    parser.add_argument("--mean", type=float, nargs=3, help="with --size: subtracted from RGB / 255 (0.5)")
    parser.add_argument("--std", type=float, nargs=3, help="with --size: divided by afterwards (0.5)")


def _objects(options: dict[str, Any]) -> dict[str, Any]:
    """The declared objects: preprocessing and head."""
    made = _preprocessing(options)
    shape = {
        key.removeprefix("head_"): value
        for key, value in options.items()
        if key.startswith("head_") and value is not None
    }
    if shape and not options["head"]:
        raise CommandError(f"--head-{next(iter(shape))} goes with --head.")
    if options["head"]:
        made["head"] = {"kind": options["head"], **shape}
    return made


def _preprocessing(options: dict[str, Any]) -> dict[str, Any]:
    if not options["size"] and (options["mean"] or options["std"]):
        raise CommandError("--mean and --std go with --size.")
    if not options["size"]:
        return {}
    width, found, height = options["size"].partition("x")
    if not (found and width.isdigit() and height.isdigit()):
        raise CommandError("--size looks like 224x224.")
    given = {key: options[key] for key in ("mean", "std") if options[key]}
    return {"preprocessing": {"width": int(width), "height": int(height), **given}}


@contextmanager
def _source(said: str, revision: str | None) -> Iterator[tuple[Path, str]]:
    """The folder to take the parts from, and where they come from in words."""
    if not said.startswith("hub:"):
        folder = Path(said)
        if not folder.is_dir():
            raise CommandError(f"{said} is not a folder. A model of the hub is named hub:OWNER/NAME.")
        yield folder, f"folder {folder.name}"
        return
    from huggingface_hub import snapshot_download

    with tempfile.TemporaryDirectory() as into:
        try:
            found = snapshot_download(
                said.removeprefix("hub:"), revision=revision, local_dir=into, allow_patterns=list(PARTS)
            )
        except Exception as error:  # the network, the hub, or a name it does not know
            raise CommandError(f"{said} could not be fetched: {str(error)[:300]}") from error
        yield Path(found), f"{said}{f' at {revision}' if revision else ''}"
