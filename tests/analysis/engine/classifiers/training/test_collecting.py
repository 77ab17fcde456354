"""Features of face crops go with their track, and files are known by their bytes."""

from pathlib import Path

import numpy as np
import pytest

from analysis.engine.calibrating.labelled import Labelled
from analysis.engine.classifiers.description import parsed
from analysis.engine.classifiers.module import Classifier
from analysis.engine.classifiers.training.backbone import Backbone, find
from analysis.engine.classifiers.training.collecting import Collector, UnusableFiles, digests
from analysis.engine.errors import UnverifiedWeights
from analysis.engine.types import FaceBatch, FaceCrop, MediaKind, Probe, Source
from tests.analysis.engine.classifiers import models

SOURCE = Source(Probe(MediaKind.VIDEO, "mp4"), sample_fps=5.0, expected_samples=10)
FILE = Labelled(Path("a"), "a", "phone", manipulated=True)
NONE = "0" * 64


@pytest.fixture
def collector(tmp_path: Path) -> Collector:
    folder = models.save_vit(tmp_path / "tiny-vit")
    said = parsed(
        {
            "name": "mine",
            "consumes": "faces",
            "files": {"model.safetensors": NONE, "head.safetensors": NONE},
            "head": {"kind": "linear", "features": 16},
        }
    )
    [card] = Classifier(folder, said).cards()
    return Collector(Backbone(find(tmp_path, str(folder)), sound=False, device="cpu"), card, most_rows=100)


def crop(index: int, track: int, side: int = 48) -> FaceCrop:
    rgb = np.random.default_rng(index).integers(0, 256, (side, side, 3), dtype=np.uint8)
    return FaceCrop(index, index / 5, track, (0.0, 0.0, 1.0, 1.0), 0.9, rgb)


def test_a_crop_gives_the_features_the_backbone_has_for_it_and_small_ones_none(collector: Collector) -> None:
    session = collector.open(SOURCE)
    faces = (crop(0, 1), crop(1, 1), crop(1, 2), crop(2, 1, side=20))

    list(session.feed(FaceBatch(((0, 0.0), (1, 0.2), (2, 0.4)), faces)))
    kept = collector.taken(FILE, NONE)

    assert kept is not None
    assert kept.tracks.tolist() == [1, 1, 2]
    assert kept.sampled == 3
    assert kept.rows == pytest.approx(collector._backbone([face.rgb for face in faces[:3]]), abs=1e-5)
    assert collector.taken(FILE, NONE) is None


def labelled(path: Path, content: bytes, *, manipulated: bool = False) -> Labelled:
    path.write_bytes(content)
    return Labelled(path, path.name, "phone", manipulated)


def test_a_file_counts_once_whatever_it_is_called(tmp_path: Path) -> None:
    one, other = labelled(tmp_path / "a", b"same"), labelled(tmp_path / "b", b"same")

    known, left_out = digests([one, other])

    assert list(known) == ["a"]
    assert [(file.name, file.reason) for file in left_out] == [("b", "is the same file as a")]


def test_a_file_that_vanished_is_left_out_and_one_with_both_labels_refused(tmp_path: Path) -> None:
    gone = Labelled(tmp_path / "gone", "gone", "phone", manipulated=False)
    real, fake = labelled(tmp_path / "a", b"same"), labelled(tmp_path / "b", b"same", manipulated=True)

    assert digests([gone])[1][0].reason == "cannot be read: No such file or directory"
    with pytest.raises(UnusableFiles, match="b and a are the same file"):
        digests([real, fake])


def test_what_is_no_backbone_is_refused_with_what_there_is(tmp_path: Path) -> None:
    models.save_onnx(tmp_path / "onnx")
    (tmp_path / "pickled").mkdir()
    (tmp_path / "pickled/pytorch_model.bin").write_bytes(b"\x80")

    for said, why in (
        ("nowhere", "neither a folder nor a classifier that was added"),
        (str(tmp_path / "onnx"), "gives no features"),
        (str(tmp_path / "pickled"), "could run code when loaded"),
    ):
        with pytest.raises(UnverifiedWeights, match=why):
            find(tmp_path, said)
