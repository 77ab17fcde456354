"""A head learns what tells labels apart on sources it never saw, and is found out where it learnt the sources."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from analysis.engine.calibrating.fit import Minimum
from analysis.engine.classifiers.training import held_out
from analysis.engine.classifiers.training.backbone import Described
from analysis.engine.classifiers.training.collecting import UnusableFiles
from analysis.engine.classifiers.training.features import FileFeatures
from analysis.engine.classifiers.training.logistic import Line, fit
from analysis.engine.classifiers.training.train import Trained, rows_per_file, train
from tests.analysis.engine.classifiers.training import drawn

SOURCES = ("phone", "scan", "web")


@pytest.fixture
def backbone(tmp_path: Path) -> Described:
    (tmp_path / "model.safetensors").write_bytes(b"frozen")
    return Described(tmp_path, "Tiny net")


def trained(files: list[FileFeatures], backbone: Described, seed: int = 0) -> Trained:
    return train(files, backbone, created="2026-11-26T12:00:00+00:00", seed=seed, minimum=Minimum(6, 3))


def learnable() -> list[FileFeatures]:
    """Manipulated files have one feature higher, and every source another of its own."""
    places = {source: at for at, source in enumerate(SOURCES, start=5)}
    return drawn.files(
        10,
        {
            (source, manipulated): _both(4.0 if manipulated else 0.0, place)
            for source, place in places.items()
            for manipulated in (False, True)
        },
    )


def _both(signal: float, place: int) -> drawn.Draw:
    def draw(dice: np.random.Generator) -> drawn.Row:
        rows = drawn.shifted(signal)(dice)
        rows[:, place] += 4
        return rows

    return draw


def of_sources() -> list[FileFeatures]:
    """Each source has a feature of its own, and nothing tells what is manipulated."""
    real = {(f"real-{at}", False): drawn.shifted(6.0, at) for at in range(3)}
    fake = {(f"fake-{at}", True): drawn.shifted(6.0, at + 3) for at in range(3)}
    return drawn.files(10, real | fake)


def test_a_difference_of_the_labels_is_found_on_sources_left_out(backbone: Described) -> None:
    told = trained(learnable(), backbone).training

    assert told.held_out.auc.value > 0.97
    assert told.held_out.auc.low > 0.9
    assert told.held_out.false_alarms.of == told.held_out.misses.of == 30
    assert told.held_out.false_alarms.count <= 3
    assert told.held_out.false_alarms.high < 0.3
    assert told.warnings == ()


def test_a_difference_of_the_sources_alone_is_exposed(backbone: Described) -> None:
    told = trained(of_sources(), backbone).training

    assert told.held_out.own_auc > 0.99
    assert told.held_out.auc.low <= 0.5
    assert "does not tell the labels apart" in told.warnings[0]
    assert "WARNING: on sources left out" in told.sentence()


@pytest.mark.parametrize("signal", [0.0, 1.0, 3.0])
def test_at_the_mark_false_alarms_are_as_frequent_as_misses(backbone: Described, signal: float) -> None:
    draws = {(f"s{at}", label): drawn.shifted(signal * label) for at in range(6) for label in (False, True)}

    made = trained(drawn.files(15, draws), backbone)

    told = made.training.held_out
    assert abs(told.false_alarms.count - told.misses.count) <= 0.25 * 90
    fresh = drawn.files(50, draws, seed=9)
    real, fake = (
        [one.score(made.line) >= 0.5 for one in fresh if one.file.manipulated is label]
        for label in (False, True)
    )
    assert abs(np.mean(real) - (1 - np.mean(fake))) <= 0.25


def test_the_logit_of_a_file_is_what_its_score_lies_above_the_mark_by() -> None:
    dice = np.random.default_rng(4)
    rows = dice.normal(0, 5, (30, drawn.FEATURES)).astype(np.float32)
    seen = drawn.file("a", 0, rows, manipulated=False, tracks=[1] * 18 + [2] * 11 + [3])
    line = Line(np.eye(drawn.FEATURES)[0], 2.0)

    logit = seen.logit(line.logits)

    assert seen.score(line.moved(-logit)) == pytest.approx(0.5, abs=1e-6)
    assert seen.lift(line.logits) > 2
    assert seen.logit(line.moved(1.5).logits) == pytest.approx(logit + 1.5, abs=1e-6)


def test_labels_that_share_no_source_are_named_a_doubt(backbone: Described) -> None:
    apart = {(f"real-{at}", False): drawn.shifted(0.0) for at in range(3)}
    apart |= {(f"fake-{at}", True): drawn.shifted(4.0) for at in range(3)}

    told = trained(drawn.files(10, apart), backbone).training

    assert told.held_out.auc.value > 0.95
    assert [warning for warning in told.warnings if "no source has files of both labels" in warning]


def test_training_twice_gives_the_same_bytes_in_whatever_order_the_files_come(
    backbone: Described, tmp_path: Path
) -> None:
    files = learnable()
    mixed = files[::-1]
    one, other = tmp_path / "one", tmp_path / "other"
    for folder, given in ((one, files), (other, mixed)):
        folder.mkdir()
        trained(given, backbone).save(folder)

    assert (one / "head.safetensors").read_bytes() == (other / "head.safetensors").read_bytes()
    assert (one / "trained-on.json").read_bytes() == (other / "trained-on.json").read_bytes()


def test_a_long_video_weighs_no_more_than_a_short_one() -> None:
    files = drawn.files(
        5, {(name, label): drawn.shifted(2.0 * label) for name in "ab" for label in (False, True)}
    )
    longer = [
        replace(files[0], rows=np.tile(files[0].rows, (8, 1)), tracks=np.tile(files[0].tracks, 8)),
        *files[1:],
    ]

    [short], [long] = fit(files, [0.01]), fit(longer, [0.01])

    assert long.weights == pytest.approx(short.weights, abs=1e-3)
    assert long.bias == pytest.approx(short.bias, abs=1e-3)


def test_a_label_with_ten_times_the_files_does_not_move_the_middle() -> None:
    few = drawn.files(4, {("a", False): drawn.shifted(-2.0), ("b", True): drawn.shifted(2.0)})
    many = drawn.files(40, {("a", False): drawn.shifted(-2.0)}, seed=2)

    [line] = fit([*many, *[one for one in few if one.file.manipulated]], [0.1])

    middle = np.zeros((1, drawn.FEATURES), np.float32)
    assert 0.35 < line(middle)[0] < 0.65


def test_a_stray_face_is_neither_learnt_from_nor_the_score() -> None:
    rows = np.zeros((21, drawn.FEATURES), np.float32)
    rows[20] = 9
    seen = drawn.file("a", 0, rows, manipulated=False, tracks=[1] * 20 + [2])

    assert seen.spread(32).max() == 0
    assert seen.score(lambda some: some[:, 0].astype(np.float64)) == 0


@pytest.mark.parametrize(
    ("drawn_of", "said"),
    [
        ({("a", False), ("a", True)}, "all unmanipulated files come from one source"),
        (
            {("a", False), ("b", False), ("c", False), ("d", True)},
            "all manipulated files come from one source",
        ),
        ({("a", False), ("b", False), ("a", True), ("b", True)}, "2 sources of unmanipulated files"),
        ({("a", False), ("b", False), ("c", False)}, "0 manipulated files can be used, 6 are needed"),
    ],
)
def test_too_few_sources_or_files_are_refused(
    backbone: Described, drawn_of: set[tuple[str, bool]], said: str
) -> None:
    files = drawn.files(6, dict.fromkeys(sorted(drawn_of), drawn.noise))

    with pytest.raises(UnusableFiles, match=said):
        trained(files, backbone)


def test_no_fold_takes_all_sources_of_a_label_with_it() -> None:
    files = drawn.files(1, {(f"real-{at}", False): drawn.noise for at in range(40)})
    files += drawn.files(1, {(f"fake-{at}", True): drawn.noise for at in range(3)})

    for seed in range(20):
        for fold in held_out.folds(files, 5, seed):
            assert len({one.file.source for one in files if one.file.manipulated} - fold) >= 2
    assert held_out.folds(files, 5, 1) != held_out.folds(files, 5, 2)
    assert held_out.folds(files, 5, 1) == held_out.folds(files, 5, 1)


def test_what_is_kept_of_many_files_is_bounded_and_too_many_are_refused() -> None:
    assert rows_per_file(100, 768) == 512
    assert rows_per_file(20_000, 768) * 20_000 * 768 * 4 <= 1 << 30
    with pytest.raises(UnusableFiles, match="do not fit in memory"):
        rows_per_file(20_000, 8192)
