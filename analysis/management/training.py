"""`manage.py classifiers train`: from a user's labelled files to a classifier that says what it was trained on."""

import argparse
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.core.management.base import CommandError
from django.utils import timezone

from analysis.engine.calibrating.labelled import Labelled
from analysis.engine.classifiers import folder as folders
from analysis.engine.classifiers.description import parsed, parsed_preprocessing
from analysis.engine.classifiers.module import Classifier
from analysis.engine.prepared import prepared
from analysis.engine.registry import built_in_names
from analysis.engine.weights import WeightStore
from analysis.examining import load_options
from analysis.management.exits import INTERRUPTED
from analysis.management.labelled import add_labels, read_labels

if TYPE_CHECKING:
    from analysis.engine.classifiers.training.backbone import Backbone
    from analysis.engine.classifiers.training.collecting import LeftOut
    from analysis.engine.classifiers.training.features import FileFeatures
    from analysis.engine.classifiers.training.train import Trained

Say = Callable[[str], object]
Prove = Callable[[Path, str, str], None]
_DECLARED = ("name", "title", "licence", "looks_at", "cannot_see", "family")
NAMED = 3  # files in an error; all of them are told before it
_NO_DIGEST = "0" * 64


def declare_training(parser: argparse.ArgumentParser) -> None:
    """Its options, but for those of preprocessing, which adding a classifier has too."""
    parser.add_argument("name", help="how the detector will be asked for: small letters, digits, hyphens")
    parser.add_argument(
        "--backbone", required=True, metavar="FOLDER_OR_NAME", help="a classifier that was added, or a folder"
    )
    what = parser.add_mutually_exclusive_group()
    for consumes, words in (
        ("frames", "whole pictures (as the backbone that was added, or this)"),
        ("faces", "face crops"),
        ("sound", "windows of sound"),
    ):
        what.add_argument(f"--{consumes}", dest="consumes", action="store_const", const=consumes, help=words)
    add_labels(parser)
    parser.add_argument(
        "--seed", type=_seed, default=0, help="which of many sources are left out together (0)"
    )
    parser.add_argument(
        "--even-so", action="store_true", help="add it although it does not tell the labels apart"
    )
    parser.add_argument("--precision", choices=("float32", "float16", "bfloat16"), help="of the backbone")
    parser.add_argument("--device", default="cpu", help="where the backbone runs now")
    parser.add_argument("--window-seconds", type=_window, help="of sound at a time, 0.5 to 60 (4)")
    for option, words in (
        ("title", "its name for people"),
        ("licence", "under which terms the head may be used (as the backbone)"),
        ("looks-at", "a sentence for its card"),
        ("cannot-see", "a sentence for its card"),
        ("family", "detectors of one family are one voice"),
    ):
        parser.add_argument(f"--{option}", help=words)


def train(weights: Path, options: dict[str, Any], say: Say, *, prove: Prove) -> None:
    """Trains, says what came of it, and adds it; or raises and leaves nothing. prove: tries what was made."""
    try:
        _train(weights, options, say, prove)
    except KeyboardInterrupt:
        sys.stderr.write("Interrupted; nothing was kept.\n")
        raise SystemExit(INTERRUPTED) from None


def _train(weights: Path, options: dict[str, Any], say: Say, prove: Prove) -> None:
    from analysis.engine.classifiers.training.train import Minimum, refuse_too_few
    from analysis.engine.classifiers.training.train import train as trained_on

    _refuse_taken(weights, options["name"])
    files = read_labels(options)
    refuse_too_few(files, Minimum())
    backbone = _backbone(weights, options)
    declared = _declared(options, backbone)
    found, left_out, made_of = _collected(weights, options, backbone, declared, files)
    _tell_left_out(left_out, say)
    _refuse_left(found, left_out)
    trained = trained_on(
        found,
        backbone.said,
        created=timezone.now().isoformat(timespec="seconds"),
        seed=options["seed"],
        prepared=made_of,
        told=_show,
    )
    _tell(trained, say)
    if trained.training.held_out.at_chance:
        trained = _even_so(trained, asked=options["even_so"])
    _add(weights, trained, declared, lambda folder: prove(folder, options["name"], options["device"]))
    say(f"Added. Ask for it by name: {options['name']}. Workers that run must be started again.")
    say("It is uncalibrated: use manage.py calibrate with files of other sources than these.")


def _even_so(trained: "Trained", *, asked: bool) -> "Trained":
    """Raises CommandError unless that was asked for."""
    figures = trained.training.held_out
    if not asked:
        raise CommandError(
            "Not added: it does not tell the labels apart on sources left out, as the interval of its AUC reaches 0.5. "
            f"{figures.sentence()}. More sources may help; --even-so adds it all the same, and its card says so."
        )
    return replace(trained, training=trained.training.even_so())


def _refuse_left(found: "Sequence[FileFeatures]", left_out: "Sequence[LeftOut]") -> None:
    """Says with what is missing why the first files could not be used."""
    from analysis.engine.classifiers.training.collecting import UnusableFiles, shown
    from analysis.engine.classifiers.training.train import Minimum, refuse_too_few

    try:
        refuse_too_few([one.file for one in found], Minimum())
    except UnusableFiles as error:
        why = "; ".join(f"{shown(one.name)}: {shown(one.reason)}" for one in left_out[:NAMED])
        raise CommandError(f"{error}{f' Left out: {why}.' if why else ''}") from error


def _window(text: str) -> float:
    seconds = float(text)
    # not (… < … or …), so that NaN is beyond it
    if not 0.5 <= seconds <= 60:
        raise argparse.ArgumentTypeError("say a number of seconds from 0.5 to 60")
    return seconds


def _refuse_taken(weights: Path, name: str) -> None:
    if name in built_in_names():
        raise CommandError(f"{name} is the name of a detector that comes with Assay. Choose another.")
    if (weights / folders.PLACE / name).exists():
        raise CommandError(f"There is a classifier {name} already. Remove it first, or choose another name.")


def _backbone(weights: Path, options: dict[str, Any]) -> "Backbone":
    from analysis.engine.classifiers.training.backbone import Backbone, find

    said = find(weights, options["backbone"])
    given = {key: options[key] for key in ("precision", "window_seconds") if options[key] is not None}
    if "preprocessing" in options:
        given["preprocessing"] = parsed_preprocessing(options["preprocessing"])
    said = replace(said, **given, consumes=options["consumes"] or said.consumes or "frames")
    return Backbone(said, sound=said.consumes == "sound", device=options["device"])


def _declared(options: dict[str, Any], backbone: "Backbone") -> dict[str, Any]:
    """What is said of the classifier."""
    said = backbone.said
    declared = {key: options[key] for key in _DECLARED if options[key]}
    declared |= {
        "consumes": said.consumes,
        "origin": f"head trained here on {said.title}",
        "licence": options["licence"] or said.licence or "unknown",
        "precision": said.precision,
        "window_seconds": said.window_seconds,
        "head": {"kind": "linear", "features": backbone.features},
    }
    if said.preprocessing:
        declared["preprocessing"] = said.preprocessing.model_dump()
    return declared


def _collected(
    weights: Path,
    options: dict[str, Any],
    backbone: "Backbone",
    declared: dict[str, Any],
    files: Sequence[Labelled],
) -> "tuple[list[FileFeatures], list[LeftOut], str]":
    """Features, what has none, and how the input was made."""
    from analysis.engine.classifiers.training.collecting import Collector, collect
    from analysis.engine.classifiers.training.train import rows_per_file

    store = WeightStore(weights)
    # what is wrong with what was said is told now, not after hours
    said = parsed(declared | {"files": {"model.safetensors": _NO_DIGEST, "head.safetensors": _NO_DIGEST}})
    [card] = Classifier(backbone.said.folder, said).cards()
    collector = Collector(backbone, card, rows_per_file(len(files), backbone.features))
    order = replace(load_options(), threads=options["threads"])
    found, left_out = collect(files, collector, store, order, told=_show)
    return found, left_out, prepared(card, store).preprocessing


def _add(weights: Path, trained: "Trained", declared: dict[str, Any], prove: Callable[[Path], None]) -> None:
    """Whole or not at all: beside links to the backbone the head is written elsewhere, and then copied as any model."""
    with tempfile.TemporaryDirectory(prefix="assay-training-") as where:
        for part in trained.backbone.parts():
            (Path(where) / part.name).symlink_to(part.resolve())
        trained.save(Path(where))
        folders.add(
            weights,
            Path(where),
            prove=lambda folder, _said: prove(folder),
            training=trained.training.model_dump(),
            **declared,
        )


def _tell_left_out(left_out: "Sequence[LeftOut]", say: Say) -> None:
    from analysis.engine.classifiers.training.collecting import shown

    if left_out:
        say(f"{len(left_out)} files were left out:")
    for one in left_out:
        say(f"    {shown(one.name)}: {shown(one.reason)}")


def _tell(trained: "Trained", say: Say) -> None:
    said = trained.training
    say(f"Trained on {said.trained_on()}; L2 {said.l2:g}.")
    say(f"{said.held_out.sentence()}.")
    for line in trained.by_source():
        say(f"    {line}")
    say(f"On the files it was trained on, AUC is {said.held_out.own_auc:.2f}: that says nothing of others.")
    for warning in said.warnings:
        say(warning)


def _show(sentence: str) -> None:
    sys.stderr.write(f"{sentence}\n")


def _seed(said: str) -> int:
    if not said.isdigit() or int(said) > 2**31:
        raise argparse.ArgumentTypeError("a seed is a whole number from 0 to 2147483648")
    return int(said)
