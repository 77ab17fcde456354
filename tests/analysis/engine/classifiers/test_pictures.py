"""A user's picture classifier becomes a detector: its polarity, its batches, its abstentions."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from analysis.engine.classifiers import folder as folders
from analysis.engine.classifiers.pictures import PictureClassifier, Piece
from analysis.engine.registry import Registry
from analysis.engine.types import (
    FaceBatch,
    FaceCrop,
    Frame,
    FrameBatch,
    MediaKind,
    Probe,
    ScoresMeasured,
    Source,
    Verdict,
)
from tests.analysis.engine.classifiers import models

SOURCE = Source(Probe(MediaKind.VIDEO, "mp4"), sample_fps=5.0, expected_samples=10)
Save = Callable[[Path], Path]


def pictures(count: int) -> list[np.ndarray]:
    dice = np.random.default_rng(5)
    return [dice.integers(0, 256, (40 + 3 * at, 70, 3), dtype=np.uint8) for at in range(count)]


class Fixed:
    """Gives the scores it was made with, in order."""

    def __init__(self, scores: list[float]) -> None:
        self._scores = iter(scores)

    def take(self, pieces: Sequence[Piece]) -> list[tuple[Piece, float]]:
        return [(piece, next(self._scores)) for piece in pieces]

    def facts(self) -> dict[str, Any]:
        return {}


def face(index: int, track: int, rgb: np.ndarray) -> FaceCrop:
    return FaceCrop(index, index / 5, track, (0.0, 0.0, 1.0, 1.0), 0.9, rgb)


def load(tmp_path: Path, save: Save, **declared: Any) -> PictureClassifier:
    source = tmp_path / "source"
    folders.add(
        tmp_path,
        save(source),
        **({"name": "mine", "consumes": "frames", "manipulated": ["generated"]} | declared),
    )
    detector = Registry.load(tmp_path).detector("mine")
    assert isinstance(detector, PictureClassifier)
    return detector


@pytest.mark.parametrize("save", [models.save_vit, models.save_convnext, models.save_onnx])
def test_the_label_that_was_named_means_manipulated(tmp_path: Path, save: Save) -> None:
    one = load(tmp_path, save)
    other = load(tmp_path / "b", save, manipulated=["camera"])
    shown = pictures(3)

    scores, inverted = one.score(shown), other.score(shown)

    assert scores == pytest.approx([1 - score for score in inverted], abs=1e-5)
    assert len({round(score, 6) for score in scores}) == 3


def test_scores_are_those_of_the_library_itself(tmp_path: Path) -> None:
    from transformers import pipeline

    detector = load(tmp_path, models.save_vit)
    shown = pictures(2)

    reference = pipeline("image-classification", model=str(tmp_path / "source"), device="cpu")
    from PIL import Image

    for picture, score in zip(shown, detector.score(shown), strict=True):
        wanted = next(
            one["score"] for one in reference(Image.fromarray(picture)) if one["label"] == "generated"
        )
        assert score == pytest.approx(wanted, abs=1e-4)


def test_an_exported_model_scores_like_the_one_it_was_made_of(tmp_path: Path) -> None:
    shown = pictures(4)

    exported = load(tmp_path / "a", models.save_onnx).score(shown)

    assert exported == pytest.approx(load(tmp_path / "b", models.save_vit).score(shown), abs=1e-4)


@pytest.mark.parametrize(("single", "inverted"), [("high", False), ("low", True)])
def test_a_model_with_one_output_says_which_way_it_points(
    tmp_path: Path, single: str, inverted: bool
) -> None:
    def save(folder: Path) -> Path:
        return models.save_vit(folder, labels={0: "LABEL_0"})

    detector = load(tmp_path, save, manipulated=[single])
    shown = pictures(1)

    logit = float(detector._net.logits(detector._prepare(shown))[0, 0])

    high = 1 / (1 + np.exp(-logit))
    assert detector.score(shown) == pytest.approx([1 - high if inverted else high], abs=1e-5)


def test_declared_preprocessing_replaces_the_models_own(tmp_path: Path) -> None:
    own = load(tmp_path / "a", models.save_vit)
    declared = load(
        tmp_path / "b",
        models.save_vit,
        preprocessing={"width": 32, "height": 32, "mean": [0, 0, 0], "std": [1, 1, 1]},
    )
    grey = [np.full((32, 32, 3), 100, np.uint8)]

    prepared = declared._prepare(grey)["pixel_values"]

    assert torch.allclose(prepared, torch.full((1, 3, 32, 32), 100 / 255))
    assert declared.score(grey) != own.score(grey)


def test_half_precision_is_near_full_precision(tmp_path: Path) -> None:
    shown = pictures(3)

    half = load(tmp_path / "a", models.save_vit, precision="bfloat16").score(shown)

    assert half == pytest.approx(load(tmp_path / "b", models.save_vit).score(shown), abs=0.05)


def test_a_session_scores_every_frame_and_concludes_from_the_highest_third(tmp_path: Path) -> None:
    session = load(tmp_path, models.save_vit, batch=4).open(SOURCE)
    frames = tuple(Frame(at, at / 5, picture) for at, picture in enumerate(pictures(9)))

    points = [point for said in session.feed(FrameBatch(frames)) for point in said.points]
    verdict = session.finish()

    scores = sorted((point.score for point in points if point.score is not None), reverse=True)
    assert isinstance(verdict, Verdict)
    assert [point.pts_seconds for point in points] == [at / 5 for at in range(9)]
    assert verdict.score == pytest.approx(sum(scores[:3]) / 3)
    assert (verdict.coverage.scored, verdict.coverage.sampled) == (9, 9)
    assert [made.media_type for made in session.evidence()] == ["image/png"]


def test_a_face_seen_once_is_not_the_verdict_beside_one_that_lasted(tmp_path: Path) -> None:
    session = load(tmp_path, models.save_vit, consumes="faces").open(SOURCE)
    *lasting, stray = pictures(21)
    session.judge = Fixed([*[0.1] * 20, 0.97])
    crops = [face(at, 1, rgb) for at, rgb in enumerate(lasting)] + [face(20, 2, stray)]

    list(session.feed(FaceBatch(tuple((at, at / 5) for at in range(21)), tuple(crops))))
    verdict = session.finish()

    assert isinstance(verdict, Verdict)
    assert verdict.score == pytest.approx(0.1)
    assert verdict.facts["verdict_of_track"] == 1


def test_batches_are_given_one_by_one_so_that_a_stop_is_noticed(tmp_path: Path) -> None:
    session = load(tmp_path, models.save_vit, batch=2).open(SOURCE)
    frames = tuple(Frame(at, at / 5, picture) for at, picture in enumerate(pictures(5)))

    given = session.feed(FrameBatch(frames))
    first = next(iter(given))

    assert isinstance(first, ScoresMeasured)
    assert len(first.points) == 2
