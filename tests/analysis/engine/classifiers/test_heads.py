"""A head over the features of frames: every frame's features are computed once, however many windows it is in."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from analysis.engine.classifiers import folder as folders
from analysis.engine.classifiers import heads
from analysis.engine.classifiers.description import Head
from analysis.engine.classifiers.pictures import PictureClassifier
from analysis.engine.errors import UnusableWeights, UnverifiedWeights
from analysis.engine.registry import Registry
from analysis.engine.types import Frame, FrameBatch, MediaKind, NotAssessed, Probe, Reason, Source, Verdict
from tests.analysis.engine.classifiers import models

SOURCE = Source(Probe(MediaKind.VIDEO, "mp4"), sample_fps=5.0, expected_samples=10)


def load(tmp_path: Path, head: Head) -> PictureClassifier:
    source = models.save_head(models.save_vit(tmp_path / "source"), head)
    folders.add(tmp_path, source, name="mine", consumes="frames", head=head.model_dump())
    detector = Registry.load(tmp_path).detector("mine")
    assert isinstance(detector, PictureClassifier)
    return detector


def frames(count: int) -> tuple[Frame, ...]:
    dice = np.random.default_rng(7)
    return tuple(Frame(at, at / 5, dice.integers(0, 256, (32, 32, 3), dtype=np.uint8)) for at in range(count))


def head(kind: Any, **shape: int) -> Head:
    return Head(kind=kind, features=16, **({"hidden": 8, "heads": 2, "window": 5} | shape))


@pytest.mark.parametrize("kind", ["lstm", "transformer"])
@pytest.mark.parametrize("cut", [1, 4, 13])
def test_windows_score_as_if_each_were_computed_alone(tmp_path: Path, kind: str, cut: int) -> None:
    detector = load(tmp_path, head(kind))
    session, shown = detector.open(SOURCE), frames(13)

    points = [
        point
        for at in range(0, 13, cut)
        for said in session.feed(FrameBatch(shown[at : at + cut]))
        for point in said.points
    ]

    features = detector.features([frame.rgb for frame in shown])
    alone = [detector.judged(features[at - 4 : at + 1][None])[0] for at in range(4, 13)]
    assert [point.pts_seconds for point in points] == [at / 5 for at in range(4, 13)]
    assert [point.score for point in points] == pytest.approx(alone, abs=1e-5)


def test_a_frames_features_are_computed_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    detector = load(tmp_path, head("lstm", window=60))
    passes: list[int] = []
    features = detector.features
    monkeypatch.setattr(detector, "features", lambda some: passes.append(len(some)) or features(some))
    session = detector.open(SOURCE)

    list(session.feed(FrameBatch(frames(120))))
    verdict = session.finish()

    assert isinstance(verdict, Verdict)
    assert sum(passes) == verdict.facts["backbone_passes"] == 120
    assert verdict.facts["passes_if_each_window_computed_its_own"] == 61 * 60


def test_a_stride_leaves_windows_out(tmp_path: Path) -> None:
    session = load(tmp_path, head("transformer", stride=3)).open(SOURCE)

    points = [point for said in session.feed(FrameBatch(frames(13))) for point in said.points]

    assert [point.pts_seconds for point in points] == [4 / 5, 7 / 5, 10 / 5]


def test_a_linear_head_judges_every_frame(tmp_path: Path) -> None:
    detector = load(tmp_path, head("linear"))

    scores = detector.score([frame.rgb for frame in frames(3)])

    assert scores == pytest.approx(detector.judged(detector.features([one.rgb for one in frames(3)])))
    assert len(scores) == 3


def test_fewer_frames_than_a_window_are_too_short(tmp_path: Path) -> None:
    session = load(tmp_path, head("lstm")).open(SOURCE)

    list(session.feed(FrameBatch(frames(4))))
    found = session.finish()

    assert isinstance(found, NotAssessed)
    assert found.reason is Reason.TOO_SHORT
    assert "windows of 5" in found.detail


def test_features_of_a_model_without_a_pooler_are_the_same_each_time(tmp_path: Path) -> None:
    one = load(tmp_path, head("linear"))
    shown = [frame.rgb for frame in frames(2)]

    again = Registry.load(tmp_path).detector("mine")

    assert isinstance(again, PictureClassifier)
    assert again.score(shown) == one.score(shown)


@pytest.mark.parametrize("kind", ["linear", "lstm", "transformer"])
def test_ways_of_running_a_net_are_compared_by_what_its_head_says(tmp_path: Path, kind: Any) -> None:
    detector = load(tmp_path, head(kind))
    features = torch.rand(2, 16, generator=torch.Generator().manual_seed(1))

    [net] = detector.forwards

    filled = features if kind == "linear" else torch.stack([features] * 5, dim=1)
    assert net.read(features).tolist() == pytest.approx(detector.judged(filled), abs=1e-6)  # float32


def test_a_head_of_another_shape_is_refused(tmp_path: Path) -> None:
    source = models.save_head(models.save_vit(tmp_path / "source"), head("lstm", hidden=8))
    folders.add(tmp_path, source, name="mine", consumes="frames", head=head("lstm", hidden=9).model_dump())

    with pytest.raises(UnverifiedWeights, match="not a lstm head of that shape"):
        Registry.load(tmp_path).detector("mine")


def test_a_head_for_other_features_is_refused(tmp_path: Path) -> None:
    wide = Head(kind="linear", features=17)
    source = models.save_head(models.save_vit(tmp_path / "source"), wide)
    folders.add(tmp_path, source, name="mine", consumes="frames", head=wide.model_dump())

    with pytest.raises(UnverifiedWeights, match="16 features; the head takes 17"):
        Registry.load(tmp_path).detector("mine")


def test_a_head_with_nan_is_refused(tmp_path: Path) -> None:
    net = heads.build(head("linear"))
    with torch.no_grad():
        next(net.parameters()).fill_(float("nan"))
    save_file(net.state_dict(), tmp_path / "head.safetensors")

    with pytest.raises(UnusableWeights, match="NaN"):
        heads.load(head("linear"), tmp_path / "head.safetensors")
