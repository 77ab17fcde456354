"""Trains a linear head on the frozen features of labelled files, or says why that would be worth nothing."""

import json
import platform
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from safetensors.torch import save_file

from analysis.engine.calibrating.fit import Minimum
from analysis.engine.calibrating.labelled import Labelled
from analysis.engine.classifiers.description import TRAINED_ON
from analysis.engine.classifiers.training import held_out
from analysis.engine.classifiers.training.backbone import Described
from analysis.engine.classifiers.training.collecting import UnusableFiles, shown
from analysis.engine.classifiers.training.features import FileFeatures, Values
from analysis.engine.classifiers.training.held_out import MARK, Told
from analysis.engine.classifiers.training.logistic import Line
from analysis.engine.classifiers.training.record import HeldOut, Training

MOST_FILES = 20_000
FEATURES_BYTES = 1 << 30
MOST_ROWS, LEAST_ROWS = 512, 8
SOURCE_CHARACTERS = 60
LIBRARIES = ("torch", "transformers", "numpy", "av")


@dataclass(frozen=True)
class Trained:
    """A head, and what is kept of how it came about. scores: of `files`, each by a head that never saw its source."""

    line: Line
    training: Training
    backbone: Described
    files: Sequence[FileFeatures]
    scores: Values

    def by_source(self) -> list[str]:
        """A line for each source that was left out in turn: files, false alarms, misses."""
        return [self._source(name) for name in sorted(_sources(self.files))]

    def _source(self, name: str) -> str:
        inside = [
            (one.file.manipulated, score >= MARK)
            for one, score in zip(self.files, self.scores, strict=True)
            if one.file.source == name
        ]
        real = [high for manipulated, high in inside if not manipulated]
        fake = [high for manipulated, high in inside if manipulated]
        return (
            f"{shown(name)} left out: {sum(real)} of {len(real)} false alarms, "
            f"{len(fake) - sum(fake)} of {len(fake)} missed"
        )

    def save(self, folder: Path) -> None:
        """Writes head.safetensors and the digests of the files beside the backbone that is there."""
        save_file(self.line.state(), folder / "head.safetensors")
        (folder / TRAINED_ON).write_text(_by_source(self.files), encoding="utf-8")


def refuse_too_few(files: Sequence[Labelled], minimum: Minimum) -> None:
    """Raises UnusableFiles, which names everything that is missing."""
    if len(files) > MOST_FILES:
        raise UnusableFiles(
            f"{len(files)} files are more than the {MOST_FILES} that are taken. Leave some out."
        )
    missing = [
        *_lacking([file for file in files if not file.manipulated], "unmanipulated", minimum),
        *_lacking([file for file in files if file.manipulated], "manipulated", minimum),
    ]
    if missing:
        raise UnusableFiles(f"No head is trained on these files: {'; '.join(missing)}.")


def _lacking(files: Sequence[Labelled], label: str, minimum: Minimum) -> list[str]:
    said = []
    sources = {file.source for file in files}
    if len(files) < minimum.files:
        said.append(f"{len(files)} {label} files can be used, {minimum.files} are needed")
    if len(sources) == 1 < minimum.sources:
        said.append(
            f"all {label} files come from one source ({shown(next(iter(sources)))}): a head would learn that source, "
            f"not what was done to the files, and nothing could tell; {minimum.sources} sources are needed"
        )
    elif len(sources) < minimum.sources:
        said.append(f"{len(sources)} sources of {label} files are there, {minimum.sources} are needed")
    return said


def rows_per_file(files: int, features: int) -> int:
    """How many pictures or windows of each file are kept, so that all of them fit in memory.

    Raises UnusableFiles where that would be next to none.
    """
    most = FEATURES_BYTES // max(1, files * features * 4)
    if most < LEAST_ROWS:
        raise UnusableFiles(
            f"{files} files with {features} features each do not fit in memory. Leave files out."
        )
    return min(most, MOST_ROWS)


def train(
    files: Sequence[FileFeatures],
    backbone: Described,
    *,
    created: str,
    seed: int = 0,
    prepared: str = "",
    minimum: Minimum | None = None,
    told: Told = lambda _sentence: None,
) -> Trained:
    """The head, and its figures on sources left out. created: ISO 8601, aware. prepared: how its input was made.

    Raises UnusableFiles.
    """
    # by digest, so that neither names nor the order of a folder change anything
    files = sorted(files, key=lambda one: one.sha256)
    refuse_too_few([one.file for one in files], minimum or Minimum())
    scores = held_out.scored(files, seed, told)
    told("Training on all of them.")
    line, l2 = held_out.trained(files, seed)
    figures = held_out.measured(files, scores, line)
    real, fake = ([one for one in files if one.file.manipulated is label] for label in (False, True))
    training = Training(
        created=created,
        real_files=len(real),
        fake_files=len(fake),
        real_sources=len(_sources(real)),
        fake_sources=len(_sources(fake)),
        backbone=backbone.title[:500],
        backbone_sha256=backbone.sha256,
        prepared=prepared[:500],
        seed=seed,
        l2=l2,
        most_rows=max(len(one.rows) for one in files),
        versions={"python": platform.python_version()} | {name: version(name) for name in LIBRARIES},
        held_out=figures,
        warnings=tuple(_warnings(figures, shared=bool(_sources(real) & _sources(fake)))),
    )
    return Trained(line, training, backbone, files, scores)


def _sources(files: Sequence[FileFeatures]) -> set[str]:
    return {one.file.source for one in files}


def _warnings(figures: HeldOut, *, shared: bool) -> list[str]:
    said = []
    if figures.at_chance:
        said.append(
            "WARNING: on sources left out it does not tell the labels apart (the interval of its AUC reaches 0.5). "
            "What it learnt are its sources, or nothing."
        )
    elif figures.own_auc > figures.auc.high:
        said.append(
            f"WARNING: part of what it learnt are its sources: AUC {figures.own_auc:.2f} on the files it was trained "
            f"on, {figures.auc.value:.2f} on sources left out."
        )
    if not shared:
        said.append(
            "WARNING: no source has files of both labels, so it may have learnt what else differs between these "
            "sources, and figures on sources left out cannot tell."
        )
    return said


def _by_source(files: Sequence[FileFeatures]) -> str:
    """Digests by source and label. Names of files are nobody's business where the model goes."""
    named: dict[str, dict[str, list[str]]] = defaultdict(lambda: {"real": [], "fake": []})
    for one in files:
        label = "fake" if one.file.manipulated else "real"
        named[shown(one.file.source)[:SOURCE_CHARACTERS]][label].append(one.sha256)
    said = {"format": 1, "sources": [{"source": name} | named[name] for name in sorted(named)]}
    return json.dumps(said, ensure_ascii=False, indent=1) + "\n"
