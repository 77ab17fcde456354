"""What commands that examine labelled files share: how the files are named, and how their examination is shown."""

import argparse
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence, Set
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError

from analysis.engine.calibrating import ladder
from analysis.engine.calibrating.labelled import (
    Labelled,
    UnusableLabels,
    from_csv,
    from_folders,
    read_sources,
)
from analysis.engine.calibrating.scoring import Examined, examined
from analysis.engine.calibration import Calibration
from analysis.engine.errors import UnknownDetector
from analysis.engine.pipeline import Options
from analysis.engine.registry import Registry
from analysis.management.exits import FAILED, INTERRUPTED


def add_labels(parser: argparse.ArgumentParser) -> None:
    """The options that name labelled files."""
    parser.add_argument("--real", type=Path, metavar="DIR", help="files that are not manipulated")
    parser.add_argument("--fake", type=Path, metavar="DIR", help="files that are")
    parser.add_argument(
        "--sources",
        type=Path,
        metavar="CSV",
        help="columns file and source (the first folder below --real or --fake)",
    )
    parser.add_argument(
        "--labels", type=Path, metavar="CSV", help="instead: columns file, label (real or fake) and source"
    )
    parser.add_argument(
        "--base", type=Path, metavar="DIR", help="what --labels is relative to (its own folder)"
    )
    parser.add_argument("--threads", type=int, default=None, help="cores to use (all)")


def read_labels(options: Mapping[str, Any]) -> list[Labelled]:
    """The files that were named. Raises CommandError."""
    real, fake, labels = options["real"], options["fake"], options["labels"]
    if bool(labels) == bool(real or fake) or bool(real) != bool(fake):
        raise CommandError("Give --real and --fake, or --labels.", returncode=FAILED)
    try:
        if labels:
            if options["sources"]:
                raise UnusableLabels("--sources goes with --real and --fake; --labels has a column source.")
            found = from_csv(labels, options["base"])
        else:
            sources = read_sources(options["sources"]) if options["sources"] else None
            found = from_folders(real, fake, sources)
    except UnusableLabels as error:
        raise CommandError(str(error), returncode=FAILED) from error
    if not found:
        raise CommandError("There is no media file in these folders.", returncode=FAILED)
    return found


def known(names: str, registry: Registry) -> list[str]:
    """The detectors named there. Raises CommandError for one nobody offers."""
    given = [name.strip() for name in names.split(",") if name.strip()]
    try:
        for name in given:
            registry.card(name)
    except UnknownDetector as error:
        raise CommandError(str(error), returncode=FAILED) from error
    return given


def examine_all(
    files: Sequence[Labelled],
    registry: Registry,
    detectors: Sequence[str] | None,
    options: Options,
    *,
    calibrations: Mapping[str, Calibration] | None = None,
    with_ladder: bool = False,
    rungs: ladder.Rungs = ladder.CALIBRATION,
    copied: Sequence[Labelled] | None = None,
    told: ladder.Told = lambda _name, _why: None,
) -> list[Examined]:
    """Every file, and its copies; which one is at hand stands on standard error.

    copied: the files to make copies of (all). told: hears of copies that cannot be made.
    """
    with tempfile.TemporaryDirectory(prefix="assay-ladder-") as folder:
        of = {file.name for file in (files if copied is None else copied)} if with_ladder else set()
        every = _with_copies(
            files, of, lambda file: ladder.copies(file, Path(folder), options.limits, rungs, told)
        )
        going = examined(
            _shown(every, len(files)),
            registry=registry,
            detectors=detectors,
            options=options,
            calibrations=calibrations,
        )
        try:
            return list(going)
        except KeyboardInterrupt:
            sys.stderr.write("Interrupted; nothing was kept.\n")
            raise SystemExit(INTERRUPTED) from None


def _with_copies(
    files: Sequence[Labelled], of: Set[str], copies: Callable[[Labelled], Iterator[Labelled]]
) -> Iterator[Labelled]:
    for file in files:
        yield file
        if file.name in of:
            yield from copies(file)


def _shown(files: Iterator[Labelled], total: int) -> Iterator[Labelled]:
    number = 0
    for file in files:
        number += not file.rung
        rung = f" ({file.rung})" if file.rung else ""
        sys.stderr.write(f"{number} of {total}: {file.name}{rung}\n")
        yield file
